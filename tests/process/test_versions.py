"""Versions in a record: this program's and those of the libraries that decide pixels."""

from importlib import metadata

import pytest

from medialab.process import versions


@pytest.fixture(autouse=True)
def forgotten():
    def forget():
        versions.all_versions.cache_clear()
        versions.program_version.cache_clear()

    forget()
    yield
    forget()


def test_every_library_that_decides_pixels_is_told_with_its_version():
    told = versions.all_versions()
    for name in versions.LIBRARIES:
        assert told[name] == metadata.version(name)
    assert told["media-lab-studio"] == versions.program_version()
    with pytest.raises(TypeError):
        told["torch"] = "0"


def test_a_library_that_may_be_missing_is_told_where_it_is_and_no_fault_where_not(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "mediapipe":
            raise metadata.PackageNotFoundError(name)
        return "9.9" if name == "onnxruntime" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    told = versions.all_versions()
    assert told["onnxruntime"] == "9.9"
    assert "mediapipe" not in told


def test_a_checkout_that_was_never_installed_says_so(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert versions.program_version() == "unknown"
