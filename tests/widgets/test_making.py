"""The button makes one picture or a batch, all or none; what it costs is told beforehand."""

import time
from types import SimpleNamespace

import pytest

from widgets.batch_marks import BatchActs
from widgets.batches import Batches
from widgets.canvas import Canvas
from widgets.catalogue import Catalogue
from widgets.making import Making
from widgets.queue_rows import QueueRows
from widgets.requests import FaultsError
from widgets.session import Session

SECONDS = 120


@pytest.fixture
def desk(bench):
    """A button over a real session; a press makes what it asks for."""
    canvas, catalogue = Canvas(), Catalogue(bench)
    catalogue.refresh()
    base = {"checkpoint": "paperdoll", "prompt": "a doll", "steps": 1, "seed": 5}

    def press():
        desk.making.submit()

    show_error = lambda error, trace: pytest.fail(trace)  # noqa: E731 - as the studio's
    queue = QueueRows(bench, canvas.foot, lambda one: None, lambda submit: submit(), show_error)
    session = Session(bench, canvas, queue, lambda run: None, lambda run: None)
    desk = SimpleNamespace(bench=bench, canvas=canvas, base=base, session=session)

    def drawn():
        queue.draw()
        desk.making.count_jobs()

    acts = BatchActs(event=session.show_of_batch, drawn=drawn, close=canvas.free_grid)
    desk.batches = Batches(bench, canvas, queue, acts, show_error)
    desk.making = Making(bench, catalogue, lambda: base, session, desk.batches, press, show_error)
    desk.button = desk.making.button
    yield desk
    desk.batches.stop()
    for one in desk.batches.panel.made_here.values():
        one.run.wait(SECONDS)
    session.close()


def press(desk):
    desk.button._handle_custom_msg({"kind": "generate"}, [])


def wait(desk):
    desk.session.wait(SECONDS)
    for one in desk.batches.panel.made_here.values():
        assert one.run.wait(SECONDS)
    wait_until(lambda: not desk.session.is_busy and not desk.batches.left)
    assert desk.canvas.foot.error == {}


def wait_until(is_so):
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def pictures(desk):
    return [(one.prompt, one.seed) for one in reversed(desk.bench.artifacts.find())]


def test_a_press_makes_the_picture_of_the_form(desk):
    press(desk)
    wait(desk)
    assert pictures(desk) == [("a doll", 5)]
    assert desk.canvas.picture is not None
    assert (desk.button.running, desk.button.waiting) == (0, 0)


def test_several_are_a_batch_that_fills_a_grid(desk):
    desk.button.ask(mode="times", times=3)
    press(desk)
    viewer = desk.canvas.viewer
    assert viewer.mode == "grid"
    assert viewer.grid["labels"] == ["Seed 5", "Seed 6", "Seed 7"]
    wait(desk)
    assert pictures(desk) == [("a doll", 5), ("a doll", 6), ("a doll", 7)]
    assert viewer.mode == "grid"  # no finished picture takes its place
    assert desk.bench.batches() == ["a doll - 3 seeds"]


def test_what_it_costs_is_told_and_the_name_goes_on_where_it_was_stopped(desk):
    desk.button.ask(mode="times", times=2)
    assert (desk.button.note, desk.button.proposed) == ("2 pictures", "a doll - 2 seeds")
    assert desk.button.plan == "2 pictures, time not known yet, disk not known yet."
    desk.making.submit()
    wait(desk)
    desk.button.ask(times=3)
    assert desk.button.note.startswith("1 picture · ")
    assert desk.button.plan.startswith("3 pictures, 2 made already, about ")
    assert "MB" in desk.button.plan
    desk.button.ask(times=2)
    assert desk.button.plan == "Goes on with “a doll - 2 seeds”: 2 pictures, 2 made already."
    desk.button.ask(name="mine")
    assert desk.button.plan.startswith("2 pictures, ")
    desk.button.ask(mode="one")
    assert (desk.button.note, desk.button.plan) == ("", "")


def test_a_name_of_other_settings_or_of_no_folder_is_refused_beside_it(desk):
    desk.button.ask(mode="times", times=2, name="../elsewhere")
    assert [fault["at"] for fault in desk.button.faults] == ["name"]
    desk.button.ask(name="mine")
    desk.making.submit()
    wait(desk)
    desk.button.ask(times=3)
    assert [fault["at"] for fault in desk.button.faults] == ["name"]
    assert "was begun with other settings" in desk.button.faults[0]["text"]
    press(desk)
    assert len(pictures(desk)) == 2
    desk.button.ask(name="")
    assert desk.button.faults == []


