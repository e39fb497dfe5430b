"""One part of a picture's settings is taken, and nothing else."""

import pytest

from medialab import PipelineConfig
from medialab.stages.detailer.edits import DetectionEdit
from widgets.settings_parts import PARTS, with_part

NOW = PipelineConfig(prompt="mine", seed=1, steps=7)
THEIRS = PipelineConfig(
    prompt="theirs",
    negative_prompt="blurry",
    seed=2,
    steps=9,
    width=96,
    height=64,
    sharpen=1.0,
    face={
        "enabled": True,
        "confidence": 0.9,
        "detections": [DetectionEdit(label="face", box=(1, 2, 5, 6))],
    },
)


def changed(part):
    new = with_part(NOW, THEIRS, part)
    return {name for name, value in new if value != getattr(NOW, name)}


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("prompt", {"prompt", "negative_prompt"}),
        ("seed", {"seed"}),
        ("size", {"width", "height"}),
        ("stages", {"face", "sharpen"}),
    ],
)
def test_a_part_is_taken_alone(part, names):
    assert changed(part) == names


def test_every_part_is_tested():
    assert {"prompt", "seed", "size", "stages"} == {*PARTS}


def test_boxes_stay_with_their_picture():
    face = with_part(NOW, THEIRS, "stages").face
    assert (face.enabled, face.confidence, face.detections) == (True, 0.9, None)
