"""What keys cannot tell, turbo or base, a person tells once; it is remembered by content."""

import shutil

import pytest

from medialab.errors import ConfigError
from medialab.loading.defaults import defaults_of
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_tensors
from tests.tiny.z_image import write_z_image

LAYERS = {"model.diffusion_model.cap_embedder.1.weight": (3840, 2560)} | {
    f"model.diffusion_model.{name}": (8, 8)
    for name in ("layers.0.adaLN_modulation.0.weight", "x_pad_token", "cap_pad_token")
}


@pytest.fixture
def file(root):
    return write_tensors(root / "checkpoints" / "z.safetensors", LAYERS)


def listed(root, notes=None):
    (info,) = ModelRegistry(root, editions=notes).models()
    return info


def test_an_answer_is_remembered_by_content_and_not_beside_the_file(root, file, tmp_path):
    notes = tmp_path / "outputs" / "editions"
    registry = ModelRegistry(root, editions=notes)
    (info,) = registry.models()
    assert (info.editions, info.edition) == (("turbo", "base"), "")
    assert registry.editions.tell(info, "base").edition == "base"
    assert [one.edition for one in registry.models()] == ["base"]
    assert list(root.rglob("*.*")) == [file]
    file.rename(file.with_name("renamed.safetensors"))
    assert listed(root, notes).edition == "base"
    shutil.copy(file.with_name("renamed.safetensors"), file)
    assert {one.edition for one in ModelRegistry(root, editions=notes).models()} == {"base"}
    registry.editions.tell(info, "")
    assert listed(root, notes).edition == "" if file.unlink() is None else None


def test_another_file_of_the_same_layers_is_asked_for_itself(root, file, tmp_path):
    registry = ModelRegistry(root, editions=tmp_path / "editions")
    (info,) = registry.models()
    registry.editions.tell(info, "turbo")
    other = file.with_name("other.safetensors")
    shutil.copy(file, other)
    with other.open("r+b") as content:
        content.seek(-1, 2)
        content.write(b"x")
    assert {one.name: one.edition for one in registry.models()} == {"z": "turbo", "other": ""}


def test_another_word_is_refused_with_the_choices(root, file):
    registry = ModelRegistry(root)
    (info,) = registry.models()
    with pytest.raises(ConfigError, match=r"'z' has no edition 'fast'; its editions: turbo, base"):
        registry.editions.tell(info, "fast")
    registry.editions.tell(info, "turbo")  # in memory only
    assert registry.models()[0].edition == "turbo"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"edition": "fast"}', '{"edition": 3}'])
def test_a_damaged_answer_is_asked_again(root, file, tmp_path, content):
    notes = tmp_path / "editions"
    registry = ModelRegistry(root, editions=notes)
    registry.editions.tell(registry.models()[0], "base")
    (answer,) = notes.iterdir()
    answer.write_text(content)
    assert listed(root, notes).edition == ""


@pytest.mark.parametrize(
    ("architecture", "edition"),
    [("z-image-turbo", "turbo"), ("Z-Image/base", "base"), ("z-image", ""), ("turbobase", "")],
)
def test_a_trainers_word_tells_it(root, architecture, edition):
    write_tensors(
        root / "checkpoints" / "z.safetensors", LAYERS, {"modelspec.architecture": architecture}
    )
    assert listed(root).edition == edition


def test_the_settings_to_begin_with_follow_it(root):
    write_z_image(root / "checkpoints" / "z")
    registry = ModelRegistry(root)
    info = registry.find("z", "checkpoint")
    assert info.editions == ("turbo", "base")
    assert (defaults_of(info)["steps"], defaults_of(info)["guidance_scale"]) == (8, 1.0)
    base = registry.editions.tell(info, "base")
    assert (defaults_of(base)["steps"], defaults_of(base)["guidance_scale"]) == (28, 4.0)
    assert registry.find("z", "checkpoint") == base


def test_a_folder_whose_weights_are_replaced_is_asked_about_again(root, tmp_path):
    folder = root / "checkpoints" / "z"
    write_z_image(folder)
    registry = ModelRegistry(root, editions=tmp_path / "editions")
    (info,) = registry.models()
    registry.editions.tell(info, "turbo")
    assert registry.models()[0].edition == "turbo"
    weights = max(folder.rglob("*.safetensors"), key=lambda one: one.stat().st_size)
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    new = weights.with_name("new.tmp")
    new.write_bytes(content)
    new.replace(weights)
    assert registry.models()[0].edition == ""
