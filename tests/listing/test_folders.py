"""Models are found below the folder of their kind; a folder that is not safe to read is refused."""

import os
import pickle
import shutil
import time

import pytest

from medialab.errors import ModelRefusedError
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


def test_folders_that_only_sort_are_entered_and_hidden_ones_are_not(root):
    write_lora(root / "loras" / "styles" / "old" / "ink.safetensors")
    write_lora(root / "loras" / ".trash" / "gone.safetensors")
    (root / "loras" / "notes.txt").write_text("not a model")
    assert [info.name for info in ModelRegistry(root).models()] == ["ink"]


def test_a_repository_that_was_cloned_does_not_hide_the_file_in_it(root):
    for folder, config in (
        ("loras", "{}"),
        ("upscalers", '{"model_type": "odd"}'),
        ("controlnet", "{}"),
        ("vae", "no JSON"),
    ):
        write_lora(root / folder / "cloned" / "the-model.safetensors")
        (root / folder / "cloned" / "config.json").write_text(config)
    infos = ModelRegistry(root).models()
    assert {info.name for info in infos} == {"the-model"}
    assert len(infos) == 4
    # A config of a real class, too, and an index, where what they speak of was not copied.
    for folder, file, config in (
        ("vae", "config.json", '{"_class_name": "AutoencoderKL"}'),
        ("controlnet", "config.json", '{"_class_name": "ControlNetModel"}'),
        ("checkpoints", "config.json", '{"model_type": "clip"}'),
        ("checkpoints", "model_index.json", '{"_class_name": "StableDiffusionXLPipeline"}'),
        ("loras", "model_index.json", '{"_class_name": "StableDiffusionXLPipeline"}'),
        ("embeddings", "model_index.json", "{}"),
    ):
        lone = f"alone-{file.partition('.')[0]}"
        write_lora(root / folder / f"part-{file}" / f"{lone}.safetensors")
        (root / folder / f"part-{file}" / file).write_text(config)
        assert lone in {info.name for info in ModelRegistry(root).models()}
        assert not any(info.name.startswith("part-") for info in ModelRegistry(root).models())
    (root / "vae" / "empty").mkdir()
    (root / "vae" / "empty" / "config.json").write_text("{}")
    (empty,) = [info for info in ModelRegistry(root).models("vae") if info.name == "empty"]
    assert "holds no known layers of a vae" in empty.refused


def test_a_folder_that_cannot_be_entered_fails_alone(root, monkeypatch):
    write_lora(root / "loras" / "open" / "ink.safetensors")
    closed = root / "loras" / "closed"
    closed.mkdir()
    real = os.scandir

    def scandir(path):
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    infos = {info.name: info.refused for info in ModelRegistry(root).models()}
    assert infos["ink"] is None
    assert infos["closed"] == "closed cannot be read: Permission denied"


@pytest.mark.parametrize("ending", [".bin", ".ckpt", ".pt"])
def test_a_folder_with_a_part_as_pickle_only_is_refused(tiny_models, root, malice, ending):
    folder = root / "checkpoints" / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    evil = folder / "unet" / f"diffusion_pytorch_model{ending}"
    evil.with_suffix(".safetensors").unlink()
    evil.write_bytes(pickle.dumps(malice))
    registry = ModelRegistry(root)
    with pytest.raises(ModelRefusedError, match=rf"only .unet/diffusion_pytorch_model\{ending}"):
        registry.find("paperdoll", "checkpoint")
    evil.unlink()
    with pytest.raises(ModelRefusedError, match="unet holds no weights"):
        registry.find("paperdoll", "checkpoint")


def test_a_folder_with_a_cut_file_or_a_broken_config_is_refused(tiny_models, root):
    for number, (file, content, reason) in enumerate(
        [
            ("unet/diffusion_pytorch_model.safetensors", b"\x10", "cut short"),
            ("unet/config.json", b"{", "is not valid JSON"),
            ("unet/config.json", b"[]", "holds no settings"),
        ]
    ):
        folder = root / "checkpoints" / f"broken{number}"
        shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
        (folder / file).write_bytes(content)
        with pytest.raises(ModelRefusedError, match=reason):
            ModelRegistry(root).find(folder.name, "checkpoint")


def test_a_folder_with_a_link_that_leads_nowhere_is_listed_as_refused(tiny_models, root):
    shutil.copytree(tiny_models / "checkpoints", root / "checkpoints", dirs_exist_ok=True)
    weights = next((root / "checkpoints").rglob("unet/*.safetensors"))
    weights.unlink()
    weights.symlink_to("nowhere.safetensors")
    (info,) = ModelRegistry(root).models("checkpoint")
    assert "is a link that is broken" in info.refused


def test_a_model_that_appears_where_a_link_leads_is_listed(tiny_models, root, tmp_path):
    drive, link = tmp_path / "drive", root / "checkpoints" / "linked"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(drive)
    time.sleep(0.1)  # a folder that has just changed is listed again anyway
    registry = ModelRegistry(root, device="cpu")
    assert registry.models("checkpoint") == registry.models("checkpoint") == []
    shutil.copytree(next((tiny_models / "checkpoints").iterdir()), drive)
    assert [info.name for info in registry.models("checkpoint")] == ["linked"]
