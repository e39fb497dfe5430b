"""The sheet's descriptions and values, as the panel sets them and as the browser does."""

import pytest
from traitlets import TraitError

from widgets.sheet import Sheet


def field(**changes):
    return {"name": "steps", "label": "Steps", "kind": "whole"} | changes


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([field(kind="knob")], "field 'steps' is of kind 'knob': choose boxes, .*whole"),
        ([field(label="")], "field 'steps' has no label"),
        ([{"label": "Steps", "kind": "whole"}], "has no name"),
        ([field(), field()], "two fields are named 'steps'"),
        ([field(maximum=3)], "field 'steps' has maximum; known are .*max"),
        ([field(kind="choice")], "field 'steps' is a choice: give it choices"),
        ([field(kind="choice", choices=["euler"])], "give each a label and a value"),
        ([field(kind="units")], "field 'steps' has units: give it their fields"),
        ([field(kind="units", fields=[field(kind="knob")])], "is of kind 'knob'"),
        ([field(slider=True, min=1)], "field 'steps' has a slider: give it min and max"),
    ],
)
def test_a_field_that_could_not_be_drawn_is_named(fields, told):
    sheet = Sheet(fields=[field()])
    with pytest.raises(TraitError, match=told):
        sheet.fields = fields
    assert sheet.fields == [field()]


def change(sheet, name, value, moving=False):
    content = {"kind": "change", "name": name, "value": value, "moving": moving, "serial": "1"}
    sheet._handle_custom_msg(content, [])


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("whole", 20, 20),
        ("whole", "18446744073709551615", 2**64 - 1),
        ("number", 1, 1.0),
        ("text", "a hat", "a hat"),
        ("tick", True, True),
        ("whole", None, None),
        ("seed", "18446744073709551615", 2**64 - 1),
        ("size", {"width": 512, "height": "768"}, {"width": 512, "height": 768}),
    ],
)
def test_a_value_has_the_type_of_its_field(kind, sent, value):
    sheet, heard = Sheet(fields=[field(kind=kind)]), []
    sheet.on_change(lambda *what: heard.append((*what, sheet.is_moving)))
    change(sheet, "steps", sent, moving=True)
    assert heard == [("steps", value, True)]
    assert type(sheet.values["steps"]) is type(value)
    assert not sheet.is_moving


def test_what_the_program_sets_is_no_change_of_a_person():
    sheet, heard = Sheet(fields=[field()], values={"steps": 20, "seed": 1}), []
    sheet.on_change(lambda *what: heard.append(what))
    sheet.set({"steps": 30})
    assert (sheet.values, heard) == ({"steps": 30, "seed": 1}, [])


def test_a_number_too_large_for_javascript_travels_as_a_text():
    sheet = Sheet(fields=[field()], values={"steps": 2**64 - 1, "seeds": (1, 2**60)})
    state = sheet.get_state(["values"])["values"]
    assert state == {"steps": "18446744073709551615", "seeds": [1, "1152921504606846976"]}
    assert sheet.values["steps"] == 2**64 - 1


def test_a_change_of_a_field_that_is_gone_changes_nothing():
    sheet, heard = Sheet(fields=[field()], values={"steps": 20}), []
    sheet.on_change(lambda *what: heard.append(what))
    change(sheet, "width", 512)
    assert (sheet.values, heard) == ({"steps": 20}, [])


def part(sheet, content, size=None, offset=0):
    message = {"kind": "part", "upload": "1", "purpose": "image", "name": "a.png"}
    message |= {"size": len(content) if size is None else size, "offset": offset, "page": "1"}
    sheet._handle_custom_msg(message, [memoryview(content)])


def test_a_file_that_is_too_large_or_incomplete_is_told_beside_its_field():
    sheet, got = Sheet(fields=[field(name="image", kind="picture")]), []
    sheet.on_upload(lambda *what: got.append(what))
    part(sheet, b"a", size=2**40)
    assert "more than 200" in sheet.messages["image"]["text"]
    part(sheet, b"a", size=2, offset=1)
    assert "arrived incomplete" in sheet.messages["image"]["text"]
    part(sheet, b"ab")
    assert got == [("image", "a.png", b"ab")]


def test_a_thumbnail_without_anyone_to_draw_it_is_no_error():
    sheet = Sheet(fields=[field(name="image", kind="picture")])
    message = {"kind": "thumbnail", "field": "image", "value": "abc"}
    sheet._handle_custom_msg(message, [])
    assert sheet.messages == {}
