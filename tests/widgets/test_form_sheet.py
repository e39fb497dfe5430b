"""A sheet shows the form's values and messages; a stage's has a title and a way back."""

import pytest

from widgets.form_messages import FormMessages, Message
from widgets.form_sheet import FormState, StageSheet, draw_sheet
from widgets.form_values import FormValues
from widgets.sheet import Sheet


class Inherited:
    def of(self, names):
        return dict.fromkeys(names, "usual")


class Limits:
    def reasons(self, names):
        return {names[0]: "no effect"}


@pytest.fixture
def state():
    values = FormValues(lambda _: {})
    return FormState(values, None, Inherited(), Limits(), FormMessages(values.read))


def test_values_what_is_inherited_and_messages_are_shown(state):
    sheet = Sheet()
    fields = [
        {"name": "steps", "label": "Steps", "kind": "whole", "group": "draw"},
        {"name": "size", "label": "Size", "kind": "size", "choices": []},
    ]
    state.values.set({"steps": 9})
    state.messages.say("steps", Message("Too few.", "Use 20", lambda: None))
    groups = [{"name": "draw", "title": "Draw"}]
    draw_sheet(sheet, state, fields, groups=groups, derived={"size": {"width": 8, "height": 8}})
    assert sheet.values == {"steps": 9, "size": {"width": 8, "height": 8}}
    assert sheet.inherited == {"steps": "usual", "size": "usual"}
    assert sheet.disabled == {"steps": "no effect"}
    assert sheet.messages["steps"]["action"]["label"] == "Use 20"
    assert sheet.groups == groups


def test_a_stages_sheet_has_a_title_and_is_closed_by_its_button(press_in):
    closed = []
    place = StageSheet(lambda error, trace: pytest.fail(trace))
    place.on_close(lambda: closed.append(1))
    assert place.layout.display == "none"
    sheet = Sheet()
    place.show_sheet("Face <3", sheet)
    assert place.title.value == "<h3>Face &lt;3</h3>"
    assert place.children[-1] is sheet
    press_in(place, "form-sheet-close")
    assert closed == [1]
    place.show_sheet("", None)
    assert place.layout.display == "none"
