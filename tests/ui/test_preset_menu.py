"""The presets under a mouse and a keyboard."""

import json

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from tests.ui.test_models_shelf import OF_PAGES
from widgets.preset_menu import Changes, PresetMenu

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PRESETS = [
    {"name": "Draft", "description": "A first look in few steps.", "shipped": True},
    {"name": "My portraits", "description": "", "shipped": False},
]


class Desk:
    def __init__(self):
        self.acts, self.imports = [], []
        self.now = "20"
        self.why = Changes([])
        self.menu = PresetMenu(
            lambda name: (
                self.why._replace(rows=[("Steps", self.now, "8")])
                if name == "Draft"
                else Changes([])
            )
        )
        self.menu.on_act(lambda kind, details: self.acts.append((kind, dict(details))))
        self.menu.on_import(lambda *told: self.imports.append(told))
        self.menu.presets = PRESETS

    def show(self, browser, **look):
        self.bare = BarePage(browser, self.menu, size=(316, 700), **look)
        self.page = self.bare.page
        return self.bare

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_function("window.idle()")


@pytest.fixture
def desk(browser):
    desk = Desk()
    with desk.show(browser):
        desk.press("Presets")
        yield desk


def test_one_shows_what_it_changes_and_is_used(desk):
    desk.press("Draft")
    expect(desk.page.get_by_text("20 → 8")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Delete Draft")).to_have_count(0)
    desk.press("Use Draft")
    assert desk.acts == [("use", {"name": "Draft"})]
    expect(desk.page.get_by_text("A first look in few steps.")).to_be_visible()
    desk.now = "30"  # the form was changed meanwhile
    desk.menu.settings_changed()
    desk.bare.pump()
    expect(desk.page.get_by_text("30 → 8")).to_be_visible()
    desk.menu.tell("Draft is used: 1 setting changed.")
    desk.bare.pump()
    expect(desk.page.get_by_role("status")).to_have_text("Draft is used: 1 setting changed.")


def test_what_the_checkpoint_cannot_use_is_told_and_not_used_where_it_can_use_nothing(desk):
    desk.why = Changes([], ["It computes every step in full."])
    desk.press("Draft")
    expect(desk.page.get_by_text("It computes every step in full.")).to_be_visible()
    use = desk.page.get_by_role("button", name="Use Draft")
    expect(use).to_be_enabled()  # its other settings are of use
    desk.why = desk.why._replace(is_vain=True)
    desk.menu.settings_changed()
    desk.bare.pump()
    expect(use).to_be_disabled()
    desk.why = Changes([])  # another checkpoint was chosen
    desk.menu.settings_changed()
    desk.bare.pump()
    expect(use).to_be_enabled()
    expect(desk.page.get_by_text("It computes every step in full.")).to_have_count(0)


def test_the_present_settings_are_saved_under_a_name(desk):
    desk.press("Save current as…")
    field = desk.page.get_by_label("Name of the new preset", exact=True).locator("input").first
    expect(field).to_be_focused()
    expect(desk.page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    desk.page.keyboard.type("my portraits")
    expect(desk.page.get_by_role("button", name="Replace", exact=True)).to_be_visible()
    field.fill("New one")
    desk.page.get_by_label("Prompt").check()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_function("window.idle()")
    expected = {"name": "New one", "parts": ["prompt"], "replace": False}
    assert desk.acts == [("save", expected)]
    expect(desk.page.get_by_role("button", name="Save current as…")).to_be_focused()


def test_ones_own_is_renamed_and_deleted_after_a_question(desk):
    desk.press("My portraits")
    expect(desk.page.get_by_text("It changes nothing")).to_be_visible()
    desk.press("Rename My portraits")
    desk.page.keyboard.type("Faces")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_function("window.idle()")
    desk.press("My portraits")
    desk.press("Delete My portraits")
    expect(desk.page.get_by_role("button", name="Keep")).to_be_focused()
    desk.press("Delete it")
    assert desk.acts == [
        ("rename", {"name": "My portraits", "to": "Faces"}),
        ("delete", {"name": "My portraits"}),
    ]


def test_files_go_out_and_come_in(desk):
    desk.press("Draft")
    with desk.page.expect_download() as download:
        desk.menu.give("Draft.json", '{"name": "Draft"}')
        desk.bare.pump()
    assert download.value.suggested_filename == "Draft.json"
    content = json.dumps({"name": "x"}).encode()
    file = {"name": "theirs.json", "mimeType": "application/json", "buffer": content}
    desk.page.get_by_label("A preset's file").set_input_files(file)
    desk.page.wait_for_function("window.idle()")
    assert desk.imports == [("theirs.json", content, False)]
    desk.menu.ask_to_replace("x is there already. Replace it?")
    desk.bare.pump()
    expect(desk.page.get_by_role("alert")).to_contain_text("x is there already")
    desk.press("Replace")
    assert desk.imports[1] == ("theirs.json", content, True)


def test_it_works_by_keyboard_and_no_plain_key_leaves(desk):
    desk.page.evaluate(
        "window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key)); null"
    )
    desk.page.get_by_role("button", name="Draft").focus()
    for key in ("a", "d", "x", "Enter"):
        desk.page.keyboard.press(key)
    expect(desk.page.get_by_text("20 → 8")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("button", name="Presets")).to_be_focused()
    expect(desk.page.get_by_role("list")).to_have_count(0)
    assert desk.page.evaluate("leaked") == []


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme):
    desk = Desk()
    with desk.show(browser, theme=theme) as bare:
        desk.press("Presets")
        desk.press("My portraits")
        desk.press("Draft")
        desk.menu.tell("Draft is used: 1 setting changed.")
        bare.pump()
        bare.page.screenshot(path=pictures_folder / f"presets-{theme}.png")
        assert_accessible(bare.page, ".mls-presets", without=OF_PAGES)
        desk.press("Save current as…")
        bare.page.screenshot(path=pictures_folder / f"presets-save-{theme}.png")
        assert_accessible(bare.page, ".mls-presets", without=OF_PAGES)
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0


def test_a_question_stays_until_it_is_answered_whatever_is_told_meanwhile(desk):
    desk.press("My portraits")
    desk.press("Rename My portraits")
    desk.page.keyboard.type("Fac")
    desk.menu.settings_changed()  # a picture was made, or a slider is moved in another page
    desk.bare.pump()
    desk.page.wait_for_function("window.idle()")
    desk.menu.presets = [*PRESETS, {"name": "Other", "description": "", "shipped": False}]
    desk.bare.pump()
    desk.page.keyboard.type("es")
    field = desk.page.get_by_label("New name of My portraits", exact=True).locator("input").first
    expect(field).to_have_value("Faces")
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("button", name="Rename My portraits")).to_be_focused()
    expect(desk.page.get_by_role("button", name="Other")).to_be_visible()  # told meanwhile
    desk.press("Rename My portraits")
    desk.press("Delete My portraits")  # in place of the question before
    expect(desk.page.get_by_label("New name of My portraits")).to_have_count(0)
    desk.press("Keep")
    expect(desk.page.get_by_role("button", name="Delete My portraits")).to_be_focused()
    assert desk.acts == []
