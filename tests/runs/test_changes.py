"""A picture's settings are changed for the next one, a stage's in part."""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.runs.changes import changed

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


@pytest.fixture
def resolver(bench):
    return bench._resolver


def test_a_changed_stage_keeps_its_other_settings(resolver):
    face = {"enabled": True, "steps": 3, "detector": "mine"}
    config = resolver.resolve(ASKED).changed(face=face)
    other = resolver.changed(config, {"face": {"steps": 5}, "prompt": "a blue ball"})
    assert (other.face.steps, other.face.detector, other.face.enabled) == (5, "mine", True)
    assert (other.prompt, other.seed) == ("a blue ball", 7)
    assert type(other) is PipelineConfig


def test_another_picture_has_its_own_size_unless_one_is_set(resolver):
    first, second = (
        resolver.pictures.keep(Image.new("RGB", size, "green")) for size in ((64, 72), (80, 96))
    )
    config = resolver.resolve(ASKED.changed(image=first, mode="img2img", width=None, height=None))
    assert (config.width, config.height) == (64, 72)
    assert resolver.changed(config, {"image": second}).width is None
    assert resolver.changed(config, {"image": second, "width": 64}).width == 64
    larger = config.changed(width=128, height=144)
    assert resolver.changed(larger, {"image": second}).width == 128


def test_a_mask_that_is_named_is_meant_for_this_picture_and_others_stay_with_theirs(resolver):
    first, second, picture = "a" * 64, "b" * 64, "c" * 64
    masks = {"face": {"mask": first}, "hand": {"mask": second}}
    theirs = {first: picture, second: picture}
    config = ASKED.changed(**masks, made_for=theirs)
    pictures = resolver.pictures
    assert changed(config, {"seed": 8}, pictures).made_for == theirs
    assert changed(config, {"face": {"mask": first}}, pictures).made_for == {second: picture}
