"""Sweeps: the cells of several axes, each a request."""

import itertools

import pytest

from medialab import PipelineConfig
from medialab.batch.axes import MOST_CELLS
from medialab.batch.sweep import Sweep
from medialab.errors import ConfigError

BASE = PipelineConfig(prompt="a red car", seed=7)


def test_in_a_grid_the_last_axis_varies_fastest():
    sweep = Sweep(BASE, {"steps": [4, 8], "guidance_scale": [1, 2, 3]})

    assert len(sweep) == 6
    assert [sweep.settings(row) for row in range(3)] == [
        {"steps": 4, "guidance_scale": scale} for scale in (1, 2, 3)
    ]
    assert sweep.place(5) == (1, 2)
    assert sweep.labels(5) == {"steps": "8", "guidance_scale": "3"}


def test_a_cell_is_the_base_with_its_settings():
    sweep = Sweep(BASE, {"face.denoising_strength": "0.2-0.6 [3]", "prompt": ["a cat", "a dog"]})
    face = BASE.face.model_copy(update={"denoising_strength": 0.4})

    assert sweep.config(3) == BASE.model_copy(update={"prompt": "a dog", "face": face})
    assert len([*sweep.configs()]) == 6


def test_zipped_axes_go_side_by_side():
    sweep = Sweep(BASE, {"steps": [4, 8], "seed": [1, 2]}, "zip")

    assert [sweep.settings(row) for row in range(len(sweep))] == [
        {"steps": 4, "seed": 1},
        {"steps": 8, "seed": 2},
    ]


def test_zipped_axes_have_as_many_values():
    with pytest.raises(ConfigError, match="steps has 2, seed has 3"):
        Sweep(BASE, {"steps": [4, 8], "seed": [1, 2, 3]}, "zip")


def test_a_random_choice_is_the_same_for_the_same_seed():
    axes = {"steps": "1-100", "guidance_scale": "1-20", "seed": "1-1000"}
    chosen = [Sweep(BASE, axes, "random", count=20, seed=seed) for seed in (3, 3, 4)]
    settings = [[one.settings(row) for row in range(20)] for one in chosen]

    assert settings[0] == settings[1] != settings[2]
    assert len({str(one) for one in settings[0]}) == 20


@pytest.mark.parametrize("count", [None, 0, 7])
def test_a_random_choice_is_at_most_all(count):
    with pytest.raises(ConfigError, match="needs 1 to 6"):
        Sweep(BASE, {"steps": [1, 2, 3], "seed": [1, 2]}, "random", count=count)


def test_a_count_is_for_a_random_choice_only():
    with pytest.raises(ConfigError, match="leave it out"):
        Sweep(BASE, {"steps": [1, 2, 3]}, count=2)


def test_an_unknown_way_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'grid'"):
        Sweep(BASE, {"steps": [1]}, "gird")


def test_far_too_many_pictures_are_refused_with_their_count():
    axes = {"steps": "1-100", "guidance_scale": "1-20 [10000]", "seed": "1-1000"}

    with pytest.raises(ConfigError, match="1,000,000,000 pictures"):
        Sweep(BASE, axes)
    assert len(Sweep(BASE, axes, "random", count=3)) == 3
    assert MOST_CELLS < 10**9


@pytest.mark.parametrize(
    ("values", "told"),
    [(range(10**9), "1,000,000,000 values"), (itertools.count(), "endlessly many values")],
)
def test_an_axis_without_an_end_is_refused_with_its_count(values, told):
    with pytest.raises(ConfigError, match=f"seed has {told}, over 1,000,000"):
        Sweep(BASE, {"seed": values})


@pytest.mark.thorough
def test_a_random_choice_from_more_than_a_machine_counts():
    many = {f"{stage}.steps": "1-100" for stage in ("body", "face", "hand", "refiner")}
    many |= {f"{stage}.guidance_scale": "1-20 [5000]" for stage in ("body", "face", "hand")}

    sweep = Sweep(BASE, many, "random", count=3, seed=1)

    assert [*sweep.configs()] == [*Sweep(BASE, many, "random", count=3, seed=1).configs()]
    assert len({sweep.place(row) for row in range(3)}) == 3


def test_a_sweep_without_axes_is_one_picture():
    sweep = Sweep(BASE, {})

    assert [*sweep.configs()] == [BASE]
