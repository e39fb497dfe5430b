"""The listing reads a header once, follows links with care, and refuses pickles unopened."""

import json
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


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once, so that a test need not wait for the clock."""
    monkeypatch.setattr(hashes.Stamp, "is_settled", lambda stamp: True)


@pytest.fixture
def header_reads(monkeypatch):
    """How many headers were read."""
    from medialab.listing import single_files

    read, real = [], single_files.read_header
    monkeypatch.setattr(
        single_files, "read_header", lambda path: (read.append(path.name), real(path))[1]
    )
    return read


def test_an_empty_or_missing_folder_lists_nothing(root):
    assert ModelRegistry(root).models() == []


def test_a_lora_is_listed_with_what_its_header_says(root):
    path = write_lora(root / "loras" / "ink.safetensors", width=2048)
    (info,) = ModelRegistry(root).models()
    assert (info.name, info.kind, info.family, info.format) == ("ink", "lora", "sdxl", "kohya")
    assert (info.path, info.size_bytes, info.refused) == (path, path.stat().st_size, None)


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


@pytest.mark.thorough
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
def test_a_pickle_is_listed_as_refused_and_never_runs(root, tmp_path, malice, ending):
    path = root / "checkpoints" / f"evil{ending}"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(malice))
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


def test_a_pickle_beside_its_safetensors_does_not_hide_it(root):
    path = write_lora(root / "loras" / "ink.safetensors")
    (root / "loras" / "ink.pt").write_bytes(b"\x80\x04.")
    registry = ModelRegistry(root)
    assert registry.find("ink", "lora").path == path
    with pytest.raises(ModelRefusedError, match=r"ink\.pt is a pickle"):
        registry.find("ink.pt", "lora")


def test_an_unknown_kind_is_answered_with_the_known_ones(root):
    with pytest.raises(ModelNotFoundError, match="no kind of model 'loras'; known: checkpoint, lo"):
        ModelRegistry(root).models("loras")


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
