"""History: downloads and copied settings hold what is asked for."""

from io import BytesIO
from zipfile import ZipFile

import pytest

from medialab.errors import ArtifactError
from widgets import history_parcels
from widgets.history_parcels import parcel_of


def test_downloads_hold_the_files_as_they_are(artifacts):
    tree, car = (artifacts.find(word)[0] for word in ("tree", "car"))
    one = parcel_of(artifacts, "files", artifacts.names("tree"))
    assert (one.name, one.type) == (tree.path.name, "image/png")
    assert b"".join(one.parts) == tree.path.read_bytes()
    many = parcel_of(artifacts, "files", artifacts.names())
    assert many.name == "2 pictures.zip"
    with ZipFile(BytesIO(b"".join(many.parts))) as file:
        names = {entry.rpartition("/")[2] for entry in file.namelist()}
    assert names == {one.name for both in (tree, car) for one in (both.path, both.sidecar)}
    text = b"".join(parcel_of(artifacts, "text", artifacts.names()).parts).decode()
    assert "a green tree\n" in text
    assert "Seed: 8" in text


def test_a_download_that_no_browser_could_take_is_refused(artifacts, monkeypatch):
    monkeypatch.setattr(history_parcels, "_MOST_DOWNLOADED", 100)
    with pytest.raises(ArtifactError, match="choose fewer"):
        parcel_of(artifacts, "files", artifacts.names())


def test_settings_of_more_pictures_than_are_copied_are_refused_not_left_out(artifacts, monkeypatch):
    monkeypatch.setattr(history_parcels, "_MOST_TEXTS", 1)
    assert parcel_of(artifacts, "text", artifacts.names("tree")).parts
    with pytest.raises(ArtifactError, match=r"at most 1 pictures .* 2 are selected; choose fewer"):
        parcel_of(artifacts, "text", artifacts.names())


def test_nothing_selected_is_no_file(artifacts):
    with pytest.raises(ArtifactError, match="no picture is selected"):
        parcel_of(artifacts, "files", [])
