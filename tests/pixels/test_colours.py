"""Colours brought back to another picture's, or stretched to their full range."""

import numpy as np
import pytest
from PIL import Image

from medialab.pixels.colours import (
    COMPARED_SIDE,
    _to_lab,
    _to_rgb,
    balanced,
    matched,
    small_copy,
)


@pytest.fixture
def scene():
    """Sky over grass, with some unevenness."""
    pixels = np.zeros((96, 96, 3), float)
    pixels[:48], pixels[48:] = (120, 170, 230), (90, 160, 60)
    noisy = pixels + np.random.default_rng(0).normal(0, 12, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def statistics(image):
    colours = _to_lab(image).reshape(-1, 3)
    return np.concatenate([colours.mean(0), colours.std(0)])


def test_every_colour_comes_back_from_lab_as_it_was():
    levels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    back = (_to_rgb(_to_lab(Image.fromarray(levels))) * 255).round().astype(int)
    assert np.abs(back - levels).max() <= 1


def test_known_colours_have_the_numbers_that_cie_gives_them():
    for colour, wanted in (
        ("white", (100, 0, 0)),
        ("black", (0, 0, 0)),
        ("red", (53.2, 80.1, 67.2)),
    ):
        found = _to_lab(Image.new("RGB", (2, 2), colour))[0, 0]
        np.testing.assert_allclose(found, wanted, atol=0.1)


def test_a_cast_is_taken_away_as_far_as_the_strength_says(scene):
    cast = Image.fromarray((np.asarray(scene) * [1.0, 0.8, 0.6] + [20, 0, 0]).astype(np.uint8))
    distances = [
        np.abs(statistics(matched(cast, scene, strength)) - statistics(scene)).max()
        for strength in (0.0, 0.5, 1.0)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 10
    assert distances[-1] < 1.5


def test_what_is_the_same_already_keeps_every_byte(scene):
    assert matched(scene, scene, 1.0) is scene
    assert matched(scene, Image.new("RGB", (8, 8), "red"), 0.0) is scene


def test_a_flat_picture_is_shifted_and_not_blown_up(scene):
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    found = np.asarray(matched(grey, scene, 1.0)).astype(int)
    assert np.ptp(found, axis=(0, 1)).max() == 0


def test_an_enlarged_picture_is_compared_with_what_it_was_made_of(scene):
    large = scene.resize((384, 384), Image.Resampling.LANCZOS)
    assert small_copy(large).size == (128, 128)
    assert max(small_copy(large.resize((1000, 700))).size) <= COMPARED_SIDE
    assert small_copy(scene) is scene
    change = np.abs(np.asarray(matched(large, scene, 1.0)).astype(int) - np.asarray(large))
    assert change.mean() < 2


def ends(image):
    """Of each channel the level below which 1 % of the pixels lie, and the one above."""
    return np.percentile(np.asarray(image), [1, 99], axis=(0, 1)).T


def test_haze_and_a_cast_are_stretched_away_as_far_as_the_strength_says():
    clear = np.random.default_rng(4).integers(0, 256, (96, 96, 3))
    hazy = Image.fromarray((clear * [0.5, 0.45, 0.4] + [90, 100, 110]).astype(np.uint8))
    half, full = (ends(balanced(hazy, strength)) for strength in (0.5, 1.0))
    assert (full[:, 0] <= 8).all()
    assert (full[:, 1] >= 247).all()
    assert np.abs(half - (ends(hazy) + full) / 2).max() <= 1
    assert balanced(hazy, 0.0).tobytes() == hazy.tobytes()


def test_a_picture_of_full_range_keeps_its_levels():
    ramp = np.tile(np.arange(256, dtype=np.uint8).repeat(4), (64, 1))
    picture = Image.fromarray(np.stack([ramp] * 3, axis=2))
    moved = np.abs(np.asarray(balanced(picture, 1.0)).astype(int) - np.asarray(picture))
    assert moved.max() <= 2


@pytest.mark.parametrize("level", [0, 3, 200, 255])
def test_one_level_stays_as_it_is(level):
    picture = Image.new("RGB", (32, 32), (level, 128, 255 - level))
    assert balanced(picture, 1.0).tobytes() == picture.tobytes()


def test_a_few_close_levels_are_pulled_apart_three_times_at_most_and_stay_in_their_place():
    levels = np.random.default_rng(2).integers(198, 207, (64, 64, 1)).repeat(3, axis=2)
    found = np.asarray(balanced(Image.fromarray(levels.astype(np.uint8)), 1.0)).astype(int)
    assert np.ptp(found) == 24
    assert 190 <= found.mean() <= 215
    assert (found[..., 0] == found[..., 2]).all()  # grey stays grey


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2)])
def test_pictures_of_a_few_pixels_are_balanced_too(size):
    assert balanced(Image.effect_noise(size, 50).convert("RGB"), 1.0).size == size
