"""The stage strip: told by sign and word, chosen by mouse and keyboard."""

import pytest
from playwright.sync_api import expect

from tests.ui.bare import BarePage
from widgets.stage_strip import StageStrip

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STAGES = [
    ("prompt", "Prompt", "cached", None),
    ("control", "ControlNet", "off", None),
    ("txt2img", "Text to image", "done", 1.24),
    ("refiner", "Hires fix", "running", 12.6),
    ("face", "Face", "waiting", None),
    ("upscaler", "Upscaler", "waiting", None),
]


def stages(**states):
    return [
        {"name": name, "title": title, "state": states.get(name, state), "seconds": seconds}
        for name, title, state, seconds in STAGES
    ]


@pytest.fixture
def chosen():
    return []


@pytest.fixture
def strip(chosen):
    made = StageStrip(stages=stages())
    made.on_choose(chosen.append)
    return made


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_stage_says_what_it_does_and_is_chosen_where_there_is_something_to_run_from(
    browser, strip, chosen, pictures_folder, theme
):
    with BarePage(browser, strip, theme=theme, size=(800, 240)) as bare:
        buttons = bare.page.get_by_role("button")
        expect(bare.page.locator(".mls-stage-state")).to_have_text(
            ["cached", "off", "done 1.2 s", "running 13 s", "waiting", "waiting"]
        )
        signs = bare.page.locator(".mls-stage-sign path").evaluate_all(
            "paths => paths.map((path) => path.getAttribute('d'))"
        )
        assert len(set(signs)) == 5  # one for each state: told without colour
        bare.page.screenshot(path=pictures_folder / f"stage-strip-{theme}.png")

        bare.page.get_by_role("button", name="Text to image, done 1.2 s, run again").click()
        buttons.nth(0).press("Enter")
        for at in (1, 3, 4):  # off, running, waiting: nothing to run again from
            expect(buttons.nth(at)).to_have_attribute("aria-disabled", "true")
            buttons.nth(at).click(force=True)
            buttons.nth(at).press("Enter")
        bare.page.wait_for_function("window.idle()")
        assert chosen == ["txt2img", "prompt"]

        bare.page.set_viewport_size({"width": 360, "height": 240})
        boxes = [button.bounding_box() for button in buttons.all()]
        assert all(box["x"] + box["width"] <= 360 for box in boxes)


def test_a_change_of_state_moves_nothing_and_keeps_the_focus(browser, strip):
    with BarePage(browser, strip) as bare:
        button = bare.page.get_by_role("button").nth(2)
        button.focus()
        before = [one.bounding_box() for one in bare.page.get_by_role("button").all()]
        strip.stages = stages(refiner="done", face="running", txt2img="cached")
        bare.pump()
        expect(bare.page.locator("[data-name=face]")).to_have_attribute("data-state", "running")
        expect(button).to_be_focused()
        assert [one.bounding_box() for one in bare.page.get_by_role("button").all()] == before
        strip.stages = stages()[:2]
        bare.pump()
        expect(bare.page.get_by_role("button")).to_have_count(2)
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0
