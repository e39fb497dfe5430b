"""Settings hidden in the lowest bits of pixels are found, and nothing else is taken for them."""

import gzip
import json
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from PIL import Image

from medialab.artifacts.embedded import read_embedded
from medialab.infotext.stealth import hidden_text

NOVELAI = {
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4 37442FCA",
    "Description": "a café cat",
    "Comment": json.dumps(
        {"prompt": "a café cat", "uc": "bad", "seed": 5, "scale": 6, "steps": 28}
    ),
}
INFOTEXT = "a café cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5"


def hidden(signature, content, size=(64, 96), length=None):
    """Return a picture that hides content as the programs do: column after column of pixels."""
    channels = (3,) if "png" in signature else (0, 1, 2)
    size_of = len(content) * 8 if length is None else length
    whole = signature.encode() + size_of.to_bytes(4, "big") + content
    bits = [byte >> at & 1 for byte in whole for at in range(7, -1, -1)]
    pixels = np.full((size[1], size[0], 4), 255, np.uint8)
    places = ((x, y, c) for x in range(size[0]) for y in range(size[1]) for c in channels)
    for bit, (x, y, c) in zip(bits, places, strict=False):
        pixels[y, x, c] = 254 | bit
    return pixels[:, :, : 4 if "png" in signature else 3]


def file_of(pixels, kind="PNG", **more):
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **more)
    return buffer.getvalue()


@pytest.mark.parametrize("signature", ["stealth_pngcomp", "stealth_rgbcomp"])
@pytest.mark.parametrize(
    ("kind", "more"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})]
)
def test_novelais_hidden_settings_are_read(signature, kind, more):
    content = gzip.compress(json.dumps(NOVELAI).encode())
    parsed = read_embedded(file_of(hidden(signature, content), kind, **more))
    assert parsed.program == "NovelAI"
    assert (parsed.settings["prompt"], parsed.settings["seed"]) == ("a café cat", 5)
    assert parsed.settings["steps"] == 28


@pytest.mark.parametrize("signature", ["stealth_pnginfo", "stealth_rgbinfo"])
def test_a_hidden_infotext_is_read(signature):
    parsed = read_embedded(file_of(hidden(signature, INFOTEXT.encode())))
    assert (parsed.program, parsed.settings["seed"]) == ("A1111", 5)


def test_settings_in_a_chunk_count_before_hidden_ones():
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", INFOTEXT.replace("Seed: 5", "Seed: 6"))
    content = file_of(hidden("stealth_pnginfo", INFOTEXT.encode()), pnginfo=info)
    assert read_embedded(content).settings["seed"] == 6


@pytest.mark.parametrize(
    ("content", "length"),
    [(b"not gzip", None), (b"\x1f\x8b\x08", None), (b"", None), (b"x", 2**32 - 1), (b"x", 2**20)],
)
def test_damaged_hidden_settings_are_none(content, length):
    assert read_embedded(file_of(hidden("stealth_pngcomp", content, length=length))) is None


def test_a_bomb_in_hidden_settings_stays_small():
    bomb = gzip.compress(b" " * 2**26)
    found = hidden_text(hidden("stealth_pngcomp", bomb, size=(1024, 1024)))
    assert len(found) <= 4_000_000


@given(st_numpy.arrays(np.uint8, st.sampled_from([(1, 1, 4), (3, 5, 3), (40, 8, 4), (0, 3, 4)])))
def test_no_pixels_make_looking_fail(pixels):
    hidden_text(pixels)
