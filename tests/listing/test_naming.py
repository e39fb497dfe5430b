"""A name in settings means one model; names that mean several, or a path, are refused."""

import os
import sys

import pytest

from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


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


@pytest.mark.skipif(sys.platform != "linux", reason="names there are bytes")
def test_a_name_that_is_no_text_fails_alone(root):
    path = write_lora(root / "loras" / "ink.safetensors")
    path.with_name(os.fsdecode(b"\xff.safetensors")).write_bytes(path.read_bytes())
    infos = ModelRegistry(root).models()
    assert [info.refused for info in infos if info.name == "ink"] == [None]
    (other,) = [info for info in infos if info.name != "ink"]
    assert "is not valid text; rename it" in other.refused
    other.name.encode()


@pytest.mark.parametrize(
    "name", ["../ink", "/ink", "a\\ink", "..", ".", "", "ink\0", "C:ink", "a//ink", "./ink"]
)
def test_a_name_that_reads_like_a_path_is_refused_with_the_names_there_are(root, name):
    write_lora(root / "loras" / "ink.safetensors")
    with pytest.raises(ModelNotFoundError, match=r"reads like a path; .*: ink"):
        ModelRegistry(root).find(name, "lora")


def test_a_file_whose_name_reads_like_a_path_is_listed_as_refused(root):
    write_lora(root / "loras" / "a..ink.safetensors")
    (info,) = ModelRegistry(root).models()
    assert info.refused == "'a..ink' reads like a path; rename it"
