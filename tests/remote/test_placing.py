"""Where a download goes: never out of the folder, never over another file."""

import errno
import os
from hashlib import sha256

import pytest

from medialab.errors import CancelledError, DownloadError
from medialab.files.hashes import HashCache
from medialab.listing.info import FOLDER_OF_KIND
from medialab.remote.placing import MOST_HASHED, files_below, folder_of, put, same_as

CONTENT = sha256(b"content").hexdigest()


@pytest.mark.parametrize("kind", FOLDER_OF_KIND)
def test_each_kind_has_its_folder(models, kind):
    assert folder_of(models, kind) == models / FOLDER_OF_KIND[kind]
    assert folder_of(models, "") == models


def test_a_file_in_place_of_the_folder_is_told(models):
    (models / "loras").write_text("mine")
    with pytest.raises(DownloadError, match="loras cannot be made"):
        folder_of(models, "lora")


def test_a_link_in_place_of_the_folder_is_refused(models, tmp_path):
    (models / "loras").symlink_to(tmp_path)
    with pytest.raises(DownloadError, match="models/loras is a link to"):
        folder_of(models, "lora")
    (models / "vae").symlink_to(tmp_path / "gone")
    with pytest.raises(DownloadError):
        folder_of(models, "vae")


def test_the_models_folder_itself_may_be_a_link(models, tmp_path):
    (tmp_path / "link").symlink_to(models)
    assert folder_of(tmp_path / "link", "lora") == models / "loras"


def test_a_file_gets_its_name_or_the_next_free_one(models):
    for expected in ("ink.safetensors", "ink-2.safetensors", "ink-3.safetensors"):
        part = models / "ink.part"
        part.write_text(expected)
        path = put(part, models, "ink.safetensors")
        assert path.name == expected
        assert path.read_text() == expected
        assert not part.exists()


def test_a_broken_link_is_not_written_through(models, tmp_path):
    (models / "ink.safetensors").symlink_to(tmp_path / "outside")
    (models / "ink.part").write_text("new")
    assert put(models / "ink.part", models, "ink.safetensors").name == "ink-2.safetensors"
    assert not (tmp_path / "outside").exists()


def test_a_disk_without_hard_links_takes_files_too(models, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refuse)
    (models / "ink.part").write_text("new")
    assert put(models / "ink.part", models, "ink.safetensors").read_text() == "new"


def test_equal_content_is_found_below_the_folder(models):
    (models / "deep" / "er").mkdir(parents=True)
    there = models / "deep" / "er" / "other.safetensors"
    there.write_bytes(b"content")
    assert same_as(files_below(models), 7, CONTENT, HashCache()) == there
    assert same_as(files_below(models), 7 + 5000, CONTENT, HashCache()) is None
    assert same_as(files_below(models), 7, "0" * 64, HashCache()) is None


def test_where_the_size_is_rounded_only_known_hashes_count(models):
    there = models / "other.safetensors"
    there.write_bytes(b"content")
    hashes = HashCache()
    assert same_as([there], 1000, CONTENT, hashes) is None
    while hashes.known(there) is None:  # its stamp settles within 20 ms
        hashes.digests(there)
    assert same_as([there], 1000, CONTENT, hashes) == there


def test_not_all_files_of_that_size_are_read(models):
    for number in range(MOST_HASHED + 5):
        (models / f"{number:02}.safetensors").write_bytes(b"c%06d" % number)
    read = []
    paths = sorted(models.iterdir())
    assert same_as(paths, 7, CONTENT, HashCache(), read.append) is None
    assert len(read) == MOST_HASHED
    with pytest.raises(CancelledError):
        same_as(paths, 7, CONTENT, HashCache(), give_up)


def give_up(_):
    raise CancelledError


@pytest.mark.parametrize("name", ["ink.safetensors.part", ".hidden.safetensors"])
def test_unfinished_and_hidden_files_are_not_taken_for_models(models, name):
    (models / name).write_bytes(b"content")
    assert same_as(files_below(models), 7, CONTENT, HashCache()) is None


def test_a_file_that_cannot_be_read_is_passed_over(models):
    (models / "link.safetensors").symlink_to(models / "gone")
    there = models / "there.safetensors"
    there.write_bytes(b"content")
    assert same_as(files_below(models), 7, CONTENT, HashCache()) == there
