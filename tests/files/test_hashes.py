"""A file is hashed once in its life, and again when it was replaced."""

import os
import shutil
import sqlite3

import pytest

from medialab.files import hashes
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once, so that a test need not wait for the clock."""
    monkeypatch.setattr(hashes.Stamp, "is_settled", lambda stamp: True)


def test_a_files_hash_is_its_sha256(root, tmp_path):
    import hashlib

    path = write_lora(root / "loras" / "ink.safetensors")
    registry = ModelRegistry(root, hash_cache=tmp_path / "cache" / "hashes.sqlite")
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert registry.sha256(registry.find("ink", "lora")) == expected


def test_a_hash_is_computed_once_in_a_files_life(root, tmp_path, settled, monkeypatch):
    write_lora(root / "loras" / "ink.safetensors")
    computed, real = [], hashes.hashlib.file_digest

    def counted(file, name):
        computed.append(file.name)
        return real(file, name)

    monkeypatch.setattr(hashes.hashlib, "file_digest", counted)
    for _ in range(2):
        registry = ModelRegistry(root, hash_cache=tmp_path / "hashes.sqlite")
        info = registry.find("ink", "lora")
        assert registry.sha256(info) == registry.sha256(info)
    assert len(computed) == 1


def test_a_replaced_file_of_the_same_size_and_time_has_its_own_hash(root, tmp_path):
    import time

    path = write_lora(root / "loras" / "ink.safetensors", fill=1)
    registry = ModelRegistry(root, hash_cache=tmp_path / "hashes.sqlite")
    info = registry.find("ink", "lora")
    time.sleep(0.03)  # so that the first hash is worth remembering
    before, status = registry.sha256(info), path.stat()
    write_lora(path, fill=2)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_ino == status.st_ino
    assert registry.sha256(info) != before


def test_a_folders_hash_is_of_its_content_alone(tiny_models, root):
    for name in ("one", "two"):
        shutil.copytree(tiny_models / "checkpoints" / "paperdoll", root / "checkpoints" / name)
    registry = ModelRegistry(root)
    one, two = (registry.find(name, "checkpoint") for name in ("one", "two"))
    before = registry.sha256(one)
    (two.path / "README.md").write_text("a description")
    (two.path / "sample.png").write_bytes(b"a picture")
    assert registry.sha256(two) == before
    config = two.path / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text().replace("0.012", "0.013"))
    assert registry.sha256(two) != before
    assert registry.sha256(one) == before


def test_a_broken_hash_cache_is_started_anew(root, tmp_path):
    write_lora(root / "loras" / "ink.safetensors")
    database = tmp_path / "hashes.sqlite"
    database.write_bytes(b"no database" * 100)
    registry = ModelRegistry(root, hash_cache=database)
    assert len(registry.sha256(registry.find("ink", "lora"))) == 64


def test_a_locked_hash_cache_stops_nobody(root, tmp_path, settled, monkeypatch):
    write_lora(root / "loras" / "ink.safetensors")
    database = tmp_path / "hashes.sqlite"
    registry = ModelRegistry(root, hash_cache=database)
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: real(path, timeout=0))
    other = real(database, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        assert len(registry.sha256(registry.find("ink", "lora"))) == 64
    finally:
        other.close()
