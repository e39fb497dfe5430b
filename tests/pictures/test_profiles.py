"""Colours are what a picture's profile says, whatever it holds."""

import io
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from medialab.pictures.intake import normalise
from tests.examples import examples
from tests.pictures.encoded import file_of, fixed, noise, profile


def printing_profile():
    """A CMYK profile by hand: a table of two points an ink, each of which takes light away."""
    identity = struct.pack(">9i", *(65_536 if n % 4 == 0 else 0 for n in range(9)))
    straight = bytes(range(256))
    grid = b""
    for number in range(16):
        cyan, magenta, yellow, black = ((number >> bit) & 1 for bit in (3, 2, 1, 0))
        light = 0 if black else round(255 * (1 - 0.3 * (cyan + magenta + yellow)))
        grid += bytes([light, 128, 128])
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + straight * 4 + grid + straight * 3
    told = b"desc\0\0\0\0" + struct.pack(">I", 6) + b"paper\0" + b"\0" * 78
    tags = {b"desc": told, b"A2B0": table + b"\0" * (-len(table) % 4)}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249)
    index, body = struct.pack(">I", len(tags)), b""
    for tag, unpadded in tags.items():
        content = unpadded + b"\0" * (-len(unpadded) % 4)
        begin = 132 + 12 * len(tags) + len(body)
        index, body = index + tag + struct.pack(">II", begin, len(content)), body + content
    head = struct.pack(">I", 128 + len(index) + len(body)) + b"\0\0\0\0\x02\x10\0\0prtrCMYKLab "
    head += b"\x07\xe6\0\1\0\1\0\0\0\0\0\0acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249)
    return head + b"\0" * 48 + index + body


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_printing_colours_are_what_their_profile_says(kind):
    inks = Image.new("CMYK", (32, 16), (255, 0, 0, 0))
    inks.paste((0, 0, 0, 0), (16, 0, 32, 16))
    image, told = normalise(file_of(inks, kind, icc_profile=printing_profile()))
    assert told == ("its colours were converted from paper to sRGB",)
    assert min(image.getpixel((28, 8))) > 250  # bare paper
    grey = image.getpixel((4, 8))
    assert max(grey) - min(grey) <= 3  # in this profile cyan is a grey
    assert 150 < grey[0] < 190  # of lightness 70


def test_a_profile_is_followed_and_named():
    red = Image.new("RGB", (16, 16), (200, 60, 60))
    wanted = ImageCms.profileToProfile(
        red, ImageCms.ImageCmsProfile(io.BytesIO(profile())), ImageCms.createProfile("sRGB")
    )
    for content in (
        file_of(red, icc_profile=profile()),
        file_of(red, "TIFF", icc_profile=profile()),
        file_of(red.quantize(), icc_profile=profile()),
    ):
        image, told = normalise(content)
        off = np.abs(np.asarray(image).astype(int) - np.asarray(wanted).astype(int)).max()
        assert off <= 4
        assert told == ("its colours were converted from wide to sRGB",)


def test_a_profile_of_grey_changes_greys_and_leaves_them_grey():
    grey = Image.new("L", (16, 16), 128)
    image, told = normalise(file_of(grey, icc_profile=profile(b"GRAY", 1.0, b"linear")))
    assert image.mode == "L"
    assert abs(image.getpixel((3, 3)) - 188) <= 1  # sRGB's half of the light
    assert "from linear to sRGB" in told[0]


def test_a_grey_picture_with_a_profile_of_colours_has_the_greys_of_that():
    image, told = normalise(file_of(Image.new("L", (16, 16), 128), icc_profile=profile(gamma=1.0)))
    assert image.mode == "L"
    assert abs(image.getpixel((3, 3)) - 188) <= 1
    assert told == ("its colours were converted from wide to sRGB",)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_that_is_srgb_leaves_every_byte(mode):
    picture = noise(mode)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image, told = normalise(file_of(picture, icc_profile=srgb))
    assert (image.tobytes(), told) == (picture.tobytes(), ())


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"nonsense" * 40, "is damaged and was ignored"),
        (profile()[:200], "is damaged and was ignored"),
        (profile(b"GRAY"), "is for another colour space and was ignored"),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_profile_that_cannot_be_used_is_ignored_with_a_word(bad, why, kind):
    picture = noise()
    image, told = normalise(file_of(picture, kind, icc_profile=bad))
    assert image.tobytes() == picture.tobytes()
    assert [why in word for word in told] == [True]


def test_a_profile_of_printing_colours_is_used_if_it_can_be_and_cmyk_is_said():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image, told = normalise(file_of(cyan, "JPEG"))
    assert image.mode == "RGB"
    assert image.getpixel((8, 8))[0] < 30
    assert "CMYK colours" in told[0]
    _, told = normalise(file_of(cyan, "JPEG", icc_profile=profile()))
    assert len(told) == 2  # not for such pictures, and a plain rule instead


@settings(
    max_examples=examples(60),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.binary(max_size=600))
def test_a_profile_of_any_bytes_is_no_error(content):
    picture = Image.new("RGB", (4, 4), (10, 20, 30))
    begin = profile()
    for one in (content, begin[:128] + content, begin + content):
        picture.info["icc_profile"] = one
        assert normalise(picture).image.size == (4, 4)
