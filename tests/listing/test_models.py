"""Models are listed by their headers and found by name; what cannot be used has a reason."""

import json
import math
import os
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.files import hashes
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import READER, write_lora


class Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once, so that a test need not wait for the clock."""
    monkeypatch.setattr(hashes.Stamp, "is_settled", lambda stamp: True)


@pytest.fixture
def header_reads(monkeypatch):
    """How many headers were read."""
    from medialab.listing import descriptions

    read, real = [], descriptions.read_header
    monkeypatch.setattr(
        descriptions, "read_header", lambda path: (read.append(path.name), real(path))[1]
    )
    return read


def test_an_empty_or_missing_folder_lists_nothing(root):
    assert ModelRegistry(root).models() == []


def test_a_lora_is_listed_with_what_its_header_says(root):
    path = write_lora(root / "loras" / "ink.safetensors", width=2048)
    (info,) = ModelRegistry(root).models()
    assert (info.name, info.kind, info.family, info.format) == ("ink", "lora", "sdxl", "kohya")
    assert (info.path, info.size_bytes, info.refused) == (path, path.stat().st_size, None)


def test_a_diffusers_folder_is_one_checkpoint(tiny_models):
    (info,) = ModelRegistry(tiny_models).models("checkpoint")
    assert (info.name, info.family, info.format) == ("paperdoll", "paperdoll", "diffusers")
    assert info.refused is None
    assert info.size_bytes > 100_000


def test_folders_that_only_sort_are_entered_and_hidden_ones_are_not(root):
    write_lora(root / "loras" / "styles" / "old" / "ink.safetensors")
    write_lora(root / "loras" / ".trash" / "gone.safetensors")
    (root / "loras" / "notes.txt").write_text("not a model")
    assert [info.name for info in ModelRegistry(root).models()] == ["ink"]


def test_a_transformers_folder_is_a_detector_of_its_type(root):
    folder = root / "detectors" / "faces"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "yolos"}')
    (info,) = ModelRegistry(root).models("detector")
    assert (info.name, info.family, info.format) == ("faces", "yolos", "transformers")


def test_a_model_of_another_kind_is_refused_with_its_place(root):
    write_lora(root / "checkpoints" / "ink.safetensors")
    (info,) = ModelRegistry(root).models()
    assert info.refused == "ink.safetensors holds a lora, not a checkpoint; move it to loras"


def test_a_header_is_read_once_until_the_file_changes(root, settled, header_reads):
    path = write_lora(root / "loras" / "ink.safetensors")
    registry = ModelRegistry(root)
    registry.models()
    registry.models()
    assert header_reads == ["ink.safetensors"]
    write_lora(path, width=2048)
    assert registry.models()[0].family == "sdxl"
    assert header_reads == ["ink.safetensors"] * 2


def test_a_file_replaced_within_the_clocks_tick_is_noticed(root):
    registry = ModelRegistry(root)
    for width, family in ((768, "sd15"), (1024, "sd2")) * 20:
        write_lora(root / "loras" / "ink.safetensors", width=width, rank=1024 * 768 // width)
        assert registry.models()[0].family == family


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts read bytes as Linux does")
def test_ten_thousand_models_are_listed_without_one_body_byte(root, settled):
    count, body = 10_000, 2**30
    entry = {"dtype": "F16", "shape": [body // 2 // 768, 768]}
    size = entry["shape"][0] * 768 * 2
    text = json.dumps({READER: entry | {"data_offsets": [0, size]}}).encode()
    head = len(text).to_bytes(8, "little") + text
    (root / "loras").mkdir(parents=True)
    for number in range(count):
        descriptor = os.open(root / "loras" / f"{number:05}.safetensors", os.O_CREAT | os.O_WRONLY)
        os.write(descriptor, head)
        os.ftruncate(descriptor, len(head) + size)  # sparse: a gigabyte that takes no room
        os.close(descriptor)
    registry = ModelRegistry(root)
    read = _bytes_read()
    infos = registry.models("lora")
    read = _bytes_read() - read
    assert len(infos) == count
    assert {(info.family, info.refused) for info in infos} == {("sd15", None)}
    assert read < count * len(head) + 100_000  # what /proc and other threads read
    again = _bytes_read()
    assert registry.models("lora") == infos
    assert _bytes_read() - again < 100_000


def _bytes_read():
    return int(Path("/proc/self/io").read_text().split("rchar:")[1].split()[0])


@pytest.mark.parametrize("ending", [".ckpt", ".pt", ".pth", ".bin", ".CKPT", ".safetensors"])
def test_a_pickle_is_listed_as_refused_and_never_runs(root, tmp_path, ending):
    path = root / "checkpoints" / f"evil{ending}"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    registry = ModelRegistry(root)
    (info,) = registry.models()
    assert info.refused
    if ending != ".safetensors":
        assert "is a pickle" in info.refused
        assert "convert" in info.refused
    for act in (
        lambda: registry.find("evil", "checkpoint"),
        lambda: registry.find(info.name, "checkpoint"),
        lambda: registry.load(info),
    ):
        with pytest.raises(ModelRefusedError):
            act()
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("ending", [".bin", ".ckpt", ".pt"])
def test_a_folder_with_a_part_as_pickle_only_is_refused(tiny_models, root, tmp_path, ending):
    folder = root / "checkpoints" / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    evil = folder / "unet" / f"diffusion_pytorch_model{ending}"
    evil.with_suffix(".safetensors").unlink()
    evil.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    registry = ModelRegistry(root)
    with pytest.raises(ModelRefusedError, match=rf"only .unet/diffusion_pytorch_model\{ending}"):
        registry.find("paperdoll", "checkpoint")
    evil.unlink()
    with pytest.raises(ModelRefusedError, match="unet holds no weights"):
        registry.find("paperdoll", "checkpoint")


def test_a_pickle_beside_its_safetensors_does_not_hide_it(root):
    path = write_lora(root / "loras" / "ink.safetensors")
    (root / "loras" / "ink.pt").write_bytes(b"\x80\x04.")
    registry = ModelRegistry(root)
    assert registry.find("ink", "lora").path == path
    with pytest.raises(ModelRefusedError, match=r"ink\.pt is a pickle"):
        registry.find("ink.pt", "lora")


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


def test_an_unknown_kind_is_answered_with_the_known_ones(root):
    with pytest.raises(ModelNotFoundError, match="no kind of model 'loras'; known: checkpoint, lo"):
        ModelRegistry(root).models("loras")


def test_two_models_of_one_name_are_found_by_the_folders_they_lie_in(root):
    first = write_lora(root / "loras" / "a" / "ink.safetensors")
    second = write_lora(root / "loras" / "b" / "c" / "ink.safetensors", width=2048)
    registry = ModelRegistry(root)
    assert [(info.name, info.refused) for info in registry.models()] == [
        ("a/ink", None),
        ("b/c/ink", None),
    ]
    assert registry.find("a/ink", "lora").path == first
    assert registry.find("b/c/ink", "lora").path == second
    with pytest.raises(
        ModelRefusedError, match=r"2 models are called 'ink' \(a/ink, b/c/ink\).*rename one"
    ):
        registry.find("ink", "lora")
    second.unlink()
    assert registry.find("ink", "lora").path == first
    assert registry.find("a/ink", "lora").name == "ink"


def test_names_that_look_the_same_are_the_same(root):
    """An é may be one character, or an e and an accent, as macOS writes it."""
    one, two = "caf\u00e9", "cafe\u0301"
    path = write_lora(root / "loras" / f"{two}.safetensors")
    registry = ModelRegistry(root)
    assert [info.name for info in registry.models()] == [one]
    assert registry.find(one, "lora").path == registry.find(two, "lora").path == path
    write_lora(root / "loras" / f"{one}.safetensors")
    with pytest.raises(ModelRefusedError, match=r"2 models are called.*rename one"):
        registry.find(one, "lora")


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


def test_what_is_no_model_of_its_own_is_listed_with_the_way_out(root):
    def write(path, shapes):
        entries, at = {}, 0
        for name, shape in shapes.items():
            size = 2 * math.prod(shape)
            entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
        text = json.dumps(entries).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))

    expected = {
        ("checkpoints", "flux"): (
            {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale": [4]},
            "holds a denoiser, not a checkpoint; it lacks its text encoder and VAE",
        ),
        ("upscalers", "gfpgan"): (
            {"toRGB.0.weight": [3, 8], "stylegan_decoder.style_mlp.1.weight": [4, 4]},
            "use the face detailer",
        ),
        ("upscalers", "lama"): ({"model.model.1.bn_l.running_mean": [4]}, "mode inpaint"),
        ("embeddings", "hyper"): (
            {"768.0.linear.0.weight": [8, 768]},
            "holds a hypernetwork, not an embedding",
        ),
        ("loras", "flux-lora"): (
            {"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": [4, 3072]},
            "is made for flux, and no checkpoint of that family runs here",
        ),
        ("loras", "vera"): ({"unet.x.vera_lambda_b": [4]}, "is a VeRA, which is not supported"),
        ("loras", "nothing"): ({"x": [4]}, "holds no known layers of a lora"),
        ("controlnet", "adapter"): (
            {"body.0.block1.weight": [4, 4], "conv_in.weight": [4, 4]},
            "holds a t2i-adapter, not a controlnet; it is not supported yet",
        ),
        ("controlnet", "control-lora"): ({"lora_controlnet": [0]}, "is not supported yet"),
        ("vae", "clip"): (
            {"text_model.embeddings.token_embedding.weight": [4, 768]},
            "holds a text encoder, not a vae; it is a part of a checkpoint",
        ),
    }
    for (folder, name), (shapes, _) in expected.items():
        write(root / folder / f"{name}.safetensors", shapes)
    refused = {info.name: info.refused for info in ModelRegistry(root).models()}
    for (_, name), (_, reason) in expected.items():
        assert reason in (refused[name] or "usable"), name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes")
def test_a_pipe_a_device_or_links_in_a_circle_fail_alone(root):
    good = write_lora(root / "loras" / "ink.safetensors")
    os.mkfifo(root / "loras" / "pipe.safetensors")
    (root / "loras" / "round.safetensors").symlink_to(root / "loras" / "round.safetensors")
    (root / "loras" / "device.safetensors").symlink_to("/dev/zero")
    os.mkfifo(good.with_name("ink.json"))
    vae = root / "vae" / "piped"
    vae.mkdir(parents=True)
    (vae / "config.json").write_text('{"_class_name": "AutoencoderKL"}')
    os.mkfifo(vae / "diffusion_pytorch_model.safetensors")
    registry = ModelRegistry(root)
    infos = {info.name: info.refused for info in registry.models()}
    assert infos.pop("ink") is None
    assert sorted(infos) == ["device", "pipe", "piped", "round"]
    assert all(infos.values())
    assert "not a regular file but a pipe" in infos["pipe"]
    registry.sha256(registry.find("ink", "lora"))  # asks the note beside it, which is a pipe


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


@pytest.mark.skipif(sys.platform != "linux", reason="names there are bytes")
def test_a_name_that_is_no_text_fails_alone(root):
    path = write_lora(root / "loras" / "ink.safetensors")
    path.with_name(os.fsdecode(b"\xff.safetensors")).write_bytes(path.read_bytes())
    infos = ModelRegistry(root).models()
    assert [info.refused for info in infos if info.name == "ink"] == [None]
    (other,) = [info for info in infos if info.name != "ink"]
    assert "is not valid text; rename it" in other.refused
    other.name.encode()


@pytest.mark.parametrize("name", ["../ink", "a/ink", "a\\ink", "..", ".", "", "ink\0", "C:ink"])
def test_a_name_that_reads_like_a_path_is_refused_with_the_names_there_are(root, name):
    write_lora(root / "loras" / "ink.safetensors")
    with pytest.raises(ModelNotFoundError, match=r"reads like a path; .*: ink"):
        ModelRegistry(root).find(name, "lora")


def test_a_file_whose_name_reads_like_a_path_is_listed_as_refused(root):
    write_lora(root / "loras" / "a..ink.safetensors")
    (info,) = ModelRegistry(root).models()
    assert info.refused == "'a..ink' reads like a path; rename it"


def test_a_missing_name_is_answered_with_the_nearest(root):
    write_lora(root / "loras" / "watercolour.safetensors")
    with pytest.raises(ModelNotFoundError, match=r"no lora 'watercolor' in models/loras.*mean"):
        ModelRegistry(root).find("watercolor", "lora")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
class TestLinks:
    def test_one_that_leaves_the_models_folder_is_refused(self, root, tmp_path):
        secret = write_lora(tmp_path / "elsewhere" / "secret.safetensors")
        (root / "loras").mkdir(parents=True)
        (root / "loras" / "secret.safetensors").symlink_to(secret)
        (root / "loras" / "all").symlink_to(secret.parent)
        infos = ModelRegistry(root).models()
        assert [info.name for info in infos] == ["all", "secret"]
        assert all("leads out of the models folder" in info.refused for info in infos)

    def test_one_to_nothing_is_refused(self, root):
        (root / "loras").mkdir(parents=True)
        (root / "loras" / "gone.safetensors").symlink_to(root / "nothing")
        (info,) = ModelRegistry(root).models()
        assert "does not exist" in info.refused

    def test_one_within_the_models_folder_is_followed(self, root):
        path = write_lora(root / "loras" / "ink.safetensors")
        (root / "loras" / "pen.safetensors").symlink_to(path)
        assert ModelRegistry(root).find("pen", "lora").refused is None

    def test_one_inside_a_model_folder_may_not_leave_either(self, tiny_models, root):
        folder = root / "checkpoints" / "paperdoll"
        shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
        weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
        weights.unlink()
        weights.symlink_to(tiny_models / weights.relative_to(root))
        with pytest.raises(ModelRefusedError, match="leads out of the models folder"):
            ModelRegistry(root).find("paperdoll", "checkpoint")

    def test_a_models_folder_that_is_a_link_itself_is_fine(self, root, tmp_path):
        write_lora(root / "loras" / "ink.safetensors")
        (tmp_path / "linked").symlink_to(root)
        assert ModelRegistry(tmp_path / "linked").find("ink", "lora").refused is None
