"""The panel's keys: what a key with Ctrl presses, and what it leaves to a text or a dialog."""

import pytest
from playwright.sync_api import expect

from tests.ui.bare import BarePage
from widgets.keyboard import Keyboard

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PANEL = """<div class="mls-studio"><div id="widget"></div>
<button class="mls-generate">Generate</button><button class="mls-undo">Undo</button>
<input type="range" aria-label="Strength"><input type="checkbox" aria-label="On">
<input type="text" aria-label="Words"><textarea aria-label="Prompt"></textarea>
<div role="dialog" aria-modal="true" aria-label="Keys"><button>Close</button></div></div>"""
COUNT = """() => {
  window.pressed = [];
  for (const name of ["generate", "undo"])
    document.querySelector(`.mls-${name}`).addEventListener("click", () => pressed.push(name));
}"""


class Styled(Keyboard):
    _css = ""  # a page for one widget wants a style sheet


@pytest.fixture
def page(browser):
    with BarePage(browser, Styled(), html=PANEL) as bare:
        expect(bare.page.locator(".mls-studio")).to_have_attribute("tabindex", "-1")
        bare.page.evaluate(COUNT)
        yield bare.page


def pressed(page):
    return page.evaluate("window.pressed.splice(0)")


def test_a_key_that_is_held_asks_for_one_picture(page):
    page.get_by_label("Prompt").focus()
    page.keyboard.down("Control")
    for _ in range(5):
        page.keyboard.down("Enter")  # each after the first is a repetition
    page.keyboard.up("Enter")
    assert pressed(page) == ["generate"]
    page.keyboard.press("Enter")
    page.keyboard.up("Control")
    assert pressed(page) == ["generate"]


@pytest.mark.parametrize("name", ["Strength", "On"])
def test_a_setting_is_taken_back_with_the_focus_on_what_set_it(page, name):
    page.get_by_label(name).press("Control+z")
    assert pressed(page) == ["undo"]


@pytest.mark.parametrize("name", ["Words", "Prompt"])
def test_a_text_has_an_undo_of_its_own(page, name):
    page.get_by_label(name).press("Control+z")
    assert pressed(page) == []


def test_what_lies_over_the_panel_keeps_its_keys(page):
    close = page.get_by_role("button", name="Close")
    for key in ("Control+Enter", "Control+z"):
        close.press(key)
    assert pressed(page) == []
