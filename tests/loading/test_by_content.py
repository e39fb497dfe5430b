"""Models are found by any of their hashes; equal files are duplicates, alike ones are not."""

import os
import shutil

import pytest

from medialab import Workbench
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.files.hashes import Stamp
from medialab.loading.by_content import by_hash, duplicates, hashes_of, known_hashes
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    monkeypatch.setattr(Stamp, "is_settled", lambda stamp: True)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def registry(root):
    return ModelRegistry(root)


def lora(root, name, **how):
    return write_lora(root / "loras" / f"{name}.safetensors", **how)


def names(groups):
    return [{info.name for info in group} for group in groups]


def test_a_model_is_found_by_each_of_its_hashes_in_any_case(registry, root):
    lora(root, "ink", fill=1)
    lora(root, "pen", fill=2)
    ink = registry.find("ink", "lora")
    digests = hashes_of(registry, ink)
    hashes_of(registry, registry.find("pen", "lora"))
    kinds = (digests.sha256, digests.autov2, digests.autov3, digests.blake3, digests.crc32)
    for text in kinds:
        assert by_hash(registry, text) == [ink]
        assert by_hash(registry, f" 0x{text.upper()}\n") == [ink]
        assert by_hash(registry, f"SHA256: {text}", "lora") == [ink]
        assert by_hash(registry, text, "vae") == []


def test_what_was_not_hashed_is_not_found(registry, root):
    path = lora(root, "ink")
    sha256 = ModelRegistry(root).hashes.sha256(path)
    assert by_hash(registry, sha256) == []
    registry.hashes.sha256(path)
    assert [info.path for info in by_hash(registry, sha256)] == [path]


@pytest.mark.parametrize(
    "text", ["", "abcdef1", "ink", "g" * 10, "a" * 65, "ab cd ef 12", "٣" * 8, None, 5]
)
def test_what_is_no_hash_is_refused(registry, text):
    with pytest.raises(ConfigError, match="is not a hash; give 8 to 64"):
        by_hash(registry, text)


def test_an_unknown_kind_is_refused(registry):
    with pytest.raises(ModelNotFoundError, match="no kind of model 'style'"):
        by_hash(registry, "a" * 10, "style")


def test_equal_files_are_one_group_whatever_they_are_called(registry, root):
    lora(root, "ink", fill=1)
    lora(root, "styles/copy of ink", fill=1)
    lora(root, "pen", fill=2)
    (root / "vae").mkdir()
    shutil.copy(root / "loras" / "ink.safetensors", root / "vae" / "wrong place.safetensors")
    assert names(duplicates(registry)) == [{"ink", "copy of ink", "wrong place"}]


def test_an_equal_hash_in_the_metadata_makes_no_duplicates(registry, root):
    noted = {"sshs_model_hash": "ab" * 32}
    for fill, name in enumerate(("ink", "pen"), 1):
        lora(root, name, fill=fill, metadata=noted)
    assert duplicates(registry) == []
    infos = registry.models("lora")
    first, second = (hashes_of(registry, info) for info in infos)
    assert first.autov3 == second.autov3
    assert first.tensors != second.tensors
    assert by_hash(registry, "AB" * 6) == infos  # both note it
    assert by_hash(registry, first.tensors) == infos[:1]


def test_a_link_is_no_duplicate_of_its_file(registry, root):
    path = lora(root, "ink")
    path.with_name("soft.safetensors").symlink_to(path.name)
    os.link(path, path.with_name("hard.safetensors"))
    assert duplicates(registry) == []
    lora(root, "copy")
    ((first, second),) = duplicates(registry)
    assert {first.path.is_symlink(), second.path.is_symlink()} == {False}


def test_only_files_of_equal_sizes_are_read_to_find_duplicates(registry, root):
    path = lora(root, "ink")
    path.with_name("other.pt").write_bytes(b"a pickle")
    assert duplicates(registry) == []
    assert registry.hashes.known(path) is None


def test_the_largest_duplicates_come_first(registry, root):
    for size in (1, 3, 2):
        for name in "ab":
            path = root / "loras" / f"{name}{size}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(size))
    assert names(duplicates(registry)) == [{f"a{size}.pt", f"b{size}.pt"} for size in (3, 2, 1)]


def test_folders_with_the_same_content_are_duplicates(registry, root, tiny_models):
    for name in ("one", "two", "three"):
        shutil.copytree(tiny_models / "checkpoints" / "paperdoll", root / "checkpoints" / name)
    config = root / "checkpoints" / "three" / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text().replace("0.012", "0.013"))
    assert names(duplicates(registry)) == [{"one", "two"}]
    one = registry.find("one", "checkpoint")
    assert known_hashes(registry, one).sha256 == registry.sha256(one)
    assert [info.name for info in by_hash(registry, registry.sha256(one)[:10])] == ["one", "two"]


def test_a_model_that_is_gone_or_has_no_content_has_no_hashes(registry, root, tmp_path):
    path = lora(root, "ink")
    ink = registry.find("ink", "lora")
    path.unlink()
    assert known_hashes(registry, ink) is None
    with pytest.raises(ModelRefusedError, match=r"ink\.safetensors"):
        hashes_of(registry, ink)
    path.symlink_to(tmp_path / "nowhere")
    (broken,) = registry.models("lora")
    with pytest.raises(ModelRefusedError, match=r"ink\.safetensors"):
        hashes_of(registry, broken)
    assert duplicates(registry) == []


def test_a_workbench_finds_models_by_their_content(root, tmp_path):
    lora(root, "ink")
    lora(root, "copy")
    with Workbench(root, tmp_path / "outputs", device="cpu") as bench:
        assert bench.hash_models().wait(20)
        ink = bench.registry.find("ink", "lora")
        assert {info.name for info in bench.by_hash(bench.hashes(ink).autov3)} == {"ink", "copy"}
        assert names(bench.duplicates()) == [{"ink", "copy"}]
