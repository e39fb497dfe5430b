"""A batch's pictures are tiles on pages, small and only when a page asks for them."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.batch.sweep import Sweep
from medialab.process.events import Event
from widgets.batch_tiles import BatchTiles, artifact_of, label_of_row, small_copy
from widgets.viewer import Viewer

BASE = PipelineConfig(checkpoint="paperdoll", prompt="a doll", seed=3)


def test_two_axes_are_rows_and_columns_named_as_in_the_form(begun, panel_of):
    panel = panel_of(begun({"guidance_scale": [3, 5], "steps": [1, 2, 3]}))
    grid = panel._viewer.grid
    assert grid["rows"] == ["Guidance 3", "Guidance 5"]
    assert grid["columns"] == ["Steps 1", "Steps 2", "Steps 3"]
    assert (panel.tiles.pages, panel.tiles.title) == (1, "")


def test_one_axis_side_by_side_and_a_random_choice_are_tiles_with_their_own_labels(
    bench, begun, panel_of
):
    assert panel_of(begun({"seed": "1-3"}))._viewer.grid["labels"] == ["Seed 1", "Seed 2", "Seed 3"]
    axes = {"steps": [1, 2], "seed": [5, 6]}
    batch = bench.sweep(BASE, axes, "zip", name="pairs")
    grid = panel_of(batch)._viewer.grid
    assert (grid["labels"], grid["rows"]) == (["Steps 1, Seed 5", "Steps 2, Seed 6"], [])
    some = bench.sweep(BASE, axes, "random", count=1, name="one")
    assert len(panel_of(some)._viewer.grid["labels"]) == 1


def test_a_thousand_pictures_take_ten_pages_and_none_is_read_before_it_is_asked_for(
    bench, panel_of, monkeypatch
):
    batch = bench.sweep(BASE, {"seed": "1-1000"}, name="many")
    panel = panel_of(batch)
    read = []
    monkeypatch.setattr(panel.tiles, "small", read.append)
    assert panel.tiles.pages == 10
    assert len(panel._viewer.grid["labels"]) == 100
    panel.act("page", {"page": 9})
    assert panel._viewer.grid["labels"][-1] == "Seed 1000"
    panel.act("page", {"page": 50})
    assert (panel.tiles.page, panel.bar.batch["page"], read) == (9, 9, [])


def test_a_third_axis_is_the_title_of_its_page(begun, panel_of):
    panel = panel_of(begun({"seed": [1, 2], "guidance_scale": [3, 5], "steps": [1, 2]}))
    assert (panel.tiles.pages, panel.tiles.title) == (2, "Seed 1")
    panel.tiles.turn(1)
    assert panel.tiles.title == "Seed 2"
    assert panel.tiles.row(3) == 7
    assert (panel.tiles.index(7), panel.tiles.index(0)) == (3, -1)
    assert panel.tiles.row(4) is None


def test_a_tile_has_its_picture_small_and_its_stars(bench, begun, panel_of):
    batch = begun({"seed": "1-2"}, make=True)
    bench.artifacts.annotate(panel_of(batch).tiles.path(1), stars=4)
    panel = panel_of(batch)
    assert panel._viewer.grid["badges"] == ["", "★4"]
    with Image.open(BytesIO(panel.tiles.small(0))) as small:
        assert (small.format, max(small.size) <= 512) == ("WEBP", True)
    assert artifact_of(panel.tiles.path(0)).seed == 1


def test_a_tile_without_a_picture_says_why(bench, begun, panel_of):
    batch = begun({"seed": "1-2"}, make=True)
    panel = panel_of(batch)
    bench.artifacts.delete(panel.tiles.path(0))
    panel.tiles.renew(0)
    assert panel._viewer.grid["badges"] == ["deleted", ""]
    assert panel.tiles.small(0) == b""
    assert panel.tiles.why_missing(0) == "Seed 1: this picture is no longer there"
    fresh = panel_of(begun({"seed": "7-8"}, "fresh"))
    assert fresh.tiles.why_missing(1) == "Seed 8: this picture is not made yet"


def test_a_row_that_is_being_drawn_has_its_preview_until_it_is_made(bench, begun, panel_of):
    panel = panel_of(begun({"seed": "1-3"}, steps=3, draw_together=3))
    renewed, seen = panel._viewer.renew_tile, {}

    def watch(index, badge=""):
        renewed(index, badge)
        seen.setdefault(index, []).append(panel.tiles.small(index))

    panel._viewer.renew_tile = watch
    panel.resume()
    assert panel.run.wait(60)
    assert {*seen} == {0, 1, 2}
    assert len({one[0] for one in seen.values()}) == 3  # each its own
    for index, pictures in seen.items():
        assert len(pictures) > 1
        assert pictures[0] not in {b"", panel.tiles.small(index)}
    assert panel.tiles._previews == {}
    with Image.open(BytesIO(panel.tiles.small(0))) as small:
        assert panel._viewer.grid["size"] == list(small.size)


def test_no_preview_is_drawn_for_a_tile_that_is_elsewhere_or_has_its_picture(begun, panel_of):
    panel = panel_of(begun({"seed": "1-2"}, make=True))
    step = Event("step", "1", stage="txt2img", draws=lambda: pytest.fail("nobody looks"))
    panel.tiles.preview(0, step)
    fresh = panel_of(begun({"seed": "7-8"}, "fresh"))
    fresh.tiles.preview(5, step)
    fresh.tiles.preview(1, replace(step, stage="face"))


def test_previews_go_when_a_batch_is_stopped_and_shape_the_tiles_until_then(begun, panel_of):
    panel = panel_of(begun({"seed": "1-2"}))
    picture = Image.new("RGB", (40, 20), "red")
    panel.tiles.preview(1, Event("beside", "1", stage="txt2img", draws=lambda: picture))
    assert panel.tiles.small(1)
    assert panel._viewer.grid["size"] == [40, 20]
    panel.tiles.end_previews()
    assert panel.tiles.small(1) == b""


def test_large_pages_have_the_historys_thumbnails(bench, begun, panel_of, monkeypatch):
    batch = begun({"seed": "1-1"}, make=True)
    panel = panel_of(batch)
    monkeypatch.setattr(panel.tiles, "_rows", [0] * 50)
    assert panel.tiles.small(0) == bench.artifacts.thumbnail(panel.tiles.path(0))


def test_a_viewer_opens_and_compares_rows(bench):
    told = []
    tiles = BatchTiles(
        Viewer(), bench.artifacts, told.append, lambda left, right: told.append((left, right))
    )
    tiles.open(0)  # nothing is shown
    assert told == []


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_small_copy_keeps_the_shape_and_the_picture_as_it_is(mode):
    picture = Image.new(mode, (300, 100), "red")
    with Image.open(BytesIO(small_copy(picture, 64))) as small:
        assert small.size == (64, 21)
    assert picture.size == (300, 100)


def test_a_row_is_named_by_its_values():
    sweep = Sweep(BASE, {"sampler": ["Euler"], "steps": [7]})
    assert label_of_row(sweep, 0) == "Euler, Steps 7"
