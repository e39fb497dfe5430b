"""The detailer's settings."""

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.families.habits import DetailerHabits
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.settings import DetailerConfig


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"iou": 1.5}, "face.iou=1.5: .*less than or equal to 1"),
        ({"min_size": -1}, "face.min_size=-1"),
        ({"dynamic_power": 11}, "face.dynamic_power=11"),
        ({"cycles": 0}, "face.cycles=0"),
        ({"cycles": 11}, "face.cycles=11"),
        ({"noise_mask_feather": 101}, "face.noise_mask_feather=101"),
        ({"noise_multiplier": 2}, "face.noise_multiplier=2"),
        ({"match_size": "tight"}, "face.match_size='tight': choose one of off, strict, free"),
        ({"fallback": "left"}, "face.fallback='left': choose one of none, centre"),
        ({"width": 100}, "face.width=100: .*multiple of 8"),
        ({"min_ratio": 0.5, "max_ratio": 0.2}, "min_ratio 0.5 is above max_ratio 0.2"),
        ({"detector": " , "}, "detector ' , ' names none"),
        ({"words": 3}, "face.words=3"),
        ({"detections": [{"box": (4, 4, 4, 9)}]}, r"the box \(4, 4, 4, 9\) is empty"),
        ({"crop_facto": 2}, "no setting 'face.crop_facto'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        PipelineConfig.parse({"face": settings})


def test_words_may_be_one_text():
    assert DetailerConfig(words="left hand, right hand,").words == ("left hand", "right hand")
    assert DetailerConfig(words=["cat"]).words == ("cat",)


def test_a_chain_is_told_apart_at_its_commas():
    assert DetailerConfig(detector="a, b c ,centre").chain == ("a", "b c", "centre")
    assert DetailerConfig().detects
    assert not DetailerConfig(detector="centre").detects
    assert not DetailerConfig(detections=()).detects


def test_defaults_are_adetailers_with_impacts_crop():
    settings = DetailerConfig()
    assert (settings.confidence, DetailerHabits().strength) == (0.3, 0.4)
    assert (settings.grow, settings.mask_blur, settings.padding) == (4, 4, 32)
    assert (settings.crop, DetailerHabits().crop_factor, settings.iou) == ("factor", 3.0, 0.5)
    assert (settings.cycles, settings.noise_multiplier, settings.dynamic_power) == (1, 1.0, 0.0)


def resolved(**settings):
    return ResolvedConfig(
        width=64, height=64, seed=3, checkpoint_sha256="0" * 64, prompt="a doll", **settings
    )


def test_wildcards_of_a_detailer_and_of_its_finds_are_drawn_from_the_seed(tmp_path):
    (tmp_path / "mood.txt").write_text("happy\nsad\ncross\ncalm\n")
    find = DetectionEdit(box=(0, 0, 8, 8), prompt="a __mood__ face")
    face = {"enabled": True, "prompt": "{a|b|c|d} __mood__", "detections": [find]}
    once, again, other = (
        resolved(face=face).model_copy(update={"seed": seed}).drawn(tmp_path).face
        for seed in (3, 3, 4)
    )
    assert "__" not in once.prompt + once.detections[0].prompt
    assert "{" not in once.prompt
    assert once == again
    assert once != other


def test_what_finds_name_in_their_prompts_counts_as_asked():
    find = DetectionEdit(box=(0, 0, 8, 8), prompt="mina <lora:ink:1>")
    config = resolved(face={"enabled": True, "detections": [find]})
    assert config.lora_names() == {"ink"}
    assert "mina <lora:ink:1>" in config.texts()
