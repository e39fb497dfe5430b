"""A button has a class to find it by, and shows its errors."""

from medialab.errors import PictureError
from widgets.button import make_button


def test_a_button_is_found_by_its_name_and_says_what_it_is_for():
    button = make_button(
        "keep", list, print, label="Save", icon="save", tooltip="Save this picture"
    )
    assert {"mls-button", "mls-keep"} <= set(button._dom_classes)
    assert (button.description, button.icon, button.tooltip) == (
        "Save",
        "save",
        "Save this picture",
    )


def test_a_click_calls_once_and_without_the_button():
    pressed, shown = [], []
    make_button(
        "keep", lambda: pressed.append("keep"), lambda *failure: shown.append(failure)
    ).click()
    assert (pressed, shown) == (["keep"], [])


def test_an_error_behind_a_button_is_shown_with_its_traceback():
    def press():
        message = "no picture yet"
        raise PictureError(message)

    shown = []
    make_button("keep", press, lambda *failure: shown.append(failure)).click()
    ((error, trace),) = shown
    assert isinstance(error, PictureError)
    assert "in press" in trace
