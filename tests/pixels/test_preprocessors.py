"""What a ControlNet is shown of a picture."""

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from medialab.errors import MissingLibraryError
from medialab.pixels.preprocessors import PREPROCESSORS, check_library


@pytest.fixture
def square():
    image = Image.new("RGB", (128, 128), "white")
    ImageDraw.Draw(image).rectangle((32, 32, 95, 95), fill="navy")
    return image


def white(image):
    return np.asarray(image.convert("L")) > 127


@pytest.mark.parametrize("name", PREPROCESSORS)
def test_every_outcome_has_the_pictures_size_in_rgb(name, square):
    for image in (square, square.convert("L"), square.resize((72, 40))):
        shown = PREPROCESSORS[name](image)
        assert (shown.mode, shown.size) == ("RGB", image.size)


def test_canny_is_a_thin_line_where_the_edge_is(square):
    found = white(PREPROCESSORS["canny"](square))
    rows, columns = np.nonzero(found)
    assert found.sum() in range(200, 300)  # four sides of 64 pixels
    assert {rows.min(), columns.min()} <= {31, 32}
    assert {rows.max(), columns.max()} <= {95, 96}
    assert not found[40:88, 40:88].any()


def test_scribble_is_thicker_and_holds_the_line(square):
    line, strokes = white(PREPROCESSORS["canny"](square)), white(PREPROCESSORS["scribble"](square))
    assert strokes[line].all()
    assert strokes.sum() > 1.5 * line.sum()


def test_soft_edges_fade(square):
    levels = np.asarray(PREPROCESSORS["soft edge"](square).convert("L")).astype(int)
    across = levels[64, 24:40]
    assert levels.max() == 255
    assert across.max() > 240
    assert len(set(across)) > 2


def test_a_plain_picture_has_no_edges():
    plain = Image.new("RGB", (64, 64), "teal")
    for name in ("canny", "scribble", "soft edge"):
        assert not np.asarray(PREPROCESSORS[name](plain)).any()


def test_tile_keeps_the_colours_and_loses_the_detail(square):
    noisy = np.asarray(square).astype(int)
    noisy = noisy + np.random.default_rng(0).integers(-40, 40, noisy.shape)
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    shown = np.asarray(PREPROCESSORS["tile"](image)).astype(int)
    inside = (slice(48, 80), slice(48, 80))
    assert np.abs(shown[inside].mean() - np.asarray(image)[inside].mean()) < 3
    assert shown[inside].std(axis=(0, 1)).max() < noisy[inside].std(axis=(0, 1)).max() / 2


def test_invert_turns_a_drawing_around(square):
    twice = PREPROCESSORS["invert"](PREPROCESSORS["invert"](square))
    assert twice.tobytes() == square.tobytes()
    assert white(PREPROCESSORS["invert"](square))[64, 64]


def test_an_absent_library_is_named_with_the_way_to_install_it(monkeypatch, square):
    monkeypatch.setitem(sys.modules, "cv2", None)  # Python's own way to say: not installed
    for name in ("canny", "scribble", "soft edge"):
        with pytest.raises(MissingLibraryError, match=r"media-lab-studio\[control\]"):
            PREPROCESSORS[name](square)
        with pytest.raises(MissingLibraryError):
            check_library(name)
    check_library("none")
    PREPROCESSORS["tile"](square)
