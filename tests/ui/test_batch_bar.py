"""The line of a batch under a mouse and a keyboard, and the grid above it."""

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from tests.ui.test_models_shelf import OF_PAGES
from widgets.batch_bar import BatchBar
from widgets.batch_bar.batch_bar import OFFERED

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RUNNING = {"name": "poster", "state": "running", "told": "4 of 9 made · about 20 s left"}
STOPPED = {"name": "poster", "state": "stopped", "told": "4 of 9 made · about 20 s", "left": 5}


class Desk:
    """The line in a page, and what was asked of it."""

    def __init__(self):
        self.acts = []
        self.widget = BatchBar(OFFERED)
        self.widget.on_act(lambda do, details: self.acts.append((do, details)))

    def show(self, browser, theme="light", width=900):
        self.bare = BarePage(browser, self.widget, theme=theme, size=(width, 300))
        self.page = self.bare.page
        return self.bare

    def set(self, marked=0, tags=(), **batch):
        self.widget.show(**batch)
        self.widget.marked, self.widget.tags = marked, [*map(list, tags)]
        self.bare.pump()

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_function("window.idle()")


@pytest.fixture(scope="module")
def shared(browser):
    desk = Desk()
    with desk.show(browser):
        yield desk


@pytest.fixture
def desk(shared):
    shared.widget.clear()
    shared.bare.pump()
    shared.acts.clear()
    return shared


@pytest.mark.thorough
def test_it_is_stopped_resumed_exported_and_put_away(desk):
    expect(desk.page.get_by_role("region", name="Batch")).to_be_hidden()
    desk.set(**RUNNING)
    expect(desk.page.get_by_role("status")).to_have_text("4 of 9 made · about 20 s left")
    expect(desk.page.get_by_role("button", name="Close the batch")).to_be_hidden()
    desk.press("Stop")
    desk.set(**STOPPED)
    expect(desk.page.get_by_role("button", name="Resume")).to_be_focused()
    desk.press("Resume")
    desk.set(failed=5)
    desk.press("Retry 5 failed")
    desk.press("Export as a file for papermill")
    desk.press("Close the batch; it stays in the list")
    assert [do for do, _ in desk.acts] == ["stop", "run", "run", "export", "close"]


def test_a_large_batch_is_turned_page_by_page(desk):
    desk.set(**STOPPED, pages=12, page=0, title="Seed 7")
    expect(desk.page.get_by_text("Page 1 of 12: Seed 7")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Previous page")).to_be_disabled()
    desk.press("Next page")
    desk.set(page=11)
    expect(desk.page.get_by_role("button", name="Next page")).to_be_disabled()
    desk.press("Previous page")
    assert desk.acts == [("page", {"page": 1}), ("page", {"page": 10})]


def test_marked_pictures_are_compared_starred_tagged_deleted_and_gone_on_with(desk):
    desk.set(**STOPPED, marked=2, tags=[("best", 1)])
    expect(desk.page.get_by_text("2 marked")).to_be_visible()
    desk.press("Compare the two")
    desk.press("Stars")
    desk.page.get_by_role("menuitem", name="★★★★", exact=True).click()
    desk.press("Tags")
    desk.page.get_by_label("Add tags").fill("blue sea, good")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("button", name="best (1 of 2) ✕").click()
    desk.page.keyboard.press("Escape")
    for name in ("Start from this picture", "Use its settings"):
        expect(desk.page.get_by_role("button", name=name)).to_be_disabled()
    desk.press("Show in the history")
    desk.set(marked=1)
    expect(desk.page.get_by_role("button", name="Compare the two")).to_be_disabled()
    desk.press("Start from this picture")
    desk.press("Use its settings")
    desk.press("Move to the bin")
    desk.press("Unmark all")
    assert desk.acts == [
        ("compare", {}),
        ("stars", {"stars": 4}),
        ("tag", {"add": ["blue sea", "good"]}),
        ("tag", {"remove": ["best"]}),
        ("history", {}),
        ("start", {}),
        ("use", {}),
        ("delete", {}),
        ("unmark", {}),
    ]


def test_a_deletion_is_taken_back_and_an_error_is_an_alert(desk):
    desk.set(**STOPPED)
    desk.widget.tell("2 pictures moved to the bin", undo=True)
    desk.bare.pump()
    desk.press("Undo")
    expect(desk.page.get_by_role("status")).to_have_text("4 of 9 made · about 20 s")
    assert desk.acts == [("undo", {})]
    desk.widget.tell("Seed 3: no checkpoint 'pony'", is_error=True)
    desk.bare.pump()
    expect(desk.page.get_by_role("alert")).to_have_text("Seed 3: no checkpoint 'pony'")


def test_a_file_is_downloaded(desk):
    desk.set(**STOPPED)
    with desk.page.expect_download() as downloading:
        desk.widget.send_file("poster.yaml", "name: poster\n")
        desk.bare.pump()
    assert downloading.value.suggested_filename == "poster.yaml"
    assert downloading.value.path().read_text() == "name: poster\n"


def test_no_plain_key_leaves_it(desk):
    desk.set(**STOPPED)
    desk.page.evaluate(
        "window.left = []; document.addEventListener('keydown', (e) => left.push(e.key))"
    )
    desk.page.get_by_role("button", name="Resume").focus()
    desk.page.keyboard.press("d")
    desk.page.keyboard.press("x")
    assert desk.page.evaluate("window.left") == []


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme):
    desk = Desk()
    with desk.show(browser, theme, width=640):
        for name, traits in (
            ("running", {**RUNNING, "share": 0.45}),
            ("stopped", {**STOPPED, "failed": 2, "pages": 12, "title": "Seed 7", "share": 0.45}),
            ("marked", {**STOPPED, "marked": 2, "tags": [("best", 1)]}),
        ):
            desk.set(**traits)
            line = desk.page.locator(".mls-batch-line")
            assert line.bounding_box()["height"] == 32
            assert_accessible(desk.page, without=OF_PAGES)
            desk.page.screenshot(path=pictures_folder / f"batch-bar-{name}-{theme}.png")


def test_the_focus_stays_on_a_tag_while_pictures_are_made_and_goes_to_the_field_after_it(desk):
    desk.set(**RUNNING, marked=2, tags=[("sea", 2), ("sky", 1)])
    desk.page.get_by_role("button", name="Tags", exact=True).click()
    expect(desk.page.get_by_label("Add tags")).to_be_focused()
    sky = desk.page.get_by_role("button", name="sky (1 of 2) ✕")
    sky.focus()
    desk.set(marked=2, tags=[("sea", 2), ("sky", 1)], told="5 of 9 made")
    expect(sky).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.set(marked=2, tags=[("sea", 2)])
    expect(desk.page.get_by_label("Add tags")).to_be_focused()
