"""The foot of the canvas: told in two lines that never move, used by mouse and keyboard."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.foot import Foot

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = '<div style="height: 420px; background: #8885"></div><div id="widget"></div>'
STAGES = [
    ("prompt", "Prompt", "cached", None),
    ("txt2img", "Text to image", "done", 1.24),
    ("face", "Face", "done", 3.8),
    ("hand", "Hand", "done", 12.6),
    ("finish", "Output", "done", 0.02),
]
LABEL = "a smiling person with red hair, blue shirt, in a meadow with a very long description"


def stages(pictures=1, **states):
    return [
        {
            "name": name,
            "title": title,
            "state": states.get(name, state),
            "seconds": None if name in states else seconds,
            "pictures": pictures,
            "pictured": name != "prompt",
        }
        for name, title, state, seconds in STAGES
    ]


def job(name, state, **facts):
    row = {"label": LABEL, "facts": f"seed {name}", "since": None, "until": None, "takes": None}
    row["is_batch"] = False
    return {"name": name, "state": state, "why": "", **row, **facts}


@pytest.fixture
def done():
    """What was asked for, in order."""
    return []


@pytest.fixture
def foot(done):
    made = Foot(
        status={"state": "done", "text": "Done"},
        caption={
            "text": "Seed 7 · 128 × 128 · 1.3 s · 00012-7-a-smiling-person.png",
            "title": "outputs/2026-11-28/00012-7-a-smiling-person.png",
            "can_save": True,
            "can_use": True,
        },
        stages=stages(),
        jobs=[
            job("4", "running", since=time.time() - 4, until=time.time() + 9),
            *(job(name, "queued", takes=12.0) for name in "567"),
            job("3", "failed", why="The disk is full"),
        ],
        queue={"paused": False, "can_pause": True, "left": 45.0, "stopped": None},
    )
    for act in ("look", "compare", "again", "use", "save", "message", "dismiss", "job", "queue"):
        made.on(act, lambda *words, act=act: done.append((act, *words)))
    return made


def opened(browser, foot, **how):
    return BarePage(browser, foot, html=PAGE, **how)


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [960, 480])
def test_whatever_it_tells_its_height_stays(browser, foot, pictures_folder, theme, width):
    with opened(browser, foot, theme=theme, size=(width, 560)) as bare:
        section = bare.page.locator(".mls-foot")
        before = section.bounding_box()

        def look(name):
            bare.pump()
            assert section.bounding_box() == before
            assert section.evaluate("foot => foot.scrollWidth <= foot.clientWidth")
            bare.page.screenshot(path=pictures_folder / f"foot-{name}-{width}-{theme}.png")

        look("done")
        foot.status = {
            "state": "running",
            "text": "Text to image · step 16 of 20",
            "share": 0.8,
            "since": time.time() - 4,
            "until": time.time() + 2.2,
        }
        foot.stages = stages(txt2img="running", face="waiting", hand="waiting", finish="waiting")
        look("running")
        expect(bare.page.locator(".mls-status")).to_contain_text("step 16 of 20 · 2 s left")
        expect(bare.page.locator(".mls-caption")).to_be_hidden()  # it is the last picture's
        foot.status = {"state": "failed", "text": "Failed"}
        foot.error = {
            "title": "Check the settings",
            "text": "Paint the area to change.",
            "trace": "Traceback",
            "action": {"name": "mask", "label": "Paint a mask"},
        }
        foot.notice = "The form now has all settings of <b>00012.png</b>."
        foot.stages = stages(pictures=4)
        foot.looking = "face"
        look("failed")
        bare.page.locator(".mls-waiting").click()
        look("queue")
        foot.stages, foot.jobs, foot.caption = [], [], {}
        look("empty")


@pytest.mark.thorough
def test_nothing_in_it_is_hard_to_read_or_to_reach(browser, foot):
    for theme in ("light", "dark"):
        with opened(browser, foot, theme=theme) as bare:
            bare.page.locator(".mls-waiting").click()
            assert_accessible(bare.page, ".mls-foot")
            bare.page.keyboard.press("Escape")
            bare.page.get_by_role("button", name="Use settings").click()
            assert_accessible(bare.page, ".mls-foot")


def test_a_chip_shows_its_picture_and_its_arrow_runs_again(browser, foot, done):
    with opened(browser, foot) as bare:
        page = bare.page
        page.get_by_role("button", name="Face 3.8 s").click()
        page.get_by_role("button", name="Run again from Face").press("Enter")
        page.locator("[data-name=hand] .mls-stage-look").click(modifiers=["Shift"])
        prompt = page.locator("[data-name=prompt] .mls-stage-look")
        expect(prompt).to_have_attribute("aria-disabled", "true")  # it has no picture
        prompt.click(force=True)
        page.wait_for_function("window.idle()")
        assert done == [("look", "face"), ("again", "face"), ("compare", "hand")]
        expect(page.locator("[data-name=finish] .mls-stage-look")).to_have_attribute(
            "aria-pressed", "true"
        )
        foot.looking = "face"
        bare.pump()
        pressed = page.locator(".mls-stage-look[aria-pressed=true]")
        expect(pressed).to_contain_text("Face")
        expect(page.locator(".mls-caption")).to_contain_text("After Face · Seed 7")
        page.get_by_role("button", name="Compare with result").click()
        page.wait_for_function("window.idle()")
        assert done[-1] == ("compare", "face")
        foot.status = {"state": "running", "text": "Face"}
        bare.pump()
        expect(page.get_by_role("button", name="Run again from Face")).to_be_disabled()
        expect(page.get_by_role("button", name="Compare with result")).to_be_hidden()


def test_settings_are_used_in_part_by_mouse_and_by_keys(browser, foot, done):
    with opened(browser, foot) as bare:
        button = bare.page.get_by_role("button", name="Use settings")
        button.click()
        bare.page.get_by_role("menuitem", name="Seed").click()
        expect(button).to_be_focused()
        button.press("Enter")
        expect(bare.page.get_by_role("menuitem", name="All settings")).to_be_focused()
        for key in ("ArrowDown", "ArrowUp", "ArrowUp"):
            bare.page.keyboard.press(key)
        expect(bare.page.get_by_role("menuitem", name="Stages")).to_be_focused()
        bare.page.keyboard.press("Enter")
        button.click()
        bare.page.keyboard.press("Escape")
        expect(bare.page.get_by_role("menu")).to_be_hidden()
        bare.page.get_by_role("button", name="Save").click()
        bare.page.wait_for_function("window.idle()")
        assert done == [("use", "seed"), ("use", "stages"), ("save",)]


def test_the_queue_is_ordered_stopped_and_tried_again(browser, foot, done):
    with opened(browser, foot) as bare:
        page = bare.page
        page.get_by_role("button", name="3 waiting").click()
        rows = page.get_by_role("listitem").filter(has=page.locator("small"))
        expect(rows).to_have_count(5)
        expect(page.locator(".mls-queue-head")).to_contain_text("3 waiting · about 45 s in all")
        expect(rows.nth(0)).to_contain_text(re.compile(r"seed 4 · running \d+ s · \d s left"))
        first = rows.nth(0).inner_text()
        expect(rows.nth(0)).not_to_have_text(first, use_inner_text=True)  # the clock, not an event
        expect(rows.nth(1)).to_contain_text("seed 5 · waiting · about 12 s")
        rows.nth(1).locator(".mls-job-down").click()
        rows.nth(3).locator(".mls-job-front").click()
        rows.nth(2).locator(".mls-job-cancel").focus()
        page.keyboard.press("Alt+ArrowUp")
        rows.nth(3).drag_to(rows.nth(1))
        rows.nth(4).locator(".mls-job-retry").click()
        rows.nth(0).locator(".mls-job-cancel").click()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Cancel all").click()
        foot.queue = {**foot.queue, "paused": True}
        bare.pump()
        page.locator(".mls-pause").click()
        foot.queue = {**foot.queue, "stopped": {"kind": "left", "text": "3 waited", "why": ""}}
        bare.pump()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator(".mls-waiting")).to_be_focused()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Discard").click()
        page.wait_for_function("window.idle()")
        assert done == [
            ("job", "5", "down", None),
            ("job", "7", "front", None),
            ("job", "6", "up", None),
            ("job", "7", "move", 0),
            ("job", "3", "retry", None),
            ("job", "4", "cancel", None),
            ("queue", "pause"),
            ("queue", "cancel all"),
            ("queue", "go on"),
            ("queue", "continue"),
            ("queue", "discard"),
        ]


def test_an_error_is_an_alert_with_its_next_step_and_is_closed(browser, foot, done):
    with opened(browser, foot) as bare:
        page = bare.page
        expect(page.get_by_role("alert")).to_have_count(0)
        foot.error = {
            "title": "Check the settings",
            "text": "Paint <b>the area</b>.",
            "trace": "",
            "action": {"name": "mask", "label": "Paint a mask"},
        }
        bare.pump()
        expect(page.get_by_role("alert")).to_contain_text("Paint <b>the area</b>.")
        page.get_by_role("button", name="Paint a mask").click()
        page.get_by_role("button", name="Close this message").click()
        page.wait_for_function("window.idle()")
        assert done == [("message", "mask"), ("dismiss", "error")]
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0


def test_the_focus_goes_with_the_picture_that_is_moved_and_to_no_other(browser, foot):
    def move(name, do, _place):
        jobs = list(foot.jobs)
        at = next(at for at, one in enumerate(jobs) if one["name"] == name)
        moved = jobs.pop(at)
        if do in {"up", "down"}:
            jobs.insert(at + {"up": -1, "down": 1}[do], moved)
        foot.jobs = jobs

    foot.on("job", move)
    with opened(browser, foot) as bare:
        page = bare.page
        page.locator(".mls-waiting").click()
        rows = page.locator(".mls-job")
        last = page.locator(".mls-job[data-name='7']")
        last.locator(".mls-job-cancel").focus()
        for place in (2, 1):
            page.keyboard.press("Alt+ArrowUp")
            expect(rows.nth(place)).to_have_attribute("data-name", "7")
            expect(last.locator(".mls-job-cancel")).to_be_focused()
        last.locator(".mls-job-down").focus()
        for place in (2, 3):
            page.keyboard.press("Enter")
            expect(rows.nth(place)).to_have_attribute("data-name", "7")
        expect(last.locator(".mls-job-up")).to_be_focused()  # it goes no further down
        last.locator(".mls-job-cancel").focus()
        page.keyboard.press("Enter")
        expect(rows).to_have_count(4)
        expect(page.locator(".mls-waiting")).to_be_focused()  # not on another one's Cancel
        page.keyboard.press("Enter")


def test_a_message_that_is_closed_leaves_the_focus_in_the_foot(browser, foot):
    foot.on("dismiss", lambda what: setattr(foot, what, "" if what == "notice" else {}))
    foot.notice = "All settings are taken."
    with opened(browser, foot) as bare:
        bare.page.get_by_role("button", name="Close this message").press("Enter")
        expect(bare.page.get_by_text("All settings are taken.")).to_be_hidden()
        assert bare.page.evaluate("document.activeElement.closest('.mls-foot') !== null")
