"""The models shelf under a mouse and a keyboard: thousands of models, refused files, and a pick."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from medialab.errors import PictureError
from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.models_shelf import Action, Binned, Card, Details, ModelsShelf

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 400
FAMILIES = ("sd15", "sdxl", "z-image", "unknown")
KINDS = ("checkpoint", "lora", "lora", "lora", "embedding", "vae", "controlnet", "upscaler")
NAMES = ("ink wash", "analog film", "a very long name of a merge of many models v12 pruned fp16")
REFUSED = "it is a pickle, which can run any program when it is opened; convert it"


def card(at):
    kind = KINDS[at % len(KINDS)]
    return Card(
        id=f"{kind}s/{NAMES[at % 3]} {at}.safetensors",
        name=f"{NAMES[at % 3]} {at}",
        kind=kind,
        family=FAMILIES[at % 4],
        size=f"{at % 900 + 10} MB",
        bytes=(at % 900 + 10) * 1_000_000,
        changed=1_700_000_000 + at,
        preview="1" if at % 2 else "",
        words="brushwork" if at == 77 else "",
        tags=("portrait", "style:ink") if at == 77 else (),
        starred=at == 77,
        used=12 if at == 77 else 0,
    )


def cards(count, refused=2):
    found = [card(at) for at in range(count)]
    for at in range(refused):
        name = f"loras/old-{at}.pt"
        found.append(Card(name, f"old-{at}.pt", "lora", "unknown", refused=REFUSED))
    return found


def picture(identity, side):
    if identity.endswith(" 3.safetensors"):
        message = "damaged"
        raise PictureError(message)
    shade = sum(map(ord, identity))
    image = Image.new("RGB", (side, side), (60 + shade % 150, 90 + shade % 70, 120))
    ImageDraw.Draw(image).ellipse((side // 4, side // 4, side * 3 // 4, side * 3 // 4), "#fff8")
    buffer = BytesIO()
    image.save(buffer, "WEBP")
    return buffer.getvalue()


def details(identity):
    return Details(
        facts=(
            ("File", identity),
            ("Size", "144 MB"),
            ("Format", "kohya"),
            ("SHA-256", "a1b2c3d4e5"),
            ("Changed", "3 November 2026, 12:00"),
        ),
        actions=(
            Action("use", "Add this LoRA"),
            Action("insert", "Add to prompt", "<lora:ink wash:1>"),
            Action("pictures", "Used in 12 pictures"),
        ),
        words=("ink wash", "brush strokes"),
        about="A wash of ink on paper.",
        notes="Best at 0.7.",
        weight="0.7",
        known_tags=("portrait", "character:Ada"),
        changes=(
            Action("hash", "Compute its hashes"),
            Action("rename", "Rename…", "ink wash"),
            Action("bin", "Move to the bin"),
        ),
    )


class Desk:
    """A shelf in a page, and what was asked of it."""

    def __init__(self):
        self.acted, self.picked, self.refreshed, self.previewed = [], [], [], []
        self.shelf = ModelsShelf(self._preview, details)
        self.shelf.on_act(lambda *what: self.acted.append(what))
        self.shelf.on_picked(self.picked.append)
        self.shelf.on_refresh(lambda: self.refreshed.append(True))

    def _preview(self, identity, side):
        self.previewed.append(identity)
        return picture(identity, side)

    def show(self, browser, width=320, height=700, theme="light"):
        html = (
            '<button id="before">Add LoRA…</button>'
            f'<div id="widget" style="width: {width}px; --mls-models-height: {height}px"></div>'
        )
        size = (width + 32, height + 64)
        self.bare = BarePage(browser, self.shelf, html=html, size=size, theme=theme)
        self.page = self.bare.page
        self.options = self.page.locator(".mls-model")
        self.search = self.page.get_by_role("searchbox", name="Search models")
        self.count = self.page.locator(".mls-models-count")
        self.list = self.page.get_by_role("listbox")
        return self.bare

    def reset(self, count=COUNT):
        self.shelf.stop_picking()
        self.shelf.family, self.shelf.sort, self.shelf.opened = "", "name", ""
        self.shelf.show(cards(count))
        self.bare.pump()
        expect(self.count).to_have_text(f"{count + 2:,} models")
        self.page.evaluate("document.querySelector('.mls-models-scroll').scrollTop = 0")
        for heard in (self.acted, self.picked, self.refreshed, self.previewed):
            heard.clear()

    def look(self, name):
        """Check what is seen for accessibility, and keep a picture of it where one is wanted."""
        self.idle()
        assert_accessible(self.page, without=OF_PAGES)
        if folder := os.environ.get("UI_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"models-{name}.png")

    def idle(self):
        self.page.wait_for_function("window.idle()")

    def menu(self, name):
        return self.page.get_by_role("combobox", name=name)


# What a page says of itself is not the widget's to say.
OF_PAGES = (
    "document-title",
    "html-has-lang",
    "landmark-one-main",
    "page-has-heading-one",
    "region",
)


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    desk = Desk()
    with desk.show(browser, 260):
        yield desk


@pytest.fixture
def desk(shared):
    """Four hundred models, and two refused ones."""
    shared.reset()
    return shared


def test_with_any_number_of_models_the_filters_are_there(desk):
    for count, told in (
        (5_000, "5,002 models"),
        (50, "52 models"),
        (1, "3 models"),
        (0, "2 models"),
    ):
        desk.shelf.show(cards(count))
        desk.bare.pump()
        expect(desk.count).to_have_text(told, timeout=20_000)
        for control in (desk.search, desk.menu("Kind"), desk.menu("Family"), desk.menu("Sort")):
            assert control.bounding_box()["height"] >= 24
            expect(control).to_be_in_viewport(ratio=1)
    desk.shelf.show([])
    desk.bare.pump()
    expect(desk.page.get_by_text("No models yet. Put their files")).to_be_visible()


@pytest.mark.thorough
def test_five_thousand_are_scrolled_and_searched_at_once(desk):
    desk.reset(5_000)
    assert desk.options.count() < 30
    assert desk.options.first.get_attribute("aria-setsize") == "5000"
    desk.list.press("End")
    expect(desk.options.last).to_have_attribute("aria-posinset", "5000")
    expect(desk.options.last).to_be_in_viewport()
    assert desk.options.count() < 30
    desk.idle()
    assert len(desk.previewed) < 60  # those between were never asked for
    milliseconds = desk.page.evaluate(
        """async () => {
          const search = document.querySelector("input[type=search]");
          const begin = performance.now();
          search.value = "brushwork";
          search.dispatchEvent(new InputEvent("input"));
          await new Promise(requestAnimationFrame);
          return performance.now() - begin;
        }"""
    )
    expect(desk.count).to_have_text("1 of 5,002 models")
    expect(desk.options).to_contain_text("77")
    desk.search.press("Escape")
    expect(desk.count).to_have_text("5,002 models")
    assert desk.shelf.search == ""
    print(f"\na search through 5,000: {milliseconds:.0f} ms")  # noqa: T201 - never asserted


def test_kind_and_family_narrow_it(desk):
    desk.menu("Kind").select_option("vae")
    expect(desk.count).to_have_text("50 of 402 models")
    desk.menu("Family").select_option("sdxl")
    desk.menu("Sort").select_option("newest")
    desk.idle()
    assert (desk.shelf.kind, desk.shelf.family, desk.shelf.sort) == ("vae", "sdxl", "newest")
    expect(desk.options.first).to_contain_text("397")
    desk.search.fill("nothing like it")
    expect(desk.page.get_by_text("No model matches.")).to_be_visible()


def test_refused_files_are_folded_at_the_end_with_the_reason(desk):
    desk.search.fill("old")
    folded = desk.page.locator("details")
    expect(folded).to_have_text("2 files are not used", use_inner_text=True)
    expect(folded.get_by_text(REFUSED).first).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.get_by_text("loras/old-1.pt")).to_be_visible()
    expect(folded.get_by_text(REFUSED).first).to_be_visible()


def test_the_previews_are_seen_and_a_damaged_one_holds_nothing_up(desk):
    desk.search.fill("film 49")
    expect(desk.options.first.locator("img")).to_be_visible()
    desk.search.fill("ink wash 3")
    first = desk.page.locator('.mls-model[data-id="loras/ink wash 3.safetensors"]')
    expect(first.locator("svg")).to_be_visible()
    expect(desk.page.locator(".mls-model img").first).to_be_visible()


def test_a_card_opens_its_drawer_and_escape_goes_back_to_it(desk):
    desk.search.fill("brushwork")
    desk.search.press("ArrowDown")
    desk.list.press("Enter")
    drawer = desk.page.get_by_role("region", name="a very long name of a merge")
    expect(drawer.locator("img")).to_be_visible()
    expect(drawer.get_by_text("a1b2c3d4e5")).to_be_visible()
    expect(drawer.get_by_role("textbox", name="Your notes")).to_have_value("Best at 0.7.")
    expect(drawer.get_by_text("A wash of ink on paper.")).to_be_visible()
    expect(drawer.get_by_role("button", name="Back to the list")).to_be_focused()
    assert desk.shelf.opened == card(77).id
    desk.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(desk.list).to_be_focused()
    expect(desk.options.first).to_have_attribute("aria-selected", "true")


def test_a_drawers_buttons_use_the_model_and_add_words_to_the_prompt(desk):
    desk.shelf.opened = card(77).id
    desk.bare.pump()
    for name in ("Add this LoRA", "Add to prompt", "brush strokes", "Used in 12 pictures"):
        desk.page.get_by_role("button", name=name).click()
    expect(desk.page.get_by_text("Added to the prompt: brush strokes")).to_be_visible()
    desk.idle()
    one = card(77).id
    assert desk.acted == [
        ("use", one, ""),
        ("insert", one, "<lora:ink wash:1>"),
        ("insert", one, "brush strokes"),
        ("pictures", one, ""),
    ]
    desk.shelf.show([])  # its file is gone
    desk.bare.pump()
    expect(desk.page.get_by_text("No models yet")).to_be_visible()


def test_what_a_person_keeps_of_a_model_is_changed_in_its_drawer(desk):
    one = card(77).id
    desk.shelf.opened = one
    desk.bare.pump()
    star = desk.page.get_by_role("button", name="Star", exact=True)
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    desk.page.get_by_role("button", name="Remove the tag style:ink").click()
    tag = desk.page.get_by_role("combobox", name="Add a tag")
    tag.fill("character:Ada")
    tag.press("Enter")
    tag.press("Enter")  # an empty field adds nothing
    notes = desk.page.get_by_role("textbox", name="Your notes")
    notes.fill("Two lines\nof mine")
    weight = desk.page.get_by_role("spinbutton", name="Weight when added")
    expect(weight).to_have_value("0.7")
    weight.fill("0.85")
    weight.press("Tab")
    desk.idle()
    assert desk.acted == [
        ("star", one, ""),
        ("untag", one, "style:ink"),
        ("tag", one, "character:Ada"),
        ("notes", one, "Two lines\nof mine"),
        ("weight", one, "0.85"),
    ]


def test_a_new_name_is_asked_for_in_place_and_escape_keeps_the_old_one(desk):
    one = card(77).id
    desk.shelf.opened = one
    desk.bare.pump()
    rename = desk.page.get_by_role("button", name="Rename…")
    for key, acted in (("Escape", []), ("Enter", [("rename", one, "brush")])):
        rename.click()
        field = desk.page.get_by_role("textbox", name="New name")
        expect(field).to_have_value("ink wash")
        field.fill("brush")
        field.press(key)
        expect(field).to_have_count(0)
        expect(rename).to_be_focused()
        desk.idle()
        assert desk.acted == acted
    assert desk.shelf.opened == one


def test_what_is_typed_is_not_lost_when_the_drawer_is_drawn_anew(desk):
    one = card(77).id
    desk.shelf.opened = one
    desk.bare.pump()
    notes = desk.page.get_by_role("textbox", name="Your notes")
    notes.press("End")
    notes.press_sequentially(" With ink")
    desk.shelf.show(cards(COUNT))  # a download has come, or a picture was made
    desk.bare.pump()
    desk.idle()
    expect(notes).to_be_focused()
    desk.page.keyboard.type("!")
    expect(notes).to_have_value("Best at 0.7. With ink!")
    notes.press("Tab")
    desk.page.get_by_role("button", name="Rename…").click()
    name = desk.page.get_by_role("textbox", name="New name")
    name.fill("brush")
    desk.shelf.show(cards(COUNT))
    desk.bare.pump()
    desk.idle()
    expect(name).to_be_focused()
    name.press("Enter")
    desk.idle()
    # A browser may tell a text when it is drawn anew, too.
    assert desk.acted[-2:] == [("notes", one, "Best at 0.7. With ink!"), ("rename", one, "brush")]


def test_a_binned_model_is_undone_restored_or_removed_for_good(desk):
    to_bin = desk.page.locator(".mls-models-to-bin")
    expect(to_bin).to_be_hidden()
    desk.shelf.show_bin(
        [Binned("loras/a", "a", "LoRA · 2 MB"), Binned("loras/b", "b", "LoRA · 1 MB")]
    )
    desk.shelf.tell("In the bin: a", "restore", "loras/a")
    desk.bare.pump()
    desk.page.get_by_role("button", name="Undo").click()
    to_bin.click()
    desk.look("bin")
    desk.page.get_by_role("button", name="Restore a").click()
    remove = desk.page.get_by_role("button", name="Remove b for good")
    remove.click()
    expect(remove).to_have_text("For good?")
    remove.click()
    desk.idle()
    done = [("restore", "loras/a", ""), ("restore", "loras/a", ""), ("remove", "loras/b", "")]
    assert desk.acted == done
    desk.shelf.show_bin([])
    desk.shelf.tell("")
    desk.bare.pump()
    expect(desk.search).to_be_focused()


def test_the_hashing_of_all_models_is_seen_and_stopped(desk):
    desk.shelf.hashing = ["Hashes: 3 of 40 files", 3_000_000_000, 40_000_000_000]
    desk.bare.pump()
    bar = desk.page.get_by_role("progressbar", name="Hashes of all models")
    expect(bar).to_have_attribute("max", "40000000000")
    desk.look("hashing")
    desk.page.get_by_role("button", name="Stop computing hashes").click()
    desk.idle()
    assert desk.acted == [("stop_hashing", "", "")]
    desk.shelf.hashing = []
    desk.bare.pump()
    expect(bar).to_be_hidden()


def test_refresh_is_asked_for(desk):
    desk.page.get_by_role("button", name="Refresh").click()
    desk.idle()
    assert desk.refreshed == [True]


def ask_for_a_lora(desk):
    other = {one.id: "is made for sdxl" for one in desk.shelf.cards if one.family == "sdxl"}
    desk.page.locator("#before").focus()
    desk.shelf.pick("lora", "Add a LoRA to Face", other)
    desk.bare.pump()
    expect(desk.search).to_be_focused()
    expect(desk.count).to_have_text("152 models")


def test_as_a_picker_it_greys_what_does_not_fit_and_says_why(desk):
    ask_for_a_lora(desk)
    expect(desk.page.get_by_text("Add a LoRA to Face")).to_be_visible()
    expect(desk.menu("Kind")).to_be_disabled()
    desk.search.fill("wash 393")
    unfit = desk.page.locator('.mls-model[data-id="loras/ink wash 393.safetensors"]')
    expect(unfit).to_have_attribute("aria-disabled", "true")
    expect(unfit).to_contain_text("is made for sdxl")
    unfit.click(force=True)
    desk.idle()
    assert desk.picked == []


def test_a_click_picks_and_the_focus_returns(desk):
    ask_for_a_lora(desk)
    desk.search.fill("wash 18")
    desk.search.press("Enter")
    desk.idle()
    assert desk.picked == ["loras/ink wash 18.safetensors"]
    desk.bare.pump()
    expect(desk.page.locator("#before")).to_be_focused()
    expect(desk.page.get_by_text("Add a LoRA to Face")).to_be_hidden()
    expect(desk.count).to_have_text("402 models")


def test_escape_picks_none(desk):
    ask_for_a_lora(desk)
    desk.page.keyboard.press("Escape")
    desk.idle()
    assert desk.picked == [""]
    desk.bare.pump()
    expect(desk.page.locator("#before")).to_be_focused()


def test_no_plain_key_leaves_it(desk):
    desk.page.evaluate(
        """() => {
          window.left = [];
          document.body.addEventListener("keydown", ({ key }) => window.left.push(key));
        }"""
    )
    controls = [desk.search, desk.menu("Sort"), desk.list, desk.page.locator("summary")]
    for control in controls:
        control.focus()
        for key in ("a", "d", "0", "Escape", "Home"):
            desk.page.keyboard.press(key)
    assert desk.page.evaluate("window.left") == []


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "theme"), [(260, "light"), (400, "dark")])
def test_axe_core_finds_nothing_in_the_list_the_drawer_and_the_picker(browser, width, theme):
    desk = Desk()
    desk.shelf.show(cards(40))
    with desk.show(browser, width, theme=theme):
        expect(desk.options.first).to_be_visible()
        desk.page.locator("summary").click()
        desk.look(f"list-{width}-{theme}")
        desk.options.nth(1).click()
        expect(desk.page.get_by_text("a1b2c3d4e5")).to_be_visible()
        desk.look(f"drawer-{width}-{theme}")
        other = {one.id: "is made for sdxl" for one in desk.shelf.cards if one.family == "sdxl"}
        desk.shelf.pick("lora", "Add a LoRA to Face", other)
        desk.bare.pump()
        desk.list.press("End")
        desk.look(f"pick-{width}-{theme}")


def test_models_for_photos_are_a_click_away_as_long_as_one_is_missing(browser):
    desk, asked = Desk(), []
    desk.shelf.on_photos(lambda: asked.append(True))
    desk.shelf.show(cards(4))
    with desk.show(browser, 260):
        button = desk.page.get_by_role("button", name="Fetch models for photos")
        expect(desk.options.first).to_be_visible()
        expect(button).to_be_hidden()
        desk.shelf.photos = "Fetch what photos need (81.3 MB)"
        desk.bare.pump()
        expect(button).to_have_attribute("title", "Fetch what photos need (81.3 MB)")
        button.click()
        desk.bare.pump()
        assert asked == [True]
        desk.shelf.photos = ""
        desk.bare.pump()
        expect(button).to_be_hidden()
