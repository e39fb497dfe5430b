"""The pages of contact sheets: every cell has a place, and its values are told."""

import pytest

from medialab import PipelineConfig
from medialab.batch.pages import pages_of
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError

BASE = PipelineConfig(prompt="a red ball")


def test_two_axes_are_the_edges_of_one_page():
    (page,) = pages_of(Sweep(BASE, {"seed": [1, 2], "guidance_scale": [3, 5, 7]}))

    assert page.title == ""
    assert page.columns == ["guidance scale 3", "guidance scale 5", "guidance scale 7"]
    assert page.rows == ["seed 1", "seed 2"]
    assert page.cells == [[0, 1, 2], [3, 4, 5]]


def test_other_axes_may_be_the_edges_and_the_rest_are_pages():
    sweep = Sweep(BASE, {"seed": [1, 2], "steps": [4, 8], "guidance_scale": [3, 5, 7]})

    pages = [*pages_of(sweep, rows="guidance_scale", columns="seed")]

    assert [page.title for page in pages] == ["steps 4", "steps 8"]
    assert [[sweep.settings(row) for row in line] for line in pages[1].cells][2] == [
        {"seed": seed, "steps": 8, "guidance_scale": 7.0} for seed in (1, 2)
    ]


def test_a_large_grid_takes_several_pages_and_loses_nothing():
    sweep = Sweep(BASE, {"seed": "1-25", "steps": "1-12"})

    pages = [*pages_of(sweep)]

    assert len(pages) == 6
    assert sorted(row for page in pages for line in page.cells for row in line) == [*range(300)]


@pytest.mark.parametrize("how", ["zip", "random"])
def test_every_cell_has_a_place_whatever_the_way(how):
    count = {"count": 5} if how == "random" else {}
    sweep = Sweep(BASE, {"seed": [1, 2, 3], "steps": [4, 8, 12]}, how, **count)

    cells = [row for page in pages_of(sweep) for line in page.cells for row in line]

    assert sorted(row for row in cells if row is not None) == [*range(len(sweep))]


def test_an_axis_that_is_not_swept_is_told():
    sweep = Sweep(BASE, {"seed": [1, 2], "steps": [4, 8]})

    with pytest.raises(BatchError, match="Did you mean 'steps'"):
        next(pages_of(sweep, rows="stps"))
    with pytest.raises(BatchError, match="named twice"):
        next(pages_of(sweep, rows="steps", columns="steps"))


def test_pages_may_be_named_and_all_that_is_left_goes_to_the_rows():
    axes = {"seed": [1, 2], "steps": [4, 8], "guidance_scale": [3, 5, 7], "clip_skip": [1, 2]}

    pages = [*pages_of(Sweep(BASE, axes), pages="steps")]

    assert [page.title for page in pages] == ["steps 4", "steps 8"]
    assert pages[0].columns == ["clip skip 1", "clip skip 2"]
    assert len(pages[0].rows) == 6
    assert pages[0].rows[4] == "seed 2, guidance scale 5"


def test_several_axes_may_share_an_edge():
    sweep = Sweep(BASE, {"seed": [1, 2], "steps": [4, 8], "guidance_scale": [3, 5]})

    (page,) = pages_of(sweep, columns=["steps", "guidance_scale"], rows="seed")

    assert page.columns[1] == "steps 4, guidance scale 5"
    assert [*page.cells[1]] == [4, 5, 6, 7]


def test_one_axis_fills_pages_with_a_caption_at_each_tile():
    first, second = pages_of(Sweep(BASE, {"seed": "1-105"}))

    assert [len(line) for line in first.cells] == [10] * 10
    assert [*second.cells[0]] == [100, 101, 102, 103, 104]
    assert (first.title, first.captions[7]) == ("seed", "8")


def test_a_random_choice_of_a_large_grid_has_no_empty_pages():
    sweep = Sweep(
        BASE, {"seed": "1-1000", "steps": "1-100", "guidance_scale": [3, 5]}, "random", count=30
    )

    assert len([*pages_of(sweep)]) == 1
    asked = [*pages_of(sweep, rows="steps", columns="guidance_scale")]
    assert all(any(cell is not None for line in page.cells for cell in line) for page in asked)
    assert sum(cell is not None for page in asked for line in page.cells for cell in line) == 30


def test_a_label_that_no_font_can_write_is_the_values_number():
    odd = "\U0010fffd" * 3
    (page,) = pages_of(Sweep(BASE, {"prompt": ["a cat", odd], "seed": [1, 2]}))
    (captioned,) = pages_of(Sweep(BASE, {"prompt": ["a cat", odd]}))

    assert page.rows == ["a cat", "prompt no. 2"]
    assert captioned.captions == {0: "a cat", 1: "row 1"}
