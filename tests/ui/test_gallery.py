"""The gallery of 25,000 pictures under a mouse, a keyboard and a finger."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from medialab.errors import ArtifactError
from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage, type_at_once, wait_until
from widgets.gallery import Entry, Filters, Gallery, Parcel

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 25_000
WITHOUT = ("region", "landmark-one-main", "page-has-heading-one", "document-title", "html-has-lang")


def names(count=COUNT):
    return [f"day/{at}.png" for at in range(count)]


def number(identity):
    return int(identity.split("/")[1].split(".")[0])


@cache
def thumbnail(colour):
    """A small picture, as one is read from the disk."""
    buffer = BytesIO()
    Image.new("RGB", (160, 120), (60 + colour, 90, 150 - colour)).save(buffer, "WEBP")
    return buffer.getvalue()


class Desk:
    """A gallery in a page, and what was asked of it."""

    def __init__(self):
        self.opened, self.acted, self.asked, self.filtered = [], [], [], []
        self.stars = {}
        self.gallery = Gallery(self._thumbnail, self._look_up, self._parcel, self._tags)
        self.gallery.on_open(self._open)
        self.gallery.on_act(lambda action, details: self.acted.append(self._told(action, details)))
        self.gallery.on_filter(self.filtered.append)
        self.gallery.choices = {
            "tags": [["blue sea", 12], ["holiday", 1234], ["portrait", 7]],
            "models": [["paperdoll", 900], ["dolls", 12]],
            "orders": [["newest", "Newest first"], ["stars", "Most stars"]],
            "binned": 3,
        }

    def _thumbnail(self, identity):
        self.asked.append(identity)
        if identity == "day/7.png":
            message = "day/7.png no longer exists; refresh the list"
            raise ArtifactError(message)
        return thumbnail(number(identity) % 90)

    def _look_up(self, ids):
        return [
            Entry(
                one,
                f"picture {number(one)}",
                self.stars.get(one, number(one) % 6),
                "2026-11-22T12:00:00+00:00",
                512,
                384,
            )
            for one in ids
        ]

    def _parcel(self, what, ids):
        if what == "text":
            return Parcel("settings.txt", "text/plain", iter([b"a red ball\n", b"Seed: 7"]))
        if len(ids) > 1:
            return Parcel("pictures.zip", "application/zip", iter([b"PK", b"zip"]), 5)
        image = Image.new("RGB", (8, 8), "red")
        buffer = BytesIO()
        image.save(buffer, "PNG")
        return Parcel("00001-x.png", "image/png", iter([buffer.getvalue()]))

    def _tags(self, ids):
        return {"holiday": len(ids), "blue sea": 1}

    def _open(self, identity):
        self.opened.append(identity)
        self.gallery.mark(identity)

    def _told(self, action, details):
        chosen = [number(one) for one in self.gallery.selected]
        return (action, chosen, details) if details else (action, chosen)

    def show(self, browser, **look):
        self.bare = BarePage(browser, self.gallery, **look)
        self.page = self.bare.page
        self.grid = self.page.get_by_role("grid")
        return self.bare

    def tile(self, at):
        return self.page.locator(f"[data-at='{at}']")

    def picture(self, at):
        return self.tile(at).locator("img")

    def button(self, name):
        return self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)

    def selected(self):
        self.page.wait_for_function("window.idle()")
        return [number(one) for one in self.gallery.selected]

    def reset(self, count=COUNT):
        self.gallery.mark(None)
        self.gallery.show(names(count))
        self.gallery.select([])
        self.gallery.tell("")
        self.gallery.fault = ""
        self.gallery.left_out = {"lines": [], "count": 0}
        self.gallery.filters = {**self.gallery.filters, **vars(Filters()), "tags": []}
        self.bare.pump()
        self.page.keyboard.press("Escape")
        self.grid.evaluate("grid => grid.scrollTo(0, 0)")
        self.page.wait_for_function("window.idle()")
        for heard in (self.opened, self.acted, self.asked, self.filtered, self.bare.sent):
            heard.clear()


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    desk = Desk()
    with desk.show(browser):
        yield desk


@pytest.fixture
def desk(shared):
    shared.reset()
    expect(shared.picture(0)).to_be_visible()
    return shared


def columns(desk):
    return int(desk.grid.get_attribute("aria-colcount"))


def test_only_what_is_on_the_screen_exists(desk):
    assert desk.page.get_by_role("gridcell").count() < 150
    lines = -(-COUNT // columns(desk))
    expect(desk.grid).to_have_attribute("aria-rowcount", str(lines))
    desk.grid.evaluate("grid => grid.scrollTo(0, 30_000)")
    expect(desk.tile(0)).to_have_count(0)
    assert desk.page.get_by_role("gridcell").count() < 150


def test_a_jump_to_the_end_shows_the_last_pictures(desk):
    milliseconds = desk.page.evaluate(
        """async () => {
          const grid = document.querySelector("[role=grid]");
          const begin = performance.now();
          grid.scrollTop = grid.scrollHeight;
          const seen = () => [...grid.querySelectorAll("[role=gridcell]")]
            .every((cell) => cell.querySelector("img")?.complete);
          while (!grid.querySelector("[data-at='24999']") || !seen())
            await new Promise(requestAnimationFrame);
          return performance.now() - begin;
        }"""
    )
    assert desk.tile(COUNT - 1).get_attribute("title").startswith("picture 24999 · 3 stars")
    assert len(desk.asked) < 150  # those between were never asked for
    print(f"\njump to the end of {COUNT}: {milliseconds:.0f} ms")  # noqa: T201 - never asserted


def test_a_thumbnail_is_asked_for_once(desk):
    desk.grid.evaluate("grid => grid.scrollTo(0, 5_000)")
    expect(desk.tile(0)).to_have_count(0)
    desk.page.wait_for_function("window.idle()")
    desk.asked.clear()
    desk.grid.evaluate("grid => grid.scrollTo(0, 0)")
    expect(desk.picture(0)).to_be_visible()
    assert not set(names(20)) & set(desk.asked)


def test_a_picture_without_a_thumbnail_is_named_and_holds_nothing_up(desk):
    expect(desk.picture(8)).to_be_visible()
    expect(desk.tile(7)).to_have_attribute("aria-label", re.compile("no picture$"))
    expect(desk.tile(7).locator(".mls-tile-missing")).to_have_attribute(
        "title", "day/7.png no longer exists; refresh the list"
    )


# --- looking and selecting ------------------------------------------------------------------------
def test_a_click_looks_and_frames_what_is_on_the_canvas(desk):
    desk.picture(4).click()
    expect(desk.tile(4)).to_have_class(re.compile("mls-shown"))
    assert (desk.opened, desk.acted, desk.selected()) == (["day/4.png"], [], [4])


def test_control_and_shift_select_without_looking(desk):
    desk.picture(4).click()
    desk.picture(9).click(modifiers=["ControlOrMeta"])
    assert desk.selected() == [4, 9]
    desk.picture(12).click(modifiers=["Shift"])
    assert desk.selected() == [9, 10, 11, 12]
    desk.picture(10).click(modifiers=["ControlOrMeta"])
    assert desk.selected() == [9, 11, 12]
    assert desk.opened == ["day/4.png"]
    expect(desk.page.get_by_text("3 selected")).to_be_visible()
    expect(desk.tile(4)).to_have_class(re.compile("mls-shown"))


def test_a_tick_selects_and_clear_leaves_the_picture_on_the_canvas(desk):
    desk.picture(2).click()
    for at in (5, 6):
        desk.tile(at).hover()
        desk.tile(at).locator(".mls-tile-tick").click()
    assert desk.selected() == [2, 5, 6]
    desk.page.get_by_role("button", name="Clear").click()
    assert desk.selected() == [2]
    assert desk.opened == ["day/2.png"]


def test_a_long_press_of_a_finger_selects(desk):
    box = desk.tile(3).bounding_box()
    at = {"pointerType": "touch", "clientX": box["x"] + 20, "clientY": box["y"] + 20}
    desk.tile(3).dispatch_event("pointerdown", at)
    expect(desk.tile(3)).to_have_attribute("aria-selected", "true")
    desk.tile(3).dispatch_event("pointerup", at)
    desk.tile(3).dispatch_event("click")
    assert (desk.selected(), desk.opened) == ([3], [])
    desk.tile(5).dispatch_event("pointerdown", at)
    desk.tile(5).dispatch_event("pointermove", {**at, "clientY": at["clientY"] + 40})  # a scroll
    desk.page.wait_for_timeout(600)
    assert desk.selected() == [3]


def test_the_arrows_look_space_selects_and_enter_uses_the_settings(desk):
    across = columns(desk)
    desk.picture(0).click()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        desk.grid.press(key)
    expect(desk.tile(across)).to_have_class(re.compile("mls-shown"))
    marked = desk.tile(across).get_attribute("id")
    expect(desk.grid).to_have_attribute("aria-activedescendant", marked)
    assert desk.opened[-1] == f"day/{across}.png"
    assert len(desk.opened) <= 4
    for key in ("Control+ArrowRight", "Control+ArrowRight", " "):
        desk.grid.press(key)
    assert desk.selected() == [across, across + 2]
    desk.grid.press("Shift+ArrowRight")
    assert desk.selected() == [across + 2, across + 3]
    desk.grid.press("Escape")
    assert desk.selected() == [across]
    desk.grid.press("Enter")
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("use", [across])]


def test_control_a_selects_all_25_000_in_one_short_message(desk):
    desk.grid.focus()
    desk.grid.press("Control+a")
    desk.page.wait_for_function("window.idle()")
    assert len(desk.gallery.selected) == COUNT
    expect(desk.page.get_by_text("25,000 selected")).to_be_visible()
    assert len(str(desk.bare.sent)) < 300


def test_end_and_home_bring_the_picture_into_view(desk):
    desk.grid.focus()
    desk.grid.press("End")
    expect(desk.picture(COUNT - 1)).to_be_in_viewport()
    expect(desk.tile(COUNT - 1)).to_have_attribute("aria-selected", "true")
    desk.grid.press("Home")
    expect(desk.picture(0)).to_be_in_viewport()


def test_no_plain_key_leaves_the_gallery(desk):
    desk.page.evaluate(
        "window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key)); null"
    )
    desk.picture(1).click()
    for where in (desk.grid, desk.page.get_by_label("Search pictures"), desk.button("Tag")):
        where.focus()
        for key in "abdmx0z":
            desk.page.keyboard.press(key)
    assert desk.page.evaluate("leaked") == []


@pytest.mark.parametrize("key", ["3", "0", "Delete"])
def test_a_key_acts_on_all_that_are_selected(desk, key):
    desk.picture(1).click()
    desk.picture(2).click(modifiers=["ControlOrMeta"])
    desk.grid.press(key)
    desk.page.wait_for_function("window.idle()")
    action = {"3": "stars:3", "0": "stars:0", "Delete": "delete"}[key]
    assert desk.acted == [(action, [1, 2])]


def test_a_selection_stays_with_its_pictures_when_a_new_one_comes_first(desk):
    desk.picture(4).click()
    desk.picture(6).click(modifiers=["ControlOrMeta"])
    desk.page.wait_for_function("window.idle()")
    desk.gallery.show(["day/25000.png", *names()])
    desk.bare.pump()
    for at in (5, 7):
        expect(desk.tile(at)).to_have_attribute("aria-selected", "true")
    expect(desk.tile(4)).to_have_attribute("aria-selected", "false")
    assert desk.selected() == [4, 6]


# --- what can be done -----------------------------------------------------------------------------
def test_two_are_compared_and_no_other_number(desk):
    expect(desk.button("Compare")).to_be_disabled()
    desk.picture(1).click()
    expect(desk.button("Compare")).to_be_disabled()
    desk.picture(3).click(modifiers=["ControlOrMeta"])
    desk.button("Compare").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("compare", [1, 3])]
    expect(desk.button("Start from this picture")).to_be_disabled()


def test_a_tag_is_renamed_or_merged_everywhere(desk):
    desk.picture(1).click()
    desk.button("Tag").click()
    panel = desk.page.get_by_role("dialog")
    panel.get_by_text("Rename a tag").click()
    names = panel.get_by_label("Tag to rename").locator("option").all_inner_texts()
    panel.get_by_label("Tag to rename").select_option(names[0])
    field = panel.get_by_label("New name of the tag")
    field.fill(names[1].upper())
    expect(panel.get_by_role("button", name="Merge the two")).to_be_enabled()
    field.fill("quite new")
    panel.get_by_role("button", name="Rename everywhere").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("retag", [1], {"from": names[0], "to": "quite new"})]


def test_what_differs_is_asked_of_two_and_a_check_of_one(desk):
    expect(desk.button("Check again")).to_be_disabled()
    desk.picture(1).click()
    expect(desk.button("What differs")).to_be_disabled()
    desk.button("Check again").click()
    desk.picture(3).click(modifiers=["ControlOrMeta"])
    expect(desk.button("Check again")).to_be_disabled()
    desk.button("What differs").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("check", [1]), ("differ", [1, 3])]


def test_stars_tags_and_start(desk):
    desk.picture(1).click()
    desk.button("Stars").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="4 stars").click()
    desk.button("Start from this picture").click()
    desk.button("Delete").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("stars:4", [1]), ("start", [1]), ("delete", [1])]


def test_in_a_narrow_shelf_the_button_that_adds_a_tag_stays_in_its_panel(desk):
    size = desk.page.viewport_size
    desk.page.set_viewport_size({"width": 276, "height": 700})
    desk.picture(1).click()
    desk.button("Tag").click()
    panel = desk.page.get_by_role("dialog", name="Tag")
    add, around = panel.get_by_role("button", name="Add", exact=True), panel.bounding_box()
    right = add.bounding_box()["x"] + add.bounding_box()["width"]
    desk.page.keyboard.press("Escape")
    desk.page.set_viewport_size(size)
    assert right <= around["x"] + around["width"] - 8  # the panel's padding


def test_tags_are_given_and_taken_with_suggestions(desk):
    desk.picture(1).click()
    desk.picture(3).click(modifiers=["ControlOrMeta"])
    desk.button("Tag").click()
    panel = desk.page.get_by_role("dialog", name="Tag")
    field = panel.get_by_label("Add a tag", exact=True)
    expect(field).to_be_focused()
    expect(panel.get_by_text("1 of 2")).to_be_visible()  # blue sea: one of the two has it
    field.fill("port")
    panel.get_by_role("button", name="Add the tag portrait").click()
    field.fill(" new one ")
    field.press("Enter")
    panel.get_by_title("Remove the tag: holiday").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [
        ("tag", [1, 3], {"add": ["portrait"]}),
        ("tag", [1, 3], {"add": ["new one"]}),
        ("tag", [1, 3], {"remove": ["holiday"]}),
    ]
    desk.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(desk.button("Tag")).to_be_focused()


def test_one_picture_is_downloaded_as_it_is_and_several_as_a_zip(desk):
    desk.picture(1).click()
    with desk.page.expect_download() as download:
        desk.button("Download").click()
    assert download.value.suggested_filename == "00001-x.png"
    desk.picture(3).click(modifiers=["ControlOrMeta"])
    with desk.page.expect_download() as download:
        desk.button("Download").click()
    assert download.value.suggested_filename == "pictures.zip"
    assert Path(download.value.path()).read_bytes() == b"PKzip"
    expect(desk.page.get_by_text("2 pictures downloaded")).to_be_visible()


def test_the_settings_are_copied_as_text(desk):
    desk.page.evaluate(
        """Object.defineProperty(navigator, "clipboard", { configurable: true, value: {
          write: async ([item]) => {
            const [type] = item.types;
            window.copied = [type, await (await item.getType(type)).text()];
          } } }); null"""
    )
    desk.page.evaluate(
        """window.ClipboardItem ||= class {
          constructor(parts) { this.parts = parts; this.types = Object.keys(parts); }
          async getType(type) { return this.parts[type]; }
        }; null"""
    )
    desk.picture(1).click()
    desk.button("Copy").click()
    desk.page.get_by_role("button", name="Settings as text").click()
    desk.page.wait_for_function("window.copied")
    assert desk.page.evaluate("window.copied") == ["text/plain", "a red ball\nSeed: 7"]
    desk.button("Copy").click()
    desk.page.get_by_role("button", name="Picture", exact=True).click()
    desk.page.wait_for_function("window.copied[0] === 'image/png'")
    expect(desk.page.get_by_text("Picture copied")).to_be_visible()


def test_a_deletion_offers_undo(desk):
    desk.picture(1).click()
    desk.gallery.tell("1 picture moved to the bin", undo=True)
    desk.bare.pump()
    desk.page.get_by_role("button", name="Undo").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("undo", [1])]
    expect(desk.page.get_by_role("button", name="Undo")).to_be_hidden()


def test_in_the_bin_pictures_are_restored_or_removed_after_a_question(desk):
    desk.gallery.filters = {**desk.gallery.filters, "bin": True}
    desk.bare.pump()
    desk.picture(1).click()
    expect(desk.button("Compare")).to_be_hidden()
    desk.button("Restore").click()
    desk.grid.focus()
    desk.grid.press("Delete")
    panel = desk.page.get_by_role("dialog", name="Delete for good")
    expect(panel).to_contain_text("Delete this picture for good? That cannot be undone.")
    expect(panel.get_by_role("button", name="Keep")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    desk.button("Delete for good").click()
    panel.get_by_role("button", name="Delete for good").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == [("restore", [1]), ("purge", [1])]


def test_nothing_is_done_where_nothing_is_selected(desk):
    desk.grid.focus()
    for key in ("3", "Delete", "Enter"):
        desk.grid.press(key)
    desk.page.wait_for_function("window.idle()")
    assert desk.acted == []
    expect(desk.button("Delete")).to_be_disabled()


# --- search and filters ---------------------------------------------------------------------------
def test_the_search_is_asked_when_typing_pauses(desk):
    field = desk.page.get_by_label("Search pictures")
    type_at_once(field, "seed:7")
    wait_until(desk.page, lambda: desk.filtered)
    expect(field).to_be_focused()
    desk.page.wait_for_timeout(400)
    assert [one.text for one in desk.filtered] == ["seed:7"]
    desk.gallery.fault = "no setting 'sed' to search by"
    desk.bare.pump()
    expect(desk.page.get_by_role("alert")).to_have_text("no setting 'sed' to search by")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("")
    wait_until(desk.page, lambda: desk.filtered[-1].text == "")


def test_filters_are_set_shown_as_chips_and_taken_away(desk):
    desk.page.get_by_role("button", name="Filter", exact=True).click()
    panel = desk.page.get_by_role("dialog", name="Filters")
    panel.get_by_role("button", name="holiday 1,234").click()
    panel.get_by_role("button", name="3 stars or more").click()
    expect(panel.get_by_role("button", name="3 stars or more")).to_be_focused()
    panel.get_by_label("Model").select_option("dolls")
    panel.get_by_label("First day").fill("2026-11-01")
    desk.page.wait_for_function("window.idle()")
    assert desk.filtered[-1] == Filters(
        tags=("holiday",), stars=3, model="dolls", since="2026-11-01"
    )
    desk.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    desk.page.get_by_role("button", name="Remove the filter: holiday").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.filtered[-1].tags == ()
    desk.page.get_by_label("Sort").select_option("stars")
    desk.page.wait_for_function("window.idle()")
    assert (desk.filtered[-1].order, desk.filtered[-1].stars) == ("stars", 3)


def test_fewer_pictures_and_none_tell_why(desk):
    desk.gallery.show(names(3))
    desk.bare.pump()
    expect(desk.page.get_by_role("gridcell")).to_have_count(3)
    desk.gallery.show([])
    desk.bare.pump()
    expect(desk.page.get_by_role("gridcell")).to_have_count(0)
    expect(desk.page.get_by_text("No pictures yet")).to_be_visible()
    desk.gallery.filters = {**desk.gallery.filters, "text": "xyz", "stars": 3}
    desk.bare.pump()
    expect(desk.page.get_by_text("No pictures match “xyz”")).to_be_visible()
    desk.page.get_by_role("button", name="Show all pictures").click()
    desk.page.wait_for_function("window.idle()")
    assert desk.filtered == [Filters()]


def test_files_that_are_not_shown_are_named(desk):
    desk.gallery.left_out = {"lines": [["00001-x.png", "its sidecar is damaged"]], "count": 30}
    desk.bare.pump()
    desk.page.get_by_text("30 files are not shown here").click()
    expect(desk.page.get_by_text("00001-x.png: its sidecar is damaged")).to_be_visible()
    expect(desk.page.get_by_text("and 29 more")).to_be_visible()


# --- staying in place -----------------------------------------------------------------------------
def test_new_stars_are_shown_in_place(desk):
    desk.stars["day/1.png"] = 4
    desk.gallery.renew()
    desk.bare.pump()
    expect(desk.tile(1)).to_contain_text("★ 4")
    desk.stars.clear()


def test_another_width_keeps_the_place(desk):
    desk.grid.evaluate("grid => grid.scrollTo(0, 20_000)")
    expect(desk.tile(0)).to_have_count(0)  # drawn anew: what is read now is what was scrolled to
    first = desk.page.locator(".mls-gallery-row").nth(1).locator("[data-at]").first
    expect(first.locator("img")).to_be_visible()
    at = int(first.get_attribute("data-at"))
    desk.page.set_viewport_size({"width": 292, "height": 700})
    expect(desk.grid).to_have_attribute("aria-colcount", "3")
    expect(desk.tile(at)).to_be_in_viewport()
    desk.page.set_viewport_size({"width": 900, "height": 700})
    expect(desk.tile(at)).to_be_in_viewport()


def test_nothing_moves_when_something_is_selected_or_told(desk):
    top = desk.tile(0).bounding_box()["y"]
    height = desk.grid.bounding_box()["height"]
    desk.picture(1).click()
    desk.picture(2).click(modifiers=["ControlOrMeta"])
    desk.gallery.tell("2 pictures moved to the bin", undo=True)
    desk.bare.pump()
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()
    assert desk.tile(0).bounding_box()["y"] == top
    assert desk.grid.bounding_box()["height"] == height


@pytest.mark.thorough
def test_blobs_are_bounded(desk):
    desk.page.evaluate(
        """window.living = 0;
        const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
        URL.createObjectURL = (blob) => (living++, make.call(URL, blob));
        URL.revokeObjectURL = (url) => (living--, revoke.call(URL, url));
        null"""
    )
    for screen in range(1, 25):
        desk.grid.evaluate(f"grid => grid.scrollTo(0, {screen * 2000 + 20_000})")
        desk.page.wait_for_function(
            """[...document.querySelectorAll("[role=gridcell]")].every((one) =>
            one.querySelector("img"))"""
        )
    assert desk.page.evaluate("living") <= 600


@pytest.mark.thorough
@pytest.mark.parametrize("width", [260, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme, width):
    desk = Desk()
    desk.gallery.show(names(200))
    desk.gallery.filters = {**desk.gallery.filters, "tags": ["blue sea"], "stars": 3}
    with desk.show(browser, theme=theme, size=(width + 32, 700)) as bare:
        page = desk.page
        expect(desk.picture(5)).to_be_visible()

        def shoot(name):
            page.screenshot(path=pictures_folder / f"gallery-{name}-{width}-{theme}.png")
            assert_accessible(page, ".mls-gallery", without=WITHOUT)

        desk.picture(4).click()
        shoot("one")
        for at in (8, 9):
            desk.picture(at).click(modifiers=["ControlOrMeta"])
        desk.tile(10).hover()
        shoot("many")
        page.get_by_role("button", name="Filter", exact=True).click()
        shoot("filters")
        desk.button("Tag").click()
        shoot("tags")
        desk.button("Stars").click()
        shoot("stars")
        page.keyboard.press("Escape")
        desk.gallery.filters = {**desk.gallery.filters, "bin": True, "text": "xyz"}
        desk.gallery.fault = "no setting 'sed' to search by. Did you mean 'seed'?"
        desk.gallery.tell("3 pictures moved to the bin", undo=True)
        desk.gallery.show([])
        bare.pump()
        shoot("nothing")
        page.evaluate("window.end()")
        assert page.evaluate("window.listening()") == 0
