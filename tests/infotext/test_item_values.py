"""The value of an item becomes settings, however its number is written; an unknown one none."""

import pytest

from medialab.infotext.item_values import is_read, read_item


@pytest.mark.parametrize(
    ("key", "value", "settings"),
    [
        ("Steps", "20", {"steps": 20}),
        ("Steps", "20.0", {"steps": 20}),
        ("Steps", "20,0", {"steps": 20}),
        ("CFG scale", "7,5", {"guidance_scale": 7.5}),
        ("Clip skip", "-2", {"clip_skip": 2}),
        ("Size", "512x768", {"width": 512, "height": 768}),
        ("FP8 weight", "Disable", {"weight_dtype": "default"}),
        ("Media Lab stages", '{"sharpen": 0.5}', {"sharpen": 0.5}),
    ],
)
def test_a_value_becomes_settings(key, value, settings):
    assert is_read(key)
    assert read_item(key, {key: value}) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Steps", "twenty"),
        ("Steps", "20.5"),
        ("Size", "512 by 512"),
        ("FP8 weight", "perhaps"),
        ("Media Lab stages", "[1, 2]"),
    ],
)
def test_a_value_that_is_not_known_becomes_none(key, value):
    assert read_item(key, {key: value}) == {}


def test_an_item_of_another_key_is_not_read():
    assert not is_read("Time taken")
