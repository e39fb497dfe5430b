"""Pictures are packed with their sidecars, byte for byte, a piece at a time."""

import os
from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image

from medialab.artifacts import packing
from medialab.errors import ArtifactError


def test_a_zip_holds_pictures_and_sidecars_as_they_are(manager, save):
    saved = [save(prompt=name) for name in ("one", "two")]
    saved[1].sidecar.unlink()
    content = b"".join(manager.pack([one.path for one in saved]))
    with ZipFile(BytesIO(content)) as file:
        assert file.testzip() is None
        day = saved[0].path.parent.name
        first = saved[0].path.name
        assert file.namelist() == [
            f"{day}/{first}",
            f"{day}/{saved[0].sidecar.name}",
            f"{day}/{saved[1].path.name}",
        ]
        assert file.read(f"{day}/{first}") == saved[0].path.read_bytes()


def test_no_more_than_a_piece_is_in_memory(manager, save, monkeypatch):
    monkeypatch.setattr(packing, "_PIECE", 1000)
    saved = save(Image.effect_noise((64, 64), 64).convert("RGB"))
    parts = list(manager.pack([saved.path]))
    assert max(map(len, parts)) < 1500
    assert len(parts) > 10


def test_one_that_is_gone_meanwhile_is_left_out(manager, save):
    saved = [save(), save()]
    parts = manager.pack([one.path for one in saved])
    manager.delete(saved[1].path)
    with ZipFile(BytesIO(b"".join(parts))) as file:
        assert len(file.namelist()) == 2


def test_nothing_outside_the_folder_is_packed(manager, tmp_path):
    (tmp_path / "mine.png").touch()
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.pack([tmp_path / "mine.png"])


@pytest.mark.parametrize("seconds", [0, 1, 2**32, 2**33])  # years 1970, 2106, 2242
def test_a_picture_of_a_wrong_clock_is_packed(manager, save, seconds):
    saved = [save(prompt="one"), save(prompt="two")]
    os.utime(saved[0].path, (seconds, seconds))
    with ZipFile(BytesIO(b"".join(manager.pack([one.path for one in saved])))) as file:
        assert len(file.namelist()) == 4
        assert file.testzip() is None


def test_a_picture_that_is_named_twice_is_packed_once(manager, save):
    saved = save()
    with ZipFile(BytesIO(b"".join(manager.pack([saved.path, saved.sidecar])))) as file:
        assert len(file.namelist()) == 2


def test_a_name_that_is_no_text_is_packed_under_one_that_is(manager, save):
    path = save().path
    odd = path.rename(path.with_name(os.fsdecode(b"00001-\xff.png")))
    with ZipFile(BytesIO(b"".join(manager.pack([odd])))) as file:
        assert file.namelist() == [f"{path.parent.name}/00001-\\udcff.png"]
