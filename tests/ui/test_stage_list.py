"""The list of stages: switched, slid, opened and added, by mouse and keyboard."""

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.stage_list import StageList

DETAILERS = ("face", "hand")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def number(name, **changes):
    limits = {"min": 0, "max": 1, "step": 0.05, "slider": True, "optional": True}
    return {"name": name, "label": "Strength", "kind": "number", **limits, **changes}


def row(name, title, *, switch=True, main="denoising_strength", note="", message=""):
    return {
        "name": name,
        "title": title,
        "switch": f"{name}.enabled" if switch else "",
        "main": f"{name}.{main}" if main else "",
        "note": note,
        "message": message,
    }


@pytest.fixture
def stages():
    return StageList(
        rows=[
            row("img2img", "Image to image", switch=False),
            row("control", "ControlNet", switch=False, main="", note="canny, 0.8"),
            row("face", "Face"),
            row("hand", "Hand", message="There is no detector for hands."),
        ],
        fields=[
            *(number(f"{name}.denoising_strength") for name in ("img2img", "face", "hand")),
            *({"name": f"{name}.enabled", "label": "On", "kind": "tick"} for name in DETAILERS),
        ],
        values={"img2img.denoising_strength": 0.75, "face.enabled": True, "hand.enabled": False},
        inherited={
            name: {"value": 0.6, "note": "the model's usual"}
            for name in ("face.denoising_strength", "hand.denoising_strength")
        },
        more=[
            {"name": "refiner", "title": "Hires fix", "help": "Enlarged and drawn again"},
            {"name": "upscaler", "title": "Upscaler", "help": "Enlarged"},
        ],
    )


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_row_has_a_switch_a_slider_and_a_way_to_its_sheet(
    browser, stages, pictures_folder, theme
):
    changes, opened = [], []
    stages.on_change(lambda name, value: changes.append((name, value)))
    stages.on_open(opened.append)
    with BarePage(browser, stages, theme=theme, size=(344, 360)) as bare:
        expect(bare.page.get_by_role("listitem")).to_have_count(4)
        assert_accessible(bare.page, "#widget", without=("region",))
        bare.page.screenshot(path=pictures_folder / f"stage-list-{theme}.png")
        switch = bare.page.get_by_role("switch", name="Hand")
        expect(switch).to_have_attribute("aria-checked", "false")
        switch.press("Space")
        expect(switch).to_have_attribute("aria-checked", "true")
        slider = bare.page.get_by_role("slider", name="Face: Strength", exact=True)
        expect(bare.page.get_by_role("spinbutton", name="Hand: Strength")).to_be_visible()
        expect(slider).to_have_attribute("aria-valuetext", "0.60, the model's usual")
        slider.press("ArrowRight")
        bare.page.get_by_role("button", name="Settings of Face").click()
        bare.page.get_by_role("button", name="There is no detector").click()
        bare.page.wait_for_function("window.idle()")
    assert ("hand.enabled", True) in changes
    assert changes[-1] == ("face.denoising_strength", 0.65)
    assert opened == ["face", "hand"]


def test_stages_that_are_off_are_chosen_from_a_menu_by_key(browser, stages, pictures_folder):
    added = []
    stages.on_add(added.append)
    with BarePage(browser, stages, size=(344, 420)) as bare:
        button = bare.page.get_by_role("button", name="+ Stage")
        button.press("ArrowDown")
        items = bare.page.get_by_role("menuitem")
        expect(items.first).to_be_focused()
        bare.page.screenshot(path=pictures_folder / "stage-menu.png")
        assert_accessible(bare.page, "#widget", without=("region",))
        items.first.press("ArrowDown")
        expect(items.nth(1)).to_be_focused()
        items.nth(1).press("Escape")
        expect(button).to_be_focused()
        expect(bare.page.get_by_role("menu")).to_have_count(0)
        button.click()
        items.first.click()
        bare.page.wait_for_function("window.idle()")
        assert added == ["refiner"]
        # The row that comes leaves the others, and the focus, where they are.
        stages.rows = [*stages.rows, row("refiner", "Hires fix", main="")]
        stages.more = []
        bare.pump()
        expect(bare.page.get_by_role("listitem")).to_have_count(5)
        expect(button).to_be_hidden()
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0


SHELL = """<div class="mls-form"><div id="widget"></div><div class="mls-form-sheet">
<button class="mls-form-sheet-close">close</button></div></div>"""


def test_the_focus_goes_to_the_sheet_and_back_and_escape_closes_it(browser, stages):
    def show(name):
        stages.opened = name

    stages.on_open(show)
    with BarePage(browser, stages, html=SHELL, size=(344, 420)) as bare:
        opener = bare.page.get_by_role("button", name="Settings of Face")
        opener.press("Enter")
        close = bare.page.get_by_role("button", name="close")
        expect(close).to_be_focused()
        close.press("Escape")
        expect(opener).to_be_focused()
    assert stages.opened == ""
