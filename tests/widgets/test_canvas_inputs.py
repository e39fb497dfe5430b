"""Masks, pictures and detections made on the canvas are shown as set, and removed."""

import pytest

from medialab.errors import PictureError
from medialab.settings.control_units import ControlUnit
from medialab.stages.inpaint import InpaintConfig
from widgets.canvas_inputs import CanvasInput, PictureInput
from widgets.fields import input_for
from widgets.shapes import shapes_of

PICTURE = "0" * 64


def test_a_mask_and_a_picture_come_from_the_canvas(context):
    mask = input_for(shapes_of(InpaintConfig)["mask"], context)
    picture = input_for(shapes_of(ControlUnit)["image"], context)
    mask.take.click()
    picture.take.click()
    assert (mask.value, picture.value) == ("1" * 64, PICTURE)
    assert "mask in use" in mask.text.value
    mask.drop.click()
    assert mask.value is None


def fail(error, trace):
    pytest.fail(trace)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no edited detections"),
        ((), "0 edited detections in use"),
        (["a", "b"], "2 edited detections in use"),
        ("a", "edited detections in use"),
    ],
)
def test_the_number_of_values_is_told_where_they_can_be_counted(value, text):
    control = CanvasInput(value, "edited detections", fail)
    assert control.text.value == f"<b></b> {text}"
    assert control.drop.disabled is (value is None)


def test_the_label_is_shown_as_text_and_the_button_removes_the_value():
    control = CanvasInput(("a",), "edited detections", fail)
    control.description = "Boxes <b>"
    assert control.text.value == "<b>Boxes &lt;b&gt;</b> 1 edited detections in use"
    control.drop.click()
    assert (control.value, control.drop.disabled) == (None, True)
    assert "no edited detections" in control.text.value


def with_changes(context, told):
    return context.__class__(**{**vars(context), "changes": told})


def test_what_was_changed_in_a_picture_is_told_below_it_for_its_use(context):
    asked = []

    def changes(name, use):
        asked.append((name, use))
        return ["turned <upright>"]

    heard = with_changes(context, changes)
    for model, setting in ((InpaintConfig, "mask"), (ControlUnit, "image")):
        control = PictureInput(shapes_of(model)[setting], None, heard)
        assert "turned" not in control.text.value
        control.value = PICTURE
        assert "in use<br>turned &lt;upright&gt;" in control.text.value
    assert set(asked) == {(PICTURE, "mask"), (PICTURE, "control")}


def test_a_picture_that_is_gone_is_no_error_before_it_is_used(context):
    def changes(name, _use):
        message = f"no picture {name}"
        raise PictureError(message)

    control = PictureInput(shapes_of(ControlUnit)["image"], PICTURE, with_changes(context, changes))
    assert control.text.value.endswith("picture in use")


def test_an_error_of_the_canvas_is_shown_and_the_value_stays(context):
    def shown():
        message = "the canvas shows no picture yet"
        raise PictureError(message)

    errors = []
    heard = context.__class__(
        **{
            **vars(context),
            "shown": shown,
            "show_error": lambda error, _: errors.append(str(error)),
        }
    )
    control = PictureInput(shapes_of(ControlUnit)["image"], PICTURE, heard)
    control.take.click()
    assert errors == ["the canvas shows no picture yet"]
    assert control.value == PICTURE
