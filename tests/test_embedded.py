"""Infotext is found in the files that other programs write."""

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from medialab.artifacts.embedded import read_embedded
from medialab.errors import PictureError

INFOTEXT = "a café cat\nNegative prompt: rain\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5"
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def saved(kind, **how):
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, kind, **how)
    return buffer.getvalue()


def with_comment(comment):
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
    return exif


def test_a_png_carries_it_in_its_text():
    text = PngImagePlugin.PngInfo()
    text.add_itxt("parameters", INFOTEXT)
    found = read_embedded(saved("PNG", pnginfo=text))
    assert found.settings["prompt"] == "a café cat"
    assert found.settings["seed"] == 5


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + INFOTEXT.encode("utf-16-be"),
        b"UNICODE\0" + INFOTEXT.encode("utf-16-le"),
        b"ASCII\0\0\0" + INFOTEXT.replace("é", "e").encode(),
    ],
    ids=["big", "little", "ascii"],
)
def test_a_jpeg_and_a_webp_carry_it_in_their_exif(kind, comment):
    found = read_embedded(saved(kind, exif=with_comment(comment)))
    assert found.settings["negative_prompt"] == "rain"
    assert found.settings["prompt"].startswith("a caf")


def test_a_picture_without_any_says_so():
    assert read_embedded(saved("PNG")) is None
    assert read_embedded(saved("JPEG")) is None


def test_what_is_no_picture_is_refused():
    with pytest.raises(PictureError, match="no picture"):
        read_embedded(b"a text")
