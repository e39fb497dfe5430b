"""The foot's contract with its page: what it takes, and what it tells."""

import pytest
import traitlets

from widgets.foot import Foot

STAGE = {
    "name": "face",
    "title": "Face",
    "state": "done",
    "seconds": 1.0,
    "pictures": 1,
    "pictured": True,
}


def hear(foot, **content):
    foot._handle_custom_msg(content, [])


def test_what_a_person_does_is_told_with_its_words():
    foot, told = Foot(), []
    foot.on("again", lambda *words: told.append(words))
    foot.on("job", lambda *words: told.append(words))
    hear(foot, kind="again", stage="face", other="ignored")
    hear(foot, kind="job", name="job 1", do="move", place=2)
    hear(foot, kind="save")  # nobody listens
    hear(foot, kind="nonsense")
    assert told == [("face",), ("job 1", "move", 2)]


def test_an_act_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="act='agian': choose look, compare, again"):
        Foot().on("agian", print)


@pytest.mark.parametrize(
    ("stage", "message"),
    [({**STAGE, "state": "off"}, "choose waiting, cached"), ({"name": "face"}, "give each")],
)
def test_a_stage_that_is_not_whole_is_refused(stage, message):
    with pytest.raises(traitlets.TraitError, match=message):
        Foot(stages=[stage])


def test_the_page_is_told_the_time_of_this_machine(monkeypatch):
    foot, sent = Foot(), []
    monkeypatch.setattr(foot, "send", sent.append)
    hear(foot, kind="clock")
    (answer,) = sent
    assert answer["kind"] == "clock"
    assert answer["now"] > 1.7e9


def test_an_error_in_words():
    foot = Foot()
    assert foot.error_text == ""
    foot.error = {"title": "Check the settings", "text": "No.", "trace": "", "action": None}
    assert foot.error_text == "Check the settings: No."
