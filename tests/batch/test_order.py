"""The order of a sweep's pictures, and which of them are the same."""

import pytest

from medialab import PipelineConfig
from medialab.batch.order import costliest_first, rank, same_pictures
from medialab.batch.sweep import Sweep

BASE = PipelineConfig(prompt="a red car", seed=7)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("checkpoint", "prompt"),
        ("prompt", "steps"),
        ("steps", "refiner.scale"),
        ("refiner.scale", "face.denoising_strength"),
        ("face.denoising_strength", "hand.denoising_strength"),
        ("hand.denoising_strength", "upscaler.scale"),
        ("upscaler.scale", "format"),
    ],
)
def test_a_setting_ranks_by_the_first_stage_that_it_changes(earlier, later):
    assert rank(earlier) < rank(later)


def test_what_costs_most_changes_least_often():
    sweep = Sweep(
        BASE,
        {"face.denoising_strength": [0.2, 0.4], "checkpoint": ["a", "b"], "seed": [1, 2]},
    )

    made = [sweep.settings(row) for row in costliest_first(sweep)]

    assert [one["checkpoint"] for one in made] == ["a"] * 4 + ["b"] * 4
    assert [one["seed"] for one in made] == [1, 1, 2, 2] * 2
    assert [one["face.denoising_strength"] for one in made] == [0.2, 0.4] * 4
    assert sorted(costliest_first(sweep)) == [*range(8)]


def test_the_same_request_is_one_picture():
    sweep = Sweep(BASE, {"steps": [4, 8, 4], "seed": [1, 2]})

    assert same_pictures(sweep) == {4: 0, 5: 1}


def test_settings_of_a_stage_that_does_not_run_make_no_difference():
    sweep = Sweep(BASE, {"face.enabled": [False, True], "face.steps": [4, 8]})

    assert same_pictures(sweep) == {1: 0}


def test_values_that_read_alike_are_the_same():
    sweep = Sweep(BASE, {"guidance_scale": [3, 3.0, "3"], "loras": [["ink"], ["ink:1"]]})

    assert same_pictures(sweep) == dict.fromkeys(range(1, 6), 0)
