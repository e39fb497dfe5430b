"""The line of a batch shows what it is told, and tells what a person asks for."""

import pytest
import traitlets

from widgets.batch_bar import BatchBar


def test_it_offers_what_its_owner_can_do_and_tells_what_is_asked_for():
    bar, told = BatchBar(["use", "close"]), []
    assert bar.offers == ["use", "close"]
    bar.on_act(lambda do, details: told.append((do, details)))
    for message in (
        {"kind": "act", "do": "stars", "details": {"stars": 3}},
        {"kind": "act", "do": "run", "details": None},
        {"kind": "act", "do": "format the disk", "details": {}},
        {"kind": "other"},
    ):
        bar._handle_custom_msg(message, [])
    assert told == [("stars", {"stars": 3}), ("run", {})]


def test_a_part_is_changed_and_the_rest_stays_until_it_is_cleared():
    bar = BatchBar()
    bar.show(name="poster", left=3)
    bar.show(state="running")
    assert (bar.batch["name"], bar.batch["left"], bar.batch["state"]) == ("poster", 3, "running")
    bar.tell("moved", undo=True)
    number = bar.notice["number"]
    bar.tell("moved", undo=True)
    assert bar.notice["number"] > number  # the same sentence again
    bar.clear()
    assert (bar.batch["name"], bar.notice["text"], bar.marked) == ("", "", 0)


@pytest.mark.parametrize("wrong", [{"state": "sleeping"}, {"colour": "red"}])
def test_what_cannot_be_shown_is_refused(wrong):
    with pytest.raises(traitlets.TraitError, match="give name, state"):
        BatchBar().show(**wrong)
