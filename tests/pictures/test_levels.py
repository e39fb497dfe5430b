"""Pictures of any depth become 8 bits a channel without losing what is dark or bright."""

import numpy as np
import pytest
from PIL import Image

from medialab.pictures.intake import normalise
from tests.pictures.encoded import RAMP, file_of, noise, png

LEVELS = (RAMP / 257).round().astype(np.uint8)


def big_endian():
    return Image.frombytes("I;16B", (64, 64), RAMP.astype(">u2").tobytes())


@pytest.mark.parametrize(
    "given",
    [
        lambda: file_of(Image.fromarray(RAMP.astype(np.uint16))),
        lambda: file_of(Image.fromarray(RAMP.astype(np.uint16)), "TIFF"),
        lambda: file_of(big_endian(), "TIFF"),
        big_endian,
        lambda: Image.fromarray(RAMP.astype(np.int32)),
        lambda: Image.fromarray((RAMP * 32_767).astype(np.int32)),
        lambda: Image.fromarray(LEVELS.astype(np.int32)),
        lambda: Image.fromarray(LEVELS.astype(np.float32)),
        lambda: Image.fromarray(RAMP.round().astype(np.float32)),
        lambda: file_of(Image.fromarray((RAMP / 65_535).astype(np.float32)), "TIFF"),
        lambda: Image.fromarray((RAMP / 65_535 * 2 - 1).astype(np.float32)),
        lambda: Image.fromarray((RAMP / 1234.5).astype(np.float32)),
    ],
    ids=[
        *("16 bit", "16-bit TIFF", "big-endian TIFF", "I;16B", "16 bit in 32", "31 bit"),
        *("8 bit in 32", "levels", "16 bit in floats", "0 to 1", "-1 to 1", "metres"),
    ],
)
def test_a_ramp_of_any_depth_stays_a_ramp(given):
    image, _ = normalise(given())
    assert image.mode == "L"
    assert np.abs(np.asarray(image).astype(int) - LEVELS).max() <= 1


def test_a_dark_picture_of_16_bits_stays_dark():
    assert normalise(file_of(Image.new("I;16", (8, 8), 200))).image.getextrema() == (1, 1)
    assert normalise(Image.new("F", (8, 8), 0.1)).image.getextrema() == (26, 26)


@pytest.mark.parametrize("values", [LEVELS, RAMP.astype(np.uint16), RAMP.astype("f4") / 65_535])
def test_where_a_tiff_says_that_0_is_white_it_is(values):
    photometric = {262: 0}
    image, _ = normalise(file_of(Image.fromarray(values), "TIFF", tiffinfo=photometric))
    upside_down = normalise(Image.fromarray(values)).image.point(lambda level: 255 - level)
    # Of 8 bits Pillow writes the levels the other way round, and reads them so.
    wanted = LEVELS if values.dtype == np.uint8 else upside_down
    assert np.abs(np.asarray(image).astype(int) - np.asarray(wanted).astype(int)).max() <= 1


def test_levels_of_8_bits_with_fractions_stay_these_levels():
    image, told = normalise(Image.fromarray(np.linspace(63.3, 191.7, 64, dtype="f4")[None]))
    assert (image.getextrema(), told) == ((63, 192), ())


def test_colours_of_16_bits_are_scaled_and_that_is_said():
    row = b"\0" + b"\x80\x80\x40\x40\xff\xff" * 4
    image, told = normalise(png(4, 4, depth=16, pixels=row * 4))
    assert image.getpixel((1, 1)) == (128, 64, 255)
    assert told == ("its 65,536 levels per channel became 256",)
    assert normalise(file_of(noise())).changes == ()


def test_what_is_no_number_becomes_black_or_white_and_is_counted():
    values = np.full((4, 4), 0.5, np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    image, told = normalise(Image.fromarray(values))
    assert [image.getpixel((x, 0)) for x in range(4)] == [0, 255, 0, 128]
    assert "3 of its values were NaN or infinite" in told[0]
    assert normalise(Image.new("F", (8, 8), float("nan"))).image.getextrema() == (0, 0)
