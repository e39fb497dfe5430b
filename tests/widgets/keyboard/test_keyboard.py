"""The keyboard's widget brings its script to the page, and is not seen."""

from pathlib import Path

from widgets.keyboard import Keyboard

BUNDLE = Path(__file__).resolve().parents[3] / "widgets" / "keyboard" / "keyboard.bundle.js"


def test_the_script_comes_with_the_widget_and_takes_no_room():
    keyboard = Keyboard()
    assert keyboard.get_state()["_esm"] == BUNDLE.read_text(encoding="utf-8")
    assert keyboard.layout.display == "none"


def test_every_button_that_a_key_presses_is_in_the_panel(studio, parts_of):
    script = Keyboard().get_state()["_esm"]
    buttons = {cls for part in parts_of(studio) for cls in part._dom_classes}
    assert "button.mls-generate" in script
    assert "mls-generate" in studio.making.button.get_state()["_esm"]
    for name in ("mls-undo", "mls-redo"):
        assert f"button.{name}" in script
        assert name in buttons
