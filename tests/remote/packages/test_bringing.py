"""A bundle from a folder of packages: whole, once, and never over another's file."""

import errno
import json
import os
import shutil
import threading
from dataclasses import replace

import pytest

from medialab.errors import CancelledError, ConfigError, DownloadError
from medialab.files.hashes import HashCache
from medialab.listing.notes import read_notes, write_notes
from medialab.loading.registry import ModelRegistry
from medialab.remote.downloads import Downloads
from medialab.remote.packages import bringing
from tests.remote.packages.made import LICENCE, OTHER_TFLITE, TFLITE, bundle_in, package_of

SECONDS = 30
TWO = {"photo-a.tflite": TFLITE, "photo-b.tflite": OTHER_TFLITE}


@pytest.fixture
def bundle(tmp_path):
    return bundle_in(tmp_path / "wheels", TWO)


def names(folder):
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def test_models_come_with_their_hashes_and_licence_and_nothing_else(bundle, downloads, models):
    download = downloads.start(bundle)
    assert download.result(SECONDS) == models
    assert names(models) == [
        "detectors/eyes-1.0.LICENSE.txt",
        *[f"detectors/photo-a.{one}" for one in ("json", "sha256", "tflite")],
        *[f"detectors/photo-b.{one}" for one in ("json", "sha256", "tflite")],
    ]
    assert not (models / ".photos.part").exists()
    folder = models / "detectors"
    assert (folder / "photo-a.tflite").read_bytes() == TFLITE
    text = (folder / "eyes-1.0.LICENSE.txt").read_bytes()
    assert text == b"Copyright someone.\n\n" + LICENCE
    told = read_notes(folder / "photo-a.tflite").description
    assert "Licence: MIT" in told
    assert "eyes 1.0" in told
    assert download.done == download.total == len(TFLITE) + len(OTHER_TFLITE)
    assert download.told.startswith("2 models, 0.0 MB: photo-a.tflite, photo-b.tflite")


def test_what_is_there_is_not_made_again_and_needs_no_package(bundle, downloads, models):
    downloads.start(bundle).result(SECONDS)
    before = {path: path.stat().st_mtime_ns for path in models.rglob("*")}
    shutil.rmtree(bundle.wheels)
    download = downloads.start(bundle)
    assert download.result(SECONDS) == models
    assert download.told == "all of it was there already: 2 models"
    assert {path: path.stat().st_mtime_ns for path in models.rglob("*")} == before


@pytest.mark.parametrize("content", [TFLITE[:50], b"", TFLITE[:-1] + b"x"])
def test_a_damaged_one_of_ours_is_made_anew(bundle, downloads, models, content):
    downloads.start(bundle).result(SECONDS)
    (models / "detectors" / "photo-a.tflite").write_bytes(content)
    before = names(models)
    download = downloads.start(bundle)
    download.result(SECONDS)
    assert download.told.startswith("1 model, 0.0 MB: photo-a.tflite;")
    assert (models / "detectors" / "photo-a.tflite").read_bytes() == TFLITE
    assert names(models) == before


def test_a_file_of_someone_else_stays_and_is_not_asked_for_again(bundle, downloads, models):
    (models / "detectors").mkdir()
    (models / "detectors" / "photo-a.tflite").write_bytes(b"mine")
    downloads.start(bundle).result(SECONDS)
    assert (models / "detectors" / "photo-a.tflite").read_bytes() == b"mine"
    assert (models / "detectors" / "photo-a-2.tflite").read_bytes() == TFLITE
    again = downloads.start(bundle)
    again.result(SECONDS)
    assert again.told == "all of it was there already: 2 models"


def test_a_persons_own_description_is_kept(bundle, downloads, models):
    downloads.start(bundle).result(SECONDS)
    path = models / "detectors" / "photo-a.tflite"
    write_notes(path, {"description": "for portraits", "notes": "good"})
    path.unlink()
    downloads.start(bundle).result(SECONDS)
    notes = read_notes(path)
    assert (notes.description, notes.notes) == ("for portraits", "good")


def test_a_stop_keeps_what_is_whole_and_it_goes_on(bundle, downloads, models, monkeypatch):
    reached, usual = threading.Event(), bringing._place

    def placed(content, model, *rest):
        if model.name == "photo-b.tflite" and not reached.is_set():
            reached.set()
            downloads[0].cancel()
            downloads[0].check()
        return usual(content, model, *rest)

    monkeypatch.setattr(bringing, "_place", placed)
    download = downloads.start(bundle)
    with pytest.raises(CancelledError):
        download.result(SECONDS)
    assert [one for one in names(models) if one.endswith(".tflite")] == ["detectors/photo-a.tflite"]
    download.resume()
    download.result(SECONDS)
    assert download.told.startswith("1 model, 0.0 MB: photo-b.tflite;")


