"""Models in a cache of Hugging Face are listed where they lie, by their names on the hub."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from medialab.listing.hub import hub_folder, is_hub
from medialab.loading.registry import ModelRegistry
from tests.files.test_gguf import write as write_gguf
from tests.tiny.headers import write_lora


def put(cache, repository, source, revision="a" * 40, *, shared=False):
    """Put files into the cache as huggingface_hub does: blobs, and links to them."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / revision
    files = [source] if source.is_file() else [one for one in source.rglob("*") if one.is_file()]
    for number, file in enumerate(files):
        way = file.name if source.is_file() else file.relative_to(source)
        blob = folder / "blobs" / f"{number:064x}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        if shared:  # since huggingface_hub 2: a link to a link
            store = cache / "blobs" / "00" / f"{repository.replace('/', '-')}{number:060x}"
            store.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, store)
            blob.symlink_to(f"../../blobs/00/{store.name}")
        else:
            shutil.copy(file, blob)
        link = snapshot / way
        link.parent.mkdir(parents=True, exist_ok=True)
        up = [".."] * (len(link.relative_to(folder).parts) - 1)
        link.symlink_to("/".join((*up, "blobs", blob.name)))
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(revision)
    return snapshot


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "hf" / "hub").mkdir(parents=True)
    return tmp_path / "hf" / "hub"


def test_a_picture_is_made_from_a_folder_in_the_cache(cache, root, tiny_models, tmp_path):
    put(cache, "ada/doll", tiny_models / "checkpoints" / "paperdoll", shared=True)
    with Workbench([root, cache], tmp_path / "outputs", "cpu") as bench:
        (info,) = bench.models()
        assert (info.name, info.kind, info.refused) == ("ada/doll", "checkpoint", None)
        assert (info.full_name, info.program) == ("huggingface/ada/doll", "Hugging Face")
        run = bench.execute(
            PipelineConfig(checkpoint="ada/doll", steps=1, width=64, height=64, seed=1)
        )
        assert run.config.checkpoint == "ada/doll"


@pytest.mark.parametrize("given", ["hub", "home"])
def test_single_files_are_listed_by_what_they_are(cache, root, tmp_path, given):
    put(cache, "ada/ink", write_lora(tmp_path / "x" / "pytorch_lora_weights.safetensors"))
    (tmp_path / "x" / "README.md").write_text("no model")
    registry = ModelRegistry([root, cache if given == "hub" else cache.parent])
    (info,) = registry.models()
    assert (info.name, info.kind) == ("ada/ink/pytorch_lora_weights", "lora")
    assert registry.find("ada/ink/pytorch_lora_weights", "lora").path == info.path
    time.sleep(0.03)
    assert registry.find("huggingface/ada/ink/pytorch_lora_weights", "lora").path == info.path


def test_a_gguf_is_listed_among_the_checkpoints_with_what_it_lacks(cache, root, tmp_path):
    put(cache, "ada/flux-gguf", write_gguf(tmp_path / "x" / "flux1-Q4_K_S.gguf", file_type=14))
    (info,) = ModelRegistry([root, cache]).models()
    assert (info.name, info.kind) == ("ada/flux-gguf/flux1-Q4_K_S", "checkpoint")
    assert (info.family, info.precision) == ("flux", "Q4_K_S")
    assert (info.refused, info.lacks_vae) == (None, True)
    assert info.lacks_encoders == ("text_encoder", "text_encoder_2")


def test_a_cache_in_a_models_folder_hides_nothing_there(root, tmp_path):
    own = write_lora(root / "loras" / "ink.safetensors")
    put(root, "ada/pen", own)
    names = {one.name: one.program for one in ModelRegistry(root).models()}
    assert names == {"ink": "", "ada/pen/ink": "Hugging Face"}
    assert ModelRegistry(root).folder == root