def test_random_seeds_make_another_batch_each_time(desk):
    desk.base["seed"] = -1
    desk.button.ask(mode="times", times=2)
    desk.making.submit()
    wait(desk)
    desk.making.submit()
    wait(desk)
    assert desk.bench.batches() == ["a doll - 2 seeds", "a doll - 2 seeds 2"]
    assert len({seed for _, seed in pictures(desk)}) == 4


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "times", "times": 2},
        {"mode": "lines", "lines": "a cat\na dog", "seeds": 1},
        {"mode": "sweep", "axes": [{"name": "steps", "values": "1, 2"}]},
    ],
    ids=lambda asked: asked["mode"],
)
def test_random_seeds_under_a_name_that_is_there_are_those_drawn_for_it(desk, asked):
    desk.base["seed"] = -1
    desk.button.ask(**asked, name="mine")
    desk.making.submit()
    wait(desk)
    assert desk.button.plan == "Goes on with “mine”: 2 pictures, 2 made already."
    desk.making.submit()
    wait(desk)
    assert desk.bench.batches() == ["mine"]
    assert len(pictures(desk)) == 2


def test_faults_are_told_beside_the_button_and_nothing_is_queued(desk):
    desk.button.ask(mode="sweep", axes=[{"name": "steps", "values": "1, 5000"}])
    assert [fault["at"] for fault in desk.button.faults] == ["axis 0"]
    assert desk.button.note == ""
    press(desk)
    with pytest.raises(FaultsError, match="5000"):
        desk.making.submit()
    assert not desk.session.is_busy
    assert desk.bench.batches() == []
    desk.button.ask(axes=[{"name": "steps", "values": "1, 2"}])
    assert (desk.button.faults, desk.button.note) == ([], "2 pictures")


def test_rows_that_ask_for_the_same_picture_are_told(desk):
    desk.button.ask(mode="sweep", axes=[{"name": "steps", "values": "1, 2, 1"}])
    assert desk.button.plan.startswith("3 pictures, 1 the same as others, made once, ")


def test_many_are_checked_in_the_background_and_the_newest_counts(desk):
    axes = [{"name": "steps", "values": "1-60"}, {"name": "seed", "values": "1-20"}]
    desk.button.ask(mode="sweep", axes=axes)
    assert desk.button.note == "1,200 pictures"
    wait_until(lambda: not desk.button.plan.endswith("Checking them…"))
    assert desk.button.plan.startswith("1,200 pictures, ")
    desk.button.ask(mode="one")
    assert desk.button.plan == ""


def test_cancel_stops_the_batch_and_then_the_picture(desk):
    desk.base["steps"] = 50
    desk.button.ask(mode="times", times=9)
    press(desk)
    assert desk.button.running == 9
    desk.button.ask(mode="one")
    press(desk)
    assert desk.button.waiting == 1
    desk.button._handle_custom_msg({"kind": "cancel", "what": "batch"}, [])
    wait_until(lambda: not desk.batches.left)
    wait_until(lambda: desk.button.running == 0)  # it is told a moment after the batch has ended
    assert desk.session.is_busy
    desk.button._handle_custom_msg({"kind": "cancel", "what": "batch"}, [])
    wait_until(lambda: not desk.session.is_busy)
    assert desk.batches.open_one is not None


def test_cancel_stops_everything(desk):
    desk.base["steps"] = 50
    desk.button.ask(mode="times", times=4)
    press(desk)
    desk.button.ask(mode="one")
    press(desk)
    desk.making.cancel("all")
    wait_until(lambda: not desk.batches.left and not desk.session.is_busy)
    assert len(pictures(desk)) < 4


def test_cancel_with_nothing_to_cancel_does_nothing(desk):
    for what in ("batch", "one", "keep", "all"):
        desk.making.cancel(what)
    assert pictures(desk) == []


def test_a_sweep_button_adds_its_setting_with_values_around_the_present_one(desk):
    desk.base |= {"guidance_scale": 6.0}
    desk.making.sweep("guidance_scale")
    desk.making.sweep("steps")
    desk.making.sweep("guidance_scale")
    assert desk.button.asked["mode"] == "sweep"
    assert desk.button.asked["axes"] == [
        {"name": "guidance_scale", "values": "4-8 [3]"},
        {"name": "steps", "values": "1-2 [3]"},
    ]
