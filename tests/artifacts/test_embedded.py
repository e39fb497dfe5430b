"""Infotext is found in the files that other programs write."""

import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from medialab.artifacts.embedded import read_embedded
from medialab.errors import MediaLabError, PictureError, PictureTooLargeError
from medialab.pictures.png_chunks import MOST_TEXT
from tests.examples import examples

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
    with pytest.raises(PictureError, match="not a picture"):
        read_embedded(b"a text")


def with_text(text):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", text, zip=True)
    return saved("PNG", pnginfo=info)


def test_settings_are_read_from_a_long_compressed_text_and_not_from_an_endless_one():
    assert read_embedded(with_text(INFOTEXT.replace("é", "e"))).settings["seed"] == 5
    with pytest.raises(PictureError, match=r"its text is over 16 MiB, too long"):
        read_embedded(with_text("a" * (MOST_TEXT + 1)))


def test_a_picture_with_broken_exif_carries_none():
    for exif in (
        b"Exif\0\0" + b"\xff" * 99,
        b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0",
    ):
        assert read_embedded(saved("JPEG", exif=exif)) is None
        assert read_embedded(saved("PNG", exif=exif)) is None


def test_too_many_pixels_are_named_here_too():
    head = b"\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0"
    chunk = b"IHDR" + head
    content = b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    idat = b"IDAT" + zlib.compress(b"")
    content += (len(idat) - 4).to_bytes(4, "big") + idat + zlib.crc32(idat).to_bytes(4, "big")
    with pytest.raises(PictureTooLargeError, match="3,600 megapixels are too many"):
        read_embedded(content)


FILES = [
    with_text(INFOTEXT.replace("é", "e")),
    saved("JPEG", exif=with_comment(b"UNICODE\0" + INFOTEXT.encode("utf-16-be"))),
    saved("WEBP", exif=with_comment(b"ASCII\0\0\0" + INFOTEXT.encode())),
]


@settings(max_examples=examples(120), derandomize=True, deadline=None, database=None)
@given(st.data())
def test_whatever_a_file_holds_settings_are_read_or_it_is_named(data):
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    with suppress(MediaLabError):
        read_embedded(bytes(content))
