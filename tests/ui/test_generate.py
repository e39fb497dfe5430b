"""The Generate button and its menu under a mouse and a keyboard."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from tests.ui.test_models_shelf import OF_PAGES
from widgets.generate import Generate
from widgets.generate.generate import FIRST

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def setting(name, label, kind, values="", group="The picture", choices=()):
    return {
        "name": name,
        "label": label,
        "group": group,
        "kind": kind,
        "choices": list(choices),
        "values": values,
    }


SETTINGS = [
    setting("steps", "Steps", "whole", "10-30 [3]"),
    setting("sampler", "Sampler", "choice", "Euler", choices=["Euler", "Heun", "a, b"]),
    setting("face.iou", "Overlap allowed", "number", "0.3-0.7 [3]", "Face"),
    setting("vae", "VAE", "choice", choices=[f"vae {number}" for number in range(30)]),
]
BATCHES = [{"name": "poster", "told": "5 of 9 made"}, {"name": "old", "told": "9 of 9 made"}]


class Desk:
    """The button in a page, and what was asked of it."""

    def __init__(self):
        self.pressed, self.cancelled, self.opened, self.taken = [], [], [], []
        self.widget = Generate(lambda: SETTINGS, lambda: BATCHES)
        self.widget.on_open(self.opened.append)
        self.widget.on_file(lambda name, text: self.taken.append((name, text)))
        self.widget.on_generate(lambda: self.pressed.append(dict(self.widget.asked)))
        self.widget.on_cancel(self.cancelled.append)

    def show(self, browser, theme="light"):
        html = '<div style="height: 330px"></div><div id="widget" style="width: 284px"></div>'
        self.bare = BarePage(browser, self.widget, html=html, theme=theme, size=(316, 640))
        self.page = self.bare.page
        self.generate = self.page.locator("button.mls-generate")
        self.arrow = self.page.get_by_role("button", name="More than one picture")
        return self.bare

    def reset(self):
        self.widget.ask(**FIRST)
        self.set(note="", plan="", proposed="", faults=[], running=0, waiting=0)
        self.pressed.clear()
        self.cancelled.clear()

    def set(self, **traits):
        for name, value in traits.items():
            setattr(self.widget, name, value)
        self.bare.pump()

    def choose(self, name):
        self.arrow.click()
        self.page.get_by_role("menuitemradio", name=name).click()

    def press(self):
        self.generate.click()
        self.page.wait_for_function("window.idle()")

    def look(self, name):
        assert_accessible(self.page, without=OF_PAGES)
        if folder := os.environ.get("UI_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"generate-{name}.png")


@pytest.fixture(scope="module")
def shared(browser):
    desk = Desk()
    with desk.show(browser):
        yield desk


@pytest.fixture
def desk(shared):
    shared.reset()
    return shared


def test_a_press_generates_one_picture(desk):
    expect(desk.generate).to_have_text("Generate")
    expect(desk.page.get_by_role("button", name="Cancel")).to_be_disabled()
    desk.press()
    assert [asked["mode"] for asked in desk.pressed] == ["one"]


def test_the_menu_asks_for_several_and_the_button_says_how_many(desk):
    desk.choose("× 9")
    expect(desk.generate).to_be_focused()
    desk.set(note="9 pictures · 40 s")
    expect(desk.generate).to_have_accessible_name("Generate 9 pictures · 40 s")
    desk.press()
    assert [(one["mode"], one["times"]) for one in desk.pressed] == [("times", 9)]
    desk.page.get_by_role("button", name="Back to one picture").click()
    desk.press()
    assert desk.pressed[-1]["mode"] == "one"


def test_another_number_is_typed_and_a_wrong_one_changes_nothing(desk):
    desk.choose("Another number")
    number = desk.page.get_by_label("Pictures")
    expect(number).to_be_focused()
    for text in ("12", "0", "1.5", "99999", ""):
        number.fill(text)
    desk.press()
    assert desk.pressed[-1]["times"] == 12


def test_a_number_that_cannot_be_gives_way_to_the_one_in_force(desk):
    desk.choose("Another number")
    number = desk.page.get_by_label("Pictures")
    for text in ("0", "1.5", "99999", ""):
        number.fill("12")
        number.fill(text)
        number.press("Tab")
        expect(number).to_have_value("12")  # what is seen is what is made


def test_the_menu_is_seen_whole_where_the_column_is_low(desk):
    desk.page.evaluate(
        "Object.assign(document.querySelector('#widget').style,"
        " {overflow: 'hidden', height: '90px'})"
    )
    desk.arrow.click()
    expect(desk.page.get_by_role("menu")).to_be_visible()
    assert desk.page.evaluate(
        """() => [...document.querySelectorAll('[role=menu]:not([hidden]) > *')].every((item) => {
          const { left, right, top, bottom } = item.getBoundingClientRect();
          return [[left + 4, top + 4], [right - 4, bottom - 4]].every(([x, y]) =>
            item.contains(document.elementFromPoint(x, y)));
        })"""
    )
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("menu")).to_have_count(0)
    expect(desk.arrow).to_be_focused()
    desk.page.evaluate("document.querySelector('#widget').style.cssText = 'width: 284px'")


def test_the_menu_of_cancel_goes_with_what_it_would_cancel(desk):
    desk.set(waiting=2)
    desk.page.get_by_role("button", name="What to cancel").click()
    desk.set(waiting=0)
    desk.set(waiting=2)
    expect(desk.page.get_by_role("menu", name="What to cancel")).to_be_hidden()


def test_prompts_are_written_and_pressed_at_once(desk):
    desk.choose("Prompts from a list")
    desk.page.get_by_label("Prompts, one on each line").fill("a cat\na dog")
    desk.page.get_by_label("Seeds for each").fill("3")
    desk.press()  # at once: what was typed has not been waited for
    assert (desk.pressed[-1]["lines"], desk.pressed[-1]["seeds"]) == ("a cat\na dog", 3)


def field(desk, name, number=1):
    """A field of a setting that is varied."""
    label = f"Setting {number}" + (f": {name}" if name else "")
    return desk.page.get_by_label(label, exact=True)


def test_a_number_is_varied_by_from_to_and_how_many_or_by_a_list(desk):
    desk.choose("Sweep")
    field(desk, "").select_option(label="Steps")
    values = field(desk, "values")
    expect(values).to_have_value("10-30 [3]")
    for name, text in (("from", "5"), ("to", "25"), ("how many", "5")):
        field(desk, name).fill(text)
    expect(values).to_have_value("5-25 [5]")
    values.fill("1-10 (+2)")
    expect(field(desk, "from")).to_have_value("")
    desk.press()
    assert desk.pressed[-1]["axes"] == [{"name": "steps", "values": "1-10 (+2)"}]


def test_choices_are_ticked_several_settings_combined_and_one_is_taken_away(desk):
    desk.choose("Sweep")
    field(desk, "").select_option(label="Sampler")
    for name in ("Heun", "a, b"):
        desk.page.get_by_role("checkbox", name=name, exact=True).check()
    expect(field(desk, "values")).to_have_value('Euler, Heun, "a, b"')
    desk.page.get_by_role("checkbox", name="Euler", exact=True).uncheck()
    desk.page.get_by_role("button", name="+ Setting").click()
    expect(field(desk, "", 2)).to_be_focused()
    field(desk, "", 2).select_option(label="VAE")
    field(desk, "search the values", 2).fill("vae 17")
    expect(desk.page.get_by_role("checkbox", name="vae")).to_have_count(1)
    desk.page.get_by_role("checkbox", name="vae 17").check()
    desk.page.get_by_label("Combine").select_option("random")
    desk.page.get_by_label("How many of them").fill("5")
    desk.press()
    asked = desk.pressed[-1]
    assert (asked["how"], asked["count"]) == ("random", 5)
    assert [one["values"] for one in asked["axes"]] == ['Heun, "a, b"', "vae 17"]
    desk.page.get_by_role("button", name="Remove Setting 1").click()
    expect(field(desk, "", 1)).to_have_value("vae")
    desk.press()
    assert [one["name"] for one in desk.pressed[-1]["axes"]] == ["vae"]


def test_a_sweep_button_of_the_form_brings_its_setting_and_the_focus(desk):
    desk.widget.add_axis("face.iou")
    desk.bare.pump()
    expect(field(desk, "")).to_have_value("face.iou")
    expect(field(desk, "from")).to_be_focused()
    desk.widget.add_axis("sampler")
    desk.bare.pump()
    expect(field(desk, "values", 2)).to_be_focused()
    assert [one["name"] for one in desk.widget.asked["axes"]] == ["face.iou", "sampler"]
    with pytest.raises(KeyError):
        desk.widget.add_axis("image")


def test_a_name_is_proposed_and_what_it_costs_is_told(desk):
    desk.choose("× 4")
    plan = "4 pictures, about 12 s, 0.4 MB."
    desk.set(proposed="a cat - 4 seeds", plan=plan, note="4 pictures · 12 s")
    name = desk.page.get_by_label("Name", exact=True)
    expect(name).to_have_attribute("placeholder", "a cat - 4 seeds")
    expect(desk.page.get_by_role("status").filter(has_text=plan)).to_be_visible()
    name.fill("poster")
    desk.press()
    assert desk.pressed[-1]["name"] == "poster"


def test_faults_stand_beside_their_field_and_go(desk):
    desk.choose("Sweep")
    desk.page.get_by_role("button", name="+ Setting").click()
    desk.set(
        faults=[
            {"at": "axis 1", "text": "Steps = 5000: at most 150."},
            {"at": "name", "text": "A batch cannot be named 'a/b'."},
            {"at": "", "text": "And 3."},
        ]
    )
    told = desk.page.get_by_role("alert").filter(has_text="5000")
    below = field(desk, "values", 2).bounding_box()
    assert 0 <= told.bounding_box()["y"] - below["y"] - below["height"] < 16
    desk.look("faults")
    desk.set(faults=[])
    expect(told).to_have_count(0)


def test_a_batch_is_opened_from_the_list_and_a_file_taken(desk, tmp_path):
    desk.choose("× 4")
    desk.arrow.click()
    desk.page.get_by_role("menuitem", name="Open a batch").click()
    expect(desk.page.get_by_role("region", name="Batches")).to_contain_text("5 of 9 made")
    file = tmp_path / "a.yaml"
    file.write_text("axes: {}", encoding="utf-8")
    desk.page.get_by_label("Open a batch file").set_input_files(file)
    desk.page.wait_for_function("window.idle()")
    assert desk.taken == [("a.yaml", "axes: {}")]
    desk.set(faults=[{"at": "file", "text": "a.yaml has no axes."}])
    expect(desk.page.get_by_role("alert").filter(has_text="no axes")).to_be_visible()
    desk.look("batches")
    desk.page.get_by_role("button", name="poster").click()
    expect(desk.generate).to_be_focused()
    expect(desk.page.get_by_label("Pictures")).to_have_value("4")  # what was there comes back
    desk.page.wait_for_function("window.idle()")
    assert desk.opened == ["poster"]


def test_cancel_stops_the_batch_and_its_menu_what_else(desk):
    stops = desk.page.get_by_role("button", name="What to cancel")
    expect(stops).to_be_hidden()
    desk.set(waiting=1)
    stops.click()
    desk.page.get_by_role("menuitem", name="Keep the picture as it is now").click()
    desk.set(running=12, waiting=3)
    desk.page.get_by_role("button", name="Cancel", exact=True).click()
    for name in ("Only the running picture", "Stop the batch", "Everything that waits, too"):
        stops.click()
        desk.page.get_by_role("menuitem", name=name).click()
    desk.page.wait_for_function("window.idle()")
    assert desk.cancelled == ["keep", "batch", "one", "batch", "all"]


def test_nothing_moves_under_the_mouse_when_cancel_gets_its_menu(desk):
    before = desk.arrow.bounding_box()
    desk.set(waiting=1)
    expect(desk.page.get_by_role("button", name="What to cancel")).to_be_visible()
    assert desk.arrow.bounding_box() == pytest.approx(before, abs=1)


def test_the_menu_is_used_by_keys_and_escape_returns(desk):
    desk.arrow.focus()
    desk.page.keyboard.press("ArrowDown")
    expect(desk.page.get_by_role("menuitemradio", name="One picture")).to_be_focused()
    desk.page.keyboard.press("End")
    expect(desk.page.get_by_role("menuitem", name="Open a batch")).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(desk.arrow).to_be_focused()
    expect(desk.page.get_by_role("menu")).to_have_count(0)
    desk.arrow.click()
    desk.page.mouse.click(10, 10)
    expect(desk.page.get_by_role("menu")).to_have_count(0)


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_core_finds_nothing_in_the_menu_and_the_fields(browser, theme):
    desk = Desk()
    with desk.show(browser, theme):
        desk.set(running=12, waiting=1, note="12 pictures · 40 s")
        desk.arrow.click()
        desk.look(f"menu-{theme}")
        desk.page.keyboard.press("Escape")
        desk.choose("Prompts from a list")
        desk.look(f"lines-{theme}")
        desk.choose("Sweep")
        field(desk, "").select_option(label="Steps")
        desk.page.get_by_role("button", name="+ Setting").click()
        field(desk, "", 2).select_option(label="Sampler")
        desk.set(proposed="a cat - Steps x Sampler", plan="9 pictures, about 40 s, 1.2 MB.")
        desk.look(f"sweep-{theme}")
        desk.choose("Another number")
        desk.look(f"times-{theme}")
