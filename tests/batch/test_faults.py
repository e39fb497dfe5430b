"""Faults of a sweep: all at once, each with its row and its setting."""

import pytest

from medialab import PipelineConfig
from medialab.batch.faults import MOST_TOLD, Fault
from medialab.batch.sweep import Sweep
from medialab.errors import ConfigError

BASE = PipelineConfig(prompt="a red car", seed=7)


def test_each_wrong_value_is_told_once():
    sweep = Sweep(BASE, {"guidance_scale": [3, "x", 700], "seed": [1, 2], "sampler": "Euler, Eulr"})

    assert [(fault.row, fault.rows, fault.axis, fault.label) for fault in sweep.faults] == [
        (4, 4, "guidance_scale", "x"),
        (8, 4, "guidance_scale", "700"),
        (1, 6, "sampler", "Eulr"),
    ]
    assert [fault.field for fault in sweep.faults] == ["guidance_scale"] * 2 + ["sampler"]
    with pytest.raises(
        ConfigError, match=r"(?s)'x'.*write a number.*700.*30.*Did you mean 'Euler'"
    ):
        sweep.check()


def test_a_wrong_combination_is_told_with_its_row():
    # A width alone is right, whatever the mode; text to image cannot draw one so small.
    sweep = Sweep(BASE, {"mode": ["txt2img", "enhance"], "width": [8, 64]})

    assert [(fault.row, fault.axis, fault.field) for fault in sweep.faults] == [(0, "", "width")]
    assert "width=8" in sweep.faults[0].message


def test_a_value_that_is_wrong_alone_may_be_right_with_another():
    sweep = Sweep(BASE, {"mode": ["enhance"], "width": [8, 64]})

    assert sweep.faults == []


def test_many_faults_are_counted():
    sweep = Sweep(BASE, {"steps": [-step for step in range(1, MOST_TOLD + 6)]})

    with pytest.raises(ConfigError, match="and 5 more faults"):
        sweep.check()


def test_the_names_of_settings_in_faults_are_whole():
    (fault,) = Sweep(BASE, {"face.denoising_strength": [0.5, 2]}).faults

    assert fault.message.startswith("face.denoising_strength=2")
    assert str(fault).startswith("row 1 (face.denoising_strength 2): ")


def test_each_value_that_only_the_base_refuses_is_told_once():
    sweep = Sweep(BASE.changed(height=64), {"width": [8, 64], "seed": [1, 2]})

    assert [str(fault) for fault in sweep.faults] == [
        "row 0 and 1 more (width 8): width=8: width and height go from 64 to 4096 pixels"
    ]


def test_a_fault_of_a_stages_settings_names_the_stage():
    (fault,) = Sweep(BASE, {"upscaler.tile": [192, 32], "upscaler.overlap": [16, 32]}).faults

    assert fault.row == 3
    assert fault.message.startswith("upscaler: tile 32 is too small for overlap 32")


def test_a_fault_says_how_many_rows_have_it():
    assert str(Fault(4, "steps", "-1", "steps=-1: too few", "steps", 1200)) == (
        "row 4 and 1,199 more (steps -1): steps=-1: too few"
    )
    assert str(Fault(4, "", "1, 64", "width=8: too small")) == "row 4 (1, 64): width=8: too small"
