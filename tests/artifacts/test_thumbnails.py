"""Thumbnails are small, kept, made anew with their picture, and bounded."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, thumbnails
from medialab.errors import ArtifactError


def opened(content):
    image = Image.open(BytesIO(content))
    image.load()
    return image


def kept(outputs):
    return sorted(path for path in (outputs / "thumbnails").rglob("*") if path.is_file())


def test_a_thumbnail_shows_the_picture_small(manager, save):
    picture = Image.new("RGB", (512, 256), "red")
    picture.paste("blue", (256, 0, 512, 256))
    small = opened(manager.thumbnail(save(picture).path))
    assert (small.format, small.size) == ("WEBP", (160, 80))
    red, blue = small.convert("RGB").getpixel((40, 40)), small.convert("RGB").getpixel((120, 40))
    assert (red[0] > 200, red[2] < 60) == (blue[2] > 200, blue[0] < 60) == (True, True)


def test_a_picture_smaller_than_that_is_not_enlarged(manager, save):
    assert opened(manager.thumbnail(save().path)).size == (64, 64)


def test_it_is_asked_for_by_whatever_names_the_picture(manager, save):
    saved = save()
    content = manager.thumbnail(saved.path)
    assert manager.thumbnail(f"{saved.path.parent.name}/{saved.path.name}") == content
    assert manager.thumbnail(saved.sidecar) == content


def test_it_is_kept_on_disk_and_read_from_there(manager, save, outputs, monkeypatch):
    saved = save()
    content = manager.thumbnail(saved.path)
    (path,) = kept(outputs)
    assert path.read_bytes() == content
    monkeypatch.setattr(thumbnails, "_small", None)
    assert ArtifactManager(outputs).thumbnail(saved.path) == content


def test_it_is_made_anew_when_the_picture_changed(manager, save, outputs):
    saved = save()
    manager.thumbnail(saved.path)
    Image.new("RGB", (64, 64), "blue").save(saved.path)
    small = opened(manager.thumbnail(saved.path)).convert("RGB")
    assert small.getpixel((32, 32))[2] > 200
    assert len(kept(outputs)) == 1


def test_a_thumbnail_that_somebody_deleted_is_made_anew(manager, save, outputs):
    saved = save()
    manager.thumbnail(saved.path)
    (path,) = kept(outputs)
    path.unlink()
    assert opened(manager.thumbnail(saved.path)).size == (64, 64)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16", "1"])
def test_a_picture_of_any_mode_has_one(manager, save, mode):
    saved = save()
    Image.new(mode, (300, 200)).save(saved.path)
    assert opened(manager.thumbnail(saved.path)).size == (160, 107)


def test_a_picture_that_is_turned_by_its_exif_stands_upright(manager, save):
    saved = save()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to see it
    Image.new("RGB", (320, 160)).save(saved.path, exif=exif)
    assert opened(manager.thumbnail(saved.path)).size == (80, 160)


def test_a_broken_or_missing_picture_is_named(manager, save):
    saved = save()
    saved.path.write_bytes(b"no picture")
    with pytest.raises(ArtifactError, match=f"{saved.path.name} is damaged or not a picture"):
        manager.thumbnail(saved.path)
    saved.path.unlink()
    with pytest.raises(ArtifactError, match=f"{saved.path.name}"):
        manager.thumbnail(saved.path)
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.thumbnail("../secret.png")


def test_a_thumbnail_that_cannot_be_kept_is_shown_all_the_same(manager, save, outputs):
    saved = save()
    (outputs / "thumbnails").write_text("in the way")
    assert opened(manager.thumbnail(saved.path)).size == (64, 64)


def test_the_folder_is_bounded_and_the_orphans_go_first(save, outputs, monkeypatch):
    saved = [save(Image.effect_noise((64, 64), 64).convert("RGB")) for _ in range(6)]
    for age, artifact in enumerate(saved):
        os.utime(artifact.path, (1_000_000 + age, 1_000_000 + age))
    every = ArtifactManager(outputs)
    for artifact in saved:
        every.thumbnail(artifact.path)
    paths = kept(outputs)
    assert [path.name.removesuffix(".webp") for path in paths] == [one.path.name for one in saved]
    saved[4].path.unlink()  # by hand: its thumbnail is an orphan
    size = max(path.stat().st_size for path in paths)
    monkeypatch.setattr(thumbnails, "MOST_BYTES", 5 * size)
    ArtifactManager(outputs).thumbnail(save().path)
    left = {Path(path.stem).name for path in kept(outputs)}
    assert saved[4].path.name not in left
    assert saved[0].path.name not in left  # the oldest
    assert {saved[3].path.name, saved[5].path.name} <= left


def test_no_thumbnail_is_taken_for_a_picture(manager, save):
    saved = save()
    manager.thumbnail(saved.path)
    assert manager.find() == [saved]
    assert manager.rebuild_index() == 1
