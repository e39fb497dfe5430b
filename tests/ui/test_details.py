"""The details of the shown picture under a mouse and a keyboard."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.details import Details, Group, Row

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WITHOUT = ("region", "landmark-one-main", "page-has-heading-one", "document-title", "html-has-lang")
GROUPS = (
    Group(
        "Picture",
        "1.7 s",
        (
            Row("Prompt", "a portrait of a smiling person with red hair, in a meadow"),
            Row("Negative prompt", "–", is_usual=True),
            Row("Checkpoint", "paperdoll"),
            Row("Size", "512 × 768"),
            Row("Steps", "20"),
            Row("Guidance", "5"),
            Row("Sampler", "DPM++ 2M"),
            Row("Seed", "18446744073709551615"),
            Row("LoRAs", "pencil-sketch × 0.8"),
            Row("Clip skip", "1", is_usual=True),
        ),
    ),
    Group("Face", "3.8 s", (Row("Found", "1, redrawn 1"), Row("Strength", "0.4"))),
    Group("Run", "", (Row("Made", "2026-11-22 12:00"), Row("torch", "2.13", is_usual=True))),
)
# What JupyterLab says of lists in outputs.
JUPYTERLAB = """
.jp-OutputArea-output dl, .jp-OutputArea-output dt, .jp-OutputArea-output dd { display: block; }
.jp-OutputArea-output dl { width: 100%; overflow: hidden; padding: 0; margin: 0; }
.jp-OutputArea-output dt { font-weight: bold; float: left; width: 20%; padding: 0; margin: 0; }
.jp-OutputArea-output dd { float: left; width: 80%; padding: 0; margin: 0; }
"""


def _picture():
    buffer = BytesIO()
    Image.new("RGB", (64, 64), "purple").save(buffer, "PNG")
    return buffer.getvalue()


PIXEL = _picture()
PAIR = (
    Group(
        "Settings",
        "",
        (
            Row("Prompt", "a portrait of a smiling person", "a red car on the beach"),
            Row("Seed", "7", "8"),
            Row("Face: Overlap allowed", "inherited", "0.5"),
        ),
    ),
)


class Desk:
    def __init__(self):
        self.used, self.marked = [], []
        self.details = Details(lambda what: f"as {what}")
        self.details.on_use(self.used.append)
        self.details.on_mark(self.marked.append)
        self.details.name = "00012-1844674-a-portrait-of-a-smiling-person-with-red-hair.png"
        self.details.stars, self.details.tags = 3, ["holiday", "blue sea"]
        self.details.suggestions = ["holiday", "portrait"]
        self.details.show(GROUPS)

    def show(self, browser, **look):
        self.bare = BarePage(browser, self.details, **look)
        self.page = self.bare.page
        return self.bare

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_function("window.idle()")


@pytest.fixture
def desk(browser):
    desk = Desk()
    with desk.show(browser, size=(292, 700)):
        yield desk


def test_only_what_is_set_is_shown_until_all_is_asked_for(desk):
    table = desk.page.get_by_role("region", name="Settings")
    expect(table.get_by_text("pencil-sketch × 0.8")).to_be_visible()
    expect(table.get_by_text("Clip skip")).to_have_count(0)
    desk.press("All settings")
    expect(table.get_by_text("Clip skip")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Only what is set")).to_be_focused()
    assert desk.details.shows_all


def test_parts_are_used_stars_and_tags_given(desk):
    desk.press("Seed")
    desk.press("All")
    desk.press("5 stars")
    desk.press("3 stars")  # it has three: the same again takes them away
    desk.page.get_by_title("Remove the tag: holiday").click()
    field = desk.page.get_by_label("Add a tag")
    field.fill(" new ")
    field.press("Enter")
    desk.page.wait_for_function("window.idle()")
    assert desk.used == ["seed", "all"]
    assert desk.marked == [
        {"stars": 5},
        {"stars": 0},
        {"remove_tags": ["holiday"]},
        {"add_tags": ["new"]},
    ]


def test_the_settings_are_copied(desk):
    desk.page.evaluate(
        """Object.defineProperty(navigator, "clipboard", { configurable: true, value: {
          write: async ([item]) => {
            window.copied = await (await item.getType("text/plain")).text();
          } } });
        window.ClipboardItem ||= class {
          constructor(parts) { this.parts = parts; }
          async getType(type) { return this.parts[type]; }
        }; null"""
    )
    desk.press("JSON")
    desk.page.wait_for_function("window.copied === 'as json'")
    expect(desk.page.get_by_text("Copied")).to_be_visible()


def test_a_comparison_has_both_values_and_their_names(desk):
    expect(desk.page.get_by_role("button", name="Two differ")).to_be_disabled()
    desk.details.has_pair = True
    desk.bare.pump()
    desk.press("Two differ")
    assert desk.details.view == "selected"
    desk.details.show(PAIR, ("00007", "00012"))
    desk.bare.pump()
    table = desk.page.get_by_role("region", name="Settings")
    expect(table.get_by_text("00007")).to_be_visible()
    expect(table.get_by_text("a red car on the beach")).to_be_visible()
    desk.details.show([], ("00007", "00012"))
    desk.bare.pump()
    expect(table.get_by_text("Nothing differs")).to_be_visible()


def test_others_like_it_are_asked_for_and_what_a_check_found_is_read(desk):
    asked = []
    desk.details.on_related(asked.append)
    desk.details.on_check(lambda: asked.append("check"))
    desk.details.related = [["tag", "project:poster", 12], ["seed", "7", 1]]
    desk.details.tell(["It differs.", "The device is cuda for 00012."], PIXEL)
    desk.bare.pump()
    desk.press("Seed 7 1")
    desk.press("Check again")
    assert asked == [1, "check"]
    expect(desk.page.get_by_text("The device is cuda for 00012.")).to_be_visible()
    expect(desk.page.get_by_role("img", name="Where the two pictures differ")).to_be_visible()
    desk.details.tell([])
    desk.bare.pump()
    expect(desk.page.get_by_role("img", name="Where the two pictures differ")).to_be_hidden()


def test_tags_are_typed_with_commas(desk):
    field = desk.page.get_by_label("Add a tag")
    field.fill("one, character:Ada ,")
    field.press("Enter")
    desk.page.wait_for_function("window.idle()")
    assert desk.marked == [{"add_tags": ["one", "character:Ada"]}]


def test_without_a_picture_that_is_said_and_no_plain_key_leaves(desk):
    desk.page.evaluate(
        "window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key)); null"
    )
    for where in (desk.page.get_by_label("Add a tag"), desk.page.get_by_role("region")):
        where.focus()
        for key in "abdmx0":
            desk.page.keyboard.press(key)
    assert desk.page.evaluate("leaked") == []
    desk.details.clear("No picture is shown")
    desk.bare.pump()
    expect(desk.page.get_by_text("No picture is shown")).to_be_visible()
    expect(desk.page.get_by_role("button")).to_have_count(0)


def test_jupyterlabs_own_style_of_lists_does_not_reach_the_table(desk):
    desk.page.evaluate("document.querySelector('#widget').classList.add('jp-OutputArea-output')")
    desk.page.add_style_tag(content=JUPYTERLAB)
    for row in desk.page.locator(".mls-details-table dl").first.locator("dt, dd").all():
        assert row.evaluate("cell => cell.clientWidth") > 80
        assert row.evaluate("cell => getComputedStyle(cell).fontWeight") == "400"


@pytest.mark.thorough
@pytest.mark.parametrize("width", [260, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme, width):
    desk = Desk()
    with desk.show(browser, theme=theme, size=(width + 32, 760)) as bare:

        def shoot(name):
            bare.page.screenshot(path=pictures_folder / f"details-{name}-{width}-{theme}.png")
            assert_accessible(bare.page, ".mls-details", without=WITHOUT)

        desk.details.related = [["tag", "project:poster", 12], ["lora", "pencil-sketch", 3]]
        desk.details.tell(["It was made again, and 7 of 16,384 pixels differ."], PIXEL)
        bare.pump()
        shoot("settings")
        desk.details.has_pair = True
        desk.details.view = "selected"
        desk.details.show(PAIR, ("00007", "00012"))
        bare.pump()
        shoot("compared")
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0


def test_a_seed_is_on_one_line_in_a_narrow_column(browser):
    desk = Desk()
    seed = "1995280421"
    with desk.show(browser, size=(240, 760)) as bare:
        desk.details.has_pair = True
        desk.details.view = "selected"
        group = Group("Settings", "", (Row("Seed", seed, seed),))
        desk.details.show([group], ("00007", "00012"))
        bare.pump()
        cells = bare.page.locator("dd", has_text=seed)
        expect(cells).to_have_count(2)
        for cell in cells.all():
            height = cell.evaluate("cell => cell.getClientRects()[0].height")
            line = cell.evaluate("cell => parseFloat(getComputedStyle(cell).lineHeight)")
            assert height < 1.5 * line


def test_the_focus_stays_where_a_tag_was_and_on_what_is_like_it(desk):
    desk.details.related = [["seed", "7", 2], ["tag", "holiday", 4]]
    desk.bare.pump()
    removed = desk.page.get_by_title("Remove the tag: holiday")
    removed.focus()
    desk.details.story = ["It is made again…"]  # while something else is drawn
    desk.bare.pump()
    expect(removed).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.details.tags = ["blue sea"]
    desk.bare.pump()
    expect(desk.page.get_by_label("Add a tag")).to_be_focused()
    like = desk.page.get_by_role("button", name="Seed 7 2")
    like.focus()
    desk.details.story = ["It is equal in every pixel."]
    desk.bare.pump()
    expect(like).to_be_focused()
