"""One request's view of the models: each kind is listed once, and what changed since is seen."""

import json
import shutil
import time

import pytest

from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.loading.registry import ModelRegistry
from tests.loading.test_registry import write_lora


@pytest.fixture
def registry(tmp_path):
    for name in ("ink", "watercolour", "sub/oil"):
        write_lora(tmp_path / "loras" / f"{name}.safetensors")
    time.sleep(0.03)  # until folders and files count as settled
    return ModelRegistry(tmp_path)


@pytest.fixture
def scans(registry, monkeypatch):
    """The kinds that were looked through, in order."""
    done, scan = [], registry._files.scan
    monkeypatch.setattr(registry._files, "scan", lambda kind: (done.append(kind), scan(kind))[1])
    return done


def test_a_request_looks_through_each_kind_once(registry, scans):
    seen = registry.snapshot()
    for _ in range(3):
        seen.find("ink", "lora")
        assert len(seen.models("lora")) == 3
        with pytest.raises(ModelNotFoundError, match="no checkpoint 'x'"):
            seen.find("x", "checkpoint")
    assert sorted(scans) == ["checkpoint", "lora"]


def test_a_name_that_was_seen_is_found_again_without_looking_through_the_others(registry, scans):
    first = [registry.find(name, "lora") for name in ("ink", "oil", "sub/oil")]
    scans.clear()
    assert [registry.find(name, "lora") for name in ("ink", "oil", "sub/oil")] == first
    assert scans == []


def test_a_file_that_is_written_over_in_place_is_read_again(registry, tmp_path):
    before = registry.find("ink", "lora")
    path = tmp_path / "loras" / "ink.safetensors"
    with path.open("r+b") as file:  # no entry of the folder changes
        file.write(b"no LoRA any more")
    with pytest.raises(ModelRefusedError, match="ink"):
        registry.find("ink", "lora")
    path.unlink()
    write_lora(path, width=2048)
    assert registry.find("ink", "lora").size_bytes > before.size_bytes


def test_a_file_that_is_gone_or_renamed_is_found_no_more(registry, tmp_path):
    registry.find("ink", "lora")
    (tmp_path / "loras" / "ink.safetensors").rename(tmp_path / "loras" / "pen.safetensors")
    assert registry.find("pen", "lora").name == "pen"
    with pytest.raises(ModelNotFoundError, match=r"no lora 'ink'.*pen"):
        registry.find("ink", "lora")


def test_a_second_file_of_a_name_in_another_folder_makes_it_say_two(registry, tmp_path):
    registry.find("oil", "lora")
    write_lora(tmp_path / "loras" / "new" / "deep" / "oil.safetensors")
    with pytest.raises(ModelRefusedError, match=r"2 models are called 'oil'"):
        registry.find("oil", "lora")
    shutil.rmtree(tmp_path / "loras" / "new")
    assert registry.find("oil", "lora").name == "oil"


def test_a_broken_file_that_is_mended_in_place_counts_among_those_of_its_name(registry, tmp_path):
    twin = write_lora(tmp_path / "loras" / "twin" / "oil.safetensors")
    whole = twin.read_bytes()
    twin.write_bytes(b"broken")
    time.sleep(0.03)
    assert registry.find("oil", "lora").path.parent.name == "sub"
    assert registry.find("oil", "lora").path.parent.name == "sub"
    with twin.open("r+b") as file:
        file.write(whole)
    with pytest.raises(ModelRefusedError, match=r"2 models are called 'oil'"):
        registry.find("oil", "lora")


def test_what_changes_under_a_request_is_seen_by_the_next_one(registry, tmp_path):
    seen = registry.snapshot()
    assert len(seen.models("lora")) == 3
    write_lora(tmp_path / "loras" / "late.safetensors")
    with pytest.raises(ModelNotFoundError):
        seen.find("late", "lora")
    assert registry.snapshot().find("late", "lora").name == "late"


def test_an_embedding_is_found_by_a_token_that_was_written_into_it_later(tmp_path):
    def write(token):
        entry = {"dtype": "F32", "shape": [1, 32], "data_offsets": [0, 128]}
        text = json.dumps({token: entry}).encode()
        path = tmp_path / "embeddings" / "mina.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(128))

    registry = ModelRegistry(tmp_path)
    write("<first>")
    assert registry.find("<first>", "embedding").name == "mina"
    time.sleep(0.03)
    registry.find("mina", "embedding")
    write("<later>")
    assert registry.find("<later>", "embedding").name == "mina"