def test_the_branch_main_is_listed_else_the_newest_revision(cache, root, tmp_path):
    source = write_lora(tmp_path / "x" / "ink.safetensors")
    put(cache, "ada/ink", source, "1" * 40)
    other = write_lora(tmp_path / "y" / "ink.safetensors", width=2048)
    folder = cache / "models--ada--ink"
    new = folder / "snapshots" / ("2" * 40)
    new.mkdir()
    (folder / "blobs" / "new").write_bytes(other.read_bytes())
    (new / "ink.safetensors").symlink_to("../../blobs/new")
    (info,) = ModelRegistry([root, cache]).models()
    assert info.family == "sd15"
    for damaged in ("", "../../../x", "\x00", "3" * 40, "x" * 1000):
        (folder / "refs" / "main").write_text(damaged)
        (info,) = ModelRegistry([root, cache]).models()
        assert info.family == "sdxl"


def test_what_is_no_model_here_is_left_out_and_damage_stays_alone(cache, root, tmp_path):
    llm = tmp_path / "llm"
    llm.mkdir()
    (llm / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    write_lora(llm / "model.safetensors")
    put(cache, "big/llm", llm)
    configs = tmp_path / "configs"  # what diffusers gets for a single file
    (configs / "unet").mkdir(parents=True)
    (configs / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    (configs / "unet" / "config.json").write_text("{}")
    put(cache, "big/configs", configs)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    put(cache, "big/broken", broken)
    (cache / "models--half").mkdir()
    (cache / "models--file").touch()
    (cache / "datasets--a--b").mkdir()
    (cache / "version.txt").touch()
    good = put(cache, "ada/ink", write_lora(tmp_path / "x" / "ink.safetensors"))
    (good / "gone.safetensors").symlink_to("../../blobs/gone")
    assert [info.name for info in ModelRegistry([root, cache]).models()] == ["ada/ink/ink"]


def test_a_link_out_of_the_cache_is_refused(cache, root, tmp_path):
    good = put(cache, "ada/ink", write_lora(tmp_path / "x" / "ink.safetensors"))
    (good / "out.safetensors").symlink_to(write_lora(tmp_path / "secret" / "out.safetensors"))
    infos = {one.name: one.refused for one in ModelRegistry([root, cache]).models()}
    assert infos["ada/ink/ink"] is None
    assert "leads out of the models folders" in infos["ada/ink/out"]


def test_the_cache_is_where_huggingface_hub_has_it(monkeypatch, tmp_path):
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert hub_folder() == tmp_path / ".cache" / "huggingface" / "hub"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert hub_folder() == tmp_path / "x" / "huggingface" / "hub"
    monkeypatch.setenv("HF_HOME", "~/y")
    assert hub_folder() == tmp_path / "y" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "z"))
    assert hub_folder() == tmp_path / "z"
    assert is_hub(tmp_path / "z")
    assert not is_hub(tmp_path)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HF_HOME": "$HERE/hf"}, "{here}/hf/hub"),
        ({"HF_HUB_CACHE": "${HERE}/cache"}, "{here}/cache"),
        ({"HUGGINGFACE_HUB_CACHE": "{here}/old"}, "{here}/old"),
        ({"HUGGINGFACE_HUB_CACHE": "{here}/old", "HF_HUB_CACHE": "{here}/new"}, "{here}/new"),
        ({"XDG_CACHE_HOME": "$HERE/x"}, "{here}/x/huggingface/hub"),
        ({"HF_HOME": "~nobody-of-this-name/hf"}, "~nobody-of-this-name/hf/hub"),
    ],
)
def test_the_variables_are_read_as_the_library_reads_them(
    root, tmp_path, monkeypatch, variables, folder
):
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HERE", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("{here}", str(tmp_path)))
    assert hub_folder() == Path(folder.replace("{here}", str(tmp_path)))
    program = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.decode().strip() == str(hub_folder())
    assert ModelRegistry(root).models() == []