def test_a_discarded_one_leaves_nothing_unfinished(bundle, downloads, models, monkeypatch):
    def placed(*_):
        downloads[0].discard()
        downloads[0].check()

    monkeypatch.setattr(bringing, "_place", placed)
    download = downloads.start(bundle)
    assert download.wait(SECONDS).state == "cancelled"
    assert not (models / ".photos.part").exists()


def test_a_full_disk_is_told_before_anything_is_made(bundle, downloads, models, monkeypatch):
    usage = shutil.disk_usage(models)._replace(free=100)
    monkeypatch.setattr(bringing.shutil, "disk_usage", lambda _: usage)
    error = downloads.start(bundle).wait(SECONDS).error
    assert isinstance(error, DownloadError)
    assert "the disk has" in str(error)
    assert [one for one in names(models) if "tflite" in one] == []


def test_a_disk_that_fills_while_a_model_is_written_leaves_no_half_of_it(
    bundle, downloads, models, monkeypatch
):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(bringing.os, "fsync", full)
        error = downloads.start(bundle).wait(SECONDS).error
    assert isinstance(error, DownloadError)
    assert "No space left" in str(error)
    assert list((models / "detectors").iterdir()) == []
    downloads.start(bundle).result(SECONDS)


def test_a_folder_that_cannot_be_written_is_named(bundle, downloads, models):
    (models / "detectors").write_text("in the way")
    error = downloads.start(bundle).wait(SECONDS).error
    assert isinstance(error, DownloadError)
    assert "detectors cannot be made in" in str(error)


def test_a_models_folder_without_permission_is_named(bundle, downloads, models, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(bringing.os, "open", refused)
    error = downloads.start(bundle).wait(SECONDS).error
    assert isinstance(error, DownloadError)
    assert "(Permission denied); free the disk or change its permissions" in str(error)


def test_a_link_in_place_of_the_hidden_folder_is_refused(bundle, downloads, models, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (models / ".photos.part").symlink_to(tmp_path / "elsewhere")
    error = downloads.start(bundle).wait(SECONDS).error
    assert "is a link; delete it" in str(error)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_two_programs_do_not_make_the_same(bundle, downloads, models, monkeypatch):
    held, go, usual = threading.Event(), threading.Event(), bringing._place

    def placed(*given):
        held.set()
        assert go.wait(SECONDS)
        return usual(*given)

    monkeypatch.setattr(bringing, "_place", placed)
    first = downloads.start(bundle)
    assert held.wait(SECONDS)
    assert downloads.start(bundle) is first
    other = Downloads(models, HashCache())
    try:
        error = other.start(bundle).wait(SECONDS).error
        assert "is being fetched by another program" in str(error)
    finally:
        other.close()
        go.set()
    first.result(SECONDS)


def test_a_model_that_the_libraries_here_make_otherwise_gets_no_name(downloads, models, tmp_path):
    bundle = bundle_in(tmp_path / "wheels", TWO)
    (package,) = bundle.packages
    first, *rest = package.models
    wrong = replace(package, models=(replace(first, sha256="0" * 64), *rest))
    error = downloads.start(replace(bundle, packages=(wrong,))).wait(SECONDS).error
    assert "photo-a.tflite, as it was made here, has the sha256" in str(error)
    assert names(models / "detectors") == []


def test_a_kind_is_refused_before_anything_is_queued(bundle, downloads):
    with pytest.raises(ConfigError, match="several kinds"):
        downloads.start(bundle, kind="detector")
    assert len(downloads) == 0


def test_the_listing_passes_over_notes_and_licences(bundle, downloads, models):
    downloads.start(bundle).result(SECONDS)
    listed = ModelRegistry(models).models("detector")
    assert [(one.name, one.refused) for one in listed] == [("photo-a", None), ("photo-b", None)]
    json.loads((models / "detectors" / "photo-a.json").read_text())


def test_several_packages_are_opened_only_where_something_of_them_lacks(
    downloads, models, tmp_path
):
    eyes = bundle_in(tmp_path / "wheels", TWO)
    ears, _ = package_of({"photo-c.tflite": TFLITE + b"c"}, project="ears")
    both = replace(eyes, packages=(*eyes.packages, ears))
    error = downloads.start(both).wait(SECONDS).error
    assert f"holds no wheel of ears; put {ears.wheel} there" in str(error)
    assert "detectors/photo-b.tflite" in names(models)
