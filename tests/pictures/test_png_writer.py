"""Pictures as PNGs: what is written is what is read, in any reader's words."""

import io
import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from medialab.pictures.png_writer import COLOUR_TYPES, png_of


def noise(mode, size):
    bands = len(mode)
    levels = np.random.default_rng(0).integers(0, 256, (*size[::-1], bands), dtype=np.uint8)
    return Image.frombytes(mode, size, levels.tobytes())


@pytest.mark.parametrize("mode", COLOUR_TYPES)
@pytest.mark.parametrize("size", [(1, 1), (7, 900), (900, 7), (1500, 1201), (70_000, 3)], ids=str)
def test_every_byte_comes_back(mode, size):
    picture = noise(mode, size)
    content = png_of(picture)
    with Image.open(io.BytesIO(content)) as read:
        read.verify()  # each chunk's checksum
    with Image.open(io.BytesIO(content)) as read:
        assert (read.mode, read.size, read.tobytes()) == (mode, size, picture.tobytes())
    assert png_of(picture) == content


def test_texts_come_before_the_pixels():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a red ball")
    texts.add_itxt("Taken in", json.dumps(["\u00fc \u2192"]))
    with Image.open(io.BytesIO(png_of(noise("RGB", (8, 8)), texts))) as read:
        assert read.text == {"parameters": "a red ball", "Taken in": json.dumps(["\u00fc \u2192"])}


def test_a_photo_is_about_as_small_as_by_pillow_and_a_mask_is_tiny():
    small = noise("RGB", (40, 30)).resize((800, 600), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(1).normal(0, 3, (600, 800, 1))
    photo = Image.fromarray((np.asarray(small) + grain).clip(0, 255).astype(np.uint8))
    by_pillow = io.BytesIO()
    photo.save(by_pillow, "PNG", compress_level=1)
    assert len(png_of(photo)) < 1.1 * len(by_pillow.getvalue())
    assert len(png_of(Image.new("L", (4000, 3000)))) < 50_000
