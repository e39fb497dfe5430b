"""What differs between two pictures is told setting by setting, without what is this machine's."""

from medialab.artifacts import Difference
from medialab.artifacts.differences import differences, settings_in
from medialab.config.pipeline import PipelineConfig
from tests.artifacts.pictures import config


def test_only_what_differs_is_told_with_both_values():
    one = config(prompt="a ball", seed=7, threads=1, face={"enabled": True, "steps": 9})
    other = config(prompt="a ball", seed=8, threads=4, face={"enabled": True})
    assert differences(one, other) == [
        Difference("seed", 7, 8),
        Difference("face.steps", 9, None),
    ]
    assert differences(one, one) == []


def test_a_stage_that_is_off_differs_in_its_switch_and_its_own_settings_are_none():
    found = differences(config(), config(hand={"enabled": True, "grow": 9}))
    assert found[0] == Difference("hand.enabled", False, True)
    assert Difference("hand.grow", None, 9) in found


def test_modes_that_are_not_in_use_are_left_out():
    assert not [name for name in settings_in(PipelineConfig()) if name.startswith("inpaint")]
    names = settings_in(PipelineConfig(mode="inpaint", image="a" * 64))
    assert "inpaint.mask_blur" in names


def test_two_saved_pictures_are_compared_by_their_paths(manager, save):
    one, other = save(prompt="a ball"), save(prompt="a hat")
    assert manager.differences(one.path, other.path) == [Difference("prompt", "a ball", "a hat")]
