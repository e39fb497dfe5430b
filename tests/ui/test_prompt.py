"""A sheet's prompt under a keyboard: completion, weights, undo, and when Python hears of it."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.ui.bare import BarePage, type_at_once, wait_until
from widgets.sheet import Sheet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = [
    {"label": "night-palette", "insert": "<lora:night-palette:1>", "kind": "lora"},
    {"label": "pencil-sketch", "insert": "<lora:pencil-sketch:1>", "kind": "lora"},
    {"label": "paperdoll/hair", "insert": "__paperdoll/hair__", "kind": "wildcard"},
    {"label": "paperdoll/place", "insert": "__paperdoll/place__", "kind": "wildcard"},
    {"label": "mina", "insert": "mina", "kind": "embedding"},
    {"label": "meadow", "insert": "meadow", "kind": "word"},
    {"label": "mountain", "insert": "mountain", "kind": "word"},
    {"label": "autumn mood", "insert": "warm light, falling leaves", "kind": "style"},
]

# Of a table: what another row tries already in a quick run.
more_of_the_same = partial(pytest.param, marks=pytest.mark.thorough)

FIELD = {"name": "prompt", "label": "Prompt", "kind": "prompt", "example": "a smiling person"}


def make_sheet():
    return Sheet(fields=[FIELD], values={"prompt": ""}, words=WORDS)


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    sheet = make_sheet()
    with BarePage(browser, sheet) as page:
        yield page, sheet


@pytest.fixture
def sheet(shared):
    return shared[1]


@pytest.fixture
def bare(shared, sheet):
    """The page with an empty prompt, and nothing sent."""
    page, _ = shared
    area = page.page.locator("#widget textarea")
    area.fill("")
    area.blur()
    page.page.wait_for_function("window.idle()")
    sheet.values, sheet.words = {"prompt": ""}, WORDS
    page.pump()
    page.sent.clear()
    return page


@pytest.fixture
def area(bare):
    found = bare.page.locator("#widget").get_by_role("textbox", name="Prompt")
    found.focus()
    return found


@pytest.fixture
def options(bare):
    return bare.page.get_by_role("option")


def caret(area):
    return area.evaluate("area => [area.selectionStart, area.selectionEnd]")


def select(area, start, end=None):
    area.evaluate(f"area => area.setSelectionRange({start}, {start if end is None else end})")


# --- completion ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("a <", ["night-palette", "pencil-sketch"]),
        more_of_the_same("a <lora:", ["night-palette", "pencil-sketch"]),
        more_of_the_same("a <LoRA:Sket", ["pencil-sketch"]),
        more_of_the_same("a __", ["paperdoll/hair", "paperdoll/place"]),
        ("a __pla", ["paperdoll/place"]),
        more_of_the_same("a m", []),
        more_of_the_same("a me", ["meadow"]),
        ("a (mo", ["mountain", "autumn mood"]),  # those that begin so come first
        more_of_the_same("a mi", ["mina"]),
        more_of_the_same("a zz", []),
        more_of_the_same("a __paperdoll/hair__", []),
        ("a meadow", []),  # nothing to add to it
    ],
)
def test_what_is_typed_decides_what_is_offered(area, options, typed, labels):
    area.press_sequentially(typed)
    expect(options.locator(".mls-word-label")).to_have_text(labels)


@pytest.mark.parametrize("key", ["Enter", "Tab"])
def test_the_marked_word_is_taken_by_enter_and_by_tab(area, options, key):
    area.press_sequentially("a girl, <pa")
    area.press("Backspace")
    expect(options.locator(".mls-word-label")).to_have_text(["pencil-sketch", "night-palette"])
    area.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    marked = options.nth(1).get_attribute("id")
    expect(area).to_have_attribute("aria-activedescendant", marked)
    area.press(key)
    expect(area).to_have_value("a girl, <lora:night-palette:1>")
    expect(area).to_be_focused()
    expect(options).to_have_count(0)


def test_the_arrows_go_round(area, options):
    area.press_sequentially("<")
    area.press("ArrowUp")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    area.press("ArrowDown")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")


def test_escape_closes_the_list_and_enter_is_a_new_line_again(area, options):
    area.press_sequentially("a me")
    expect(options).to_have_count(1)
    area.press("Escape")
    expect(options).to_have_count(0)
    area.press("Enter")
    expect(area).to_have_value("a me\n")


def test_a_word_is_taken_by_the_mouse_and_undone_by_the_keyboard(area, options):
    area.press_sequentially("in a mea")
    options.first.click()
    expect(area).to_have_value("in a meadow")
    expect(area).to_be_focused()
    area.press("Control+z")
    expect(area).to_have_value("in a mea")


def test_a_style_stands_in_the_middle_of_a_text(area, options):
    area.fill("a girl, , standing")
    select(area, 8)
    area.press_sequentially("autu")
    area.press("Enter")
    expect(area).to_have_value("a girl, warm light, falling leaves, standing")


def test_the_list_is_at_the_caret_and_inside_the_window(bare, area, options):
    area.press_sequentially("one line\nand a me")
    box, text = bare.page.get_by_role("listbox").bounding_box(), area.bounding_box()
    assert text["y"] + 40 < box["y"] < text["y"] + 70  # under the second line
    assert text["x"] + 30 < box["x"] < text["x"] + 90
    bare.page.set_viewport_size({"width": 260, "height": 120})
    area.press_sequentially("a")
    box = bare.page.get_by_role("listbox").bounding_box()
    bare.page.set_viewport_size({"width": 900, "height": 700})
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 260
    assert box["y"] >= 0


def test_the_list_is_at_the_caret_of_a_prompt_from_right_to_left(bare, area):
    area.press_sequentially("\u05d7\u05ea\u05d5\u05dc a me")  # a cat, in Hebrew
    box, text = bare.page.get_by_role("listbox").bounding_box(), area.bounding_box()
    right = text["x"] + text["width"]
    assert box["x"] < right - 60 < box["x"] + box["width"]


# --- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "keys", "weighed"),
    [
        ("a red ball", 3, ["Up"], "a (red:1.1) ball"),
        more_of_the_same("a red ball", 3, ["Up", "Up"], "a (red:1.2) ball"),
        ("a red ball", 3, ["Up", "Down"], "a red ball"),
        more_of_the_same("a red ball", 3, ["Down"], "a (red:0.9) ball"),
        ("a red ball", (2, 10), ["Up"], "a (red ball:1.1)"),
        more_of_the_same("a red ball ", (2, 11), ["Up"], "a (red ball:1.1) "),
        more_of_the_same("a (red ball:1.25), so", 5, ["Up"], "a (red ball:1.35), so"),
        more_of_the_same("a ((red ball)), so", 6, ["Up"], "a (red ball:1.3), so"),
        more_of_the_same("a [red] ball", 4, ["Down"], "a (red:0.8) ball"),
        more_of_the_same("x (a:0.1) y", 3, ["Down", "Down"], "x (a:-0.1) y"),
        more_of_the_same("x <lora:doll:0.8> y", 9, ["Up"], "x <lora:doll:0.85> y"),
        more_of_the_same("x <lora:doll:0.8> y", 9, ["Up"] * 4, "x <lora:doll:1.0> y"),
        more_of_the_same("x <lora:doll> y", 9, ["Down"], "x <lora:doll:0.95> y"),
        ("x <lora:doll:1:0.5:lbw=FACE> y", 9, ["Down"], "x <lora:doll:0.95:0.45:lbw=FACE> y"),
        more_of_the_same("a __doll/hair__ b", 8, ["Up"], "a (__doll/hair__:1.1) b"),
        more_of_the_same("", 0, ["Up"], ""),
        more_of_the_same("a  b", 2, ["Up"], "a  b"),
    ],
)
def test_control_and_an_arrow_weigh_what_is_at_the_caret(area, text, at, keys, weighed):
    area.fill(text)
    select(area, *(at if isinstance(at, tuple) else (at,)))
    for key in keys:
        area.press(f"Control+Arrow{key}")
    expect(area).to_have_value(weighed)


def test_a_weight_leaves_what_it_weighs_selected_and_is_undone_in_one(bare, area):
    area.fill("a red ball")
    select(area, 2, 10)
    area.press("Control+ArrowUp")
    assert caret(area) == [3, 11]
    area.press("Control+z")
    expect(area).to_have_value("a red ball")
    area.press("Control+Shift+z")
    expect(area).to_have_value("a (red ball:1.1)")


# --- Python --------------------------------------------------------------------------------------


def values(bare):
    return [message["content"]["value"] for message in bare.sent]


def test_python_hears_once_of_a_quick_hand(bare, area, sheet):
    type_at_once(area, "a quick brown fox")
    wait_until(bare.page, lambda: values(bare))
    bare.page.wait_for_timeout(400)
    assert values(bare) == ["a quick brown fox"]
    assert sheet.values["prompt"] == "a quick brown fox"


@pytest.mark.parametrize("leave", ["blur", "change"])
def test_python_hears_at_once_when_the_text_is_left(bare, area, sheet, leave):
    type_at_once(area, "a fox")
    area.dispatch_event(leave)
    bare.page.wait_for_function("window.idle()")
    assert sheet.values["prompt"] == "a fox"
    bare.page.wait_for_timeout(400)
    assert values(bare) == ["a fox"]


def test_what_python_changes_is_shown(bare, area, sheet):
    sheet.values, sheet.tokens = {"prompt": "a blue fox"}, {"prompt": "5 / 75"}
    sheet.fields = [FIELD | {"example": "anything"}]
    bare.pump()
    expect(area).to_have_value("a blue fox")
    expect(area).to_have_attribute("placeholder", "anything")
    expect(bare.page.get_by_text("5 / 75")).to_be_visible()
    assert bare.sent == []


def test_words_that_come_later_are_offered(bare, area, options, sheet):
    sheet.words = [{"label": "Zebra", "insert": "zebra", "kind": "word"}]
    bare.pump()
    area.press_sequentially("ze")
    area.press("Enter")
    expect(area).to_have_value("zebra")


def test_only_the_panels_own_keys_reach_the_page(bare, area):
    bare.page.evaluate(
        "window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))"
    )
    for key in ("a", "Escape", "Shift+Enter", "Control+Enter", "Control+ArrowUp", "Control+s"):
        area.press(key)
    heard = bare.page.evaluate("keys.filter((key) => key !== 'Control' && key !== 'Shift')")
    assert heard == ["Escape", "Enter", "s"]
    expect(area).to_have_value("a\n")


def test_two_views_of_one_prompt_say_the_same(bare, area):
    bare.page.evaluate(
        """document.body.insertAdjacentHTML("beforeend", "<div id=other></div>");
        window.endOther = show("other"); null"""
    )
    area.press_sequentially("a fox")
    area.blur()
    expect(bare.page.locator("#other textarea")).to_have_value("a fox")
    bare.page.evaluate("endOther(); other.remove()")


def test_a_view_that_ends_listens_no_more_and_tells_what_was_typed(browser):
    sheet = make_sheet()
    with BarePage(browser, sheet) as bare:
        bare.page.get_by_role("textbox").press_sequentially("a fox")
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0
        bare.page.wait_for_function("window.idle()")
    assert sheet.values["prompt"] == "a fox"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme):
    sheet = make_sheet()
    sheet.values = {"prompt": "a portrait of mina, (smiling:1.2)"}
    sheet.tokens = {"prompt": "11 / 75"}
    with BarePage(browser, sheet, theme=theme, size=(420, 300)) as bare:
        area = bare.page.get_by_role("textbox")
        area.press("Control+End")
        area.press_sequentially(", in a m")
        area.press_sequentially("o")
        bare.page.screenshot(path=pictures_folder / f"prompt-{theme}.png")
        expect(bare.page.get_by_role("option")).to_have_count(2)
