"""A file is hashed once in its life, and again when it was replaced."""

import hashlib
import os
import shutil
import sqlite3
import time

import pytest

from medialab.errors import CancelledError
from medialab.files import hash_database, hashes
from medialab.files.digests import Digests
from medialab.files.hashes import ChangedError, HashCache, Stamp
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


def old_database(path, rows=()):
    """A database as the versions before this one wrote it: the SHA-256 alone."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "CREATE TABLE hashes (device TEXT, inode TEXT, size TEXT, mtime_ns TEXT,"
            " ctime_ns TEXT, sha256 TEXT NOT NULL,"
            " PRIMARY KEY (device, inode, size, mtime_ns, ctime_ns))"
        )
        connection.executemany("INSERT INTO hashes VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"abc")
    return path


def test_all_hashes_are_computed_once_and_known_to_the_next_process(file, tmp_path, settled):
    database = tmp_path / "hashes.sqlite"
    read = []
    first = HashCache(database)
    found = first.digests(file, read.append)
    first.flush()
    assert read == [3]
    assert found.crc32 == "352441c2"
    again = HashCache(database)
    assert again.known_digests(file) == again.digests(file, read.append) == found
    assert read == [3]


def test_an_older_database_keeps_its_rows_and_gets_the_missing_hashes(file, tmp_path, settled):
    database = tmp_path / "hashes.sqlite"
    stamp = [str(number) for number in Stamp.of(file.stat())]
    old_database(database, [(*stamp, "ab" * 32), ("1", "2", "3", "4", "5", "cd" * 32)])
    cache = HashCache(database)
    assert cache.known_digests(file) == Digests("ab" * 32)
    assert cache.sha256(file) == "ab" * 32  # as it is known
    found = cache.digests(file)
    assert found.is_complete
    cache.flush()
    rows = sqlite3.connect(database).execute("SELECT sha256, blake3 FROM hashes").fetchall()
    assert sorted(rows) == [(found.sha256, found.blake3), ("cd" * 32, "")]


def test_two_processes_that_find_an_older_database_at_once_both_use_it(file, tmp_path, settled):
    database = tmp_path / "hashes.sqlite"
    old_database(database)
    first, second = (hash_database._connect(database) for _ in range(2))
    first.close()
    second.close()
    cache = HashCache(database)
    cache.digests(file)
    cache.flush()
    assert HashCache(database).known_digests(file).is_complete


def test_a_sha256_computed_alone_does_not_lose_the_other_hashes(file, tmp_path, settled):
    database = tmp_path / "hashes.sqlite"
    first, other = HashCache(database), HashCache(database)
    found = first.digests(file)
    first.flush()
    assert other.sha256(file) == found.sha256  # it did not know, and has written it too
    assert HashCache(database).known_digests(file) == found
    other.recall()
    assert other.known_digests(file) == found


def test_rows_that_this_program_did_not_write_are_left_out(file, tmp_path, settled):
    database = tmp_path / "hashes.sqlite"
    cache = HashCache(database)
    cache.digests(file)
    cache.flush()
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE hashes SET crc32 = 'rm -rf'")
    connection.close()
    assert HashCache(database).known_digests(file) is None


def test_a_file_that_changes_while_it_is_read_is_named_and_not_remembered(file, tmp_path):
    cache = HashCache(tmp_path / "hashes.sqlite")

    def change(count):
        time.sleep(0.02)
        file.write_bytes(b"abcd")

    with pytest.raises(ChangedError, match="changed while it was read"):
        cache.digests(file, change)
    assert cache.known_digests(file) is None


def test_a_file_that_is_replaced_while_it_is_read_is_named(file, tmp_path):
    cache = HashCache()

    def replace(count):
        other = tmp_path / "other"
        other.write_bytes(b"abc")
        other.replace(file)

    with pytest.raises(ChangedError):
        cache.digests(file, replace)


def test_hashes_of_many_files_are_written_together(file, tmp_path, settled, monkeypatch):
    cache, real, written = HashCache(tmp_path / "hashes.sqlite"), hashes.write, []
    monkeypatch.setattr(
        hashes, "write", lambda at, rows: written.append(len(rows)) or real(at, rows)
    )
    files = [tmp_path / str(number) for number in range(20)]
    for number, path in enumerate(files):
        path.write_bytes(bytes([number]))
        cache.digests(path)
    cache.flush()
    cache.flush()
    assert sum(written) == 20
    assert len(written) < 20
    other = HashCache(tmp_path / "hashes.sqlite")
    assert all(other.known_digests(path) == cache.known_digests(path) for path in files)


def test_giving_up_leaves_nothing_behind(file, tmp_path, settled):
    cache = HashCache(tmp_path / "hashes.sqlite")

    def give_up(count):
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        cache.digests(file, give_up)
    assert cache.known_digests(file) is None
    assert cache.digests(file).is_complete


def test_who_waits_for_a_hash_is_told_of(file, monkeypatch):
    cache, seen = HashCache(), []
    real = hashes.hashlib.file_digest

    def watched(file, name):
        seen.append(cache.is_awaited)
        return real(file, name)

    monkeypatch.setattr(hashes.hashlib, "file_digest", watched)
    cache.sha256(file)
    assert (seen, cache.is_awaited) == ([True], False)


def test_a_hash_that_the_writer_knows_is_kept_until_the_file_changes(tmp_path):
    path, database = tmp_path / "ink.safetensors", tmp_path / "hashes.sqlite"
    path.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    HashCache(database).keep(path, sha256)
    assert HashCache(database).known(path) == sha256
    path.write_bytes(b"another")
    assert HashCache(database).known(path) is None
