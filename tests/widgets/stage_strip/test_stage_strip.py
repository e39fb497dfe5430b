"""The stage strip's traits and its callback."""

import pytest
from traitlets import TraitError

from widgets.stage_strip import StageStrip

STAGE = {"name": "face", "title": "Face", "state": "done", "seconds": 1.5}


def test_a_chosen_stage_reaches_the_callback_by_its_name():
    strip, chosen = StageStrip(stages=[STAGE]), []
    strip.on_choose(chosen.append)
    strip._handle_custom_msg({"kind": "choose", "name": "face"}, [])
    strip._handle_custom_msg({"kind": "choose", "name": "nobody"}, [])
    assert chosen == ["face"]


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (STAGE | {"state": "lost"}, "face is 'lost': choose off, waiting, cached, running, done"),
        ({"name": "face"}, "give each a name, title, state and seconds"),
    ],
)
def test_a_stage_that_could_not_be_shown_is_named(stage, message):
    strip = StageStrip()
    with pytest.raises(TraitError, match=message):
        strip.stages = [stage]
    assert strip.stages == []
