"""A batch in a notebook's cell, without the studio, is made, marked and gone on with."""

from medialab import PipelineConfig
from widgets import BatchGrid


def test_it_shows_makes_and_gives_what_is_marked(begun, bench):
    grid = BatchGrid(begun({"seed": "1-3"}))
    assert grid.wait(0)  # nothing is being made
    grid.resume()
    assert grid.wait(60)
    grid._viewer.set_state({"marked": [2]})
    (chosen,) = grid.marked
    assert chosen.seed == 3
    run = bench.enhance(chosen.path, PipelineConfig(prompt="a doll", steps=1))
    assert run.image.size == (64, 64)
    assert "start" not in grid._panel.bar.offers
    assert repr(grid).startswith("A batch's grid")


def test_an_owner_can_take_a_picture_to_start_from(begun):
    taken = []
    grid = BatchGrid(begun({"seed": "1-2"}, make=True), start=taken.append)
    grid._viewer.set_state({"marked": [0]})
    grid._panel.act("start", {})
    assert [one.seed for one in taken] == [1]
