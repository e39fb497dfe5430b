"""The sheet: settings typed, slid, inherited, taken back, and told what is wrong with them."""

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage, wait_until
from widgets.sheet import Sheet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUPS = [
    {"name": "find", "title": "Find"},
    {"name": "draw", "title": "Draw"},
    {"name": "model", "title": "Model", "folded": True},
]
FIELDS = [
    {
        "name": "prompt",
        "label": "Prompt",
        "kind": "prompt",
        "rows": 2,
        "example": "a smiling person",
    },
    {
        "name": "negative_prompt",
        "label": "Negative prompt",
        "kind": "prompt",
        "rows": 1,
        "optional": True,
    },
    {"name": "notes", "label": "Notes", "kind": "lines", "rows": 1},
    {
        "name": "words",
        "label": "Look for",
        "kind": "text",
        "group": "find",
        "example": "face, hand",
        "help": "What the detector looks for",
    },
    {
        "name": "confidence",
        "label": "Confidence",
        "kind": "number",
        "group": "find",
        "min": 0,
        "max": 1,
        "step": 0.05,
        "slider": True,
        "default": 0.3,
    },
    {
        "name": "top_k",
        "label": "At most",
        "zero": "no limit",
        "kind": "whole",
        "group": "find",
        "min": 0,
        "max": 100,
    },
    {
        "name": "strength",
        "label": "Strength",
        "kind": "number",
        "group": "draw",
        "min": 0,
        "max": 1,
        "step": 0.05,
        "slider": True,
        "help": "How much is drawn anew",
    },
    {
        "name": "steps",
        "label": "Steps",
        "kind": "whole",
        "group": "draw",
        "min": 1,
        "max": 150,
        "slider": True,
        "optional": True,
    },
    {
        "name": "padding",
        "label": "Context around the area",
        "kind": "whole",
        "group": "draw",
        "min": 0,
        "max": 512,
        "step": 8,
        "slider": True,
        "live": False,
        "unit": "px",
        "default": 32,
    },
    {
        "name": "sampler",
        "label": "Sampler",
        "kind": "choice",
        "group": "draw",
        "optional": True,
        "choices": [["Euler", "euler"], ["DPM++ 2M", "dpmpp_2m"]],
    },
    {
        "name": "size",
        "label": "Size",
        "kind": "size",
        "group": "draw",
        "optional": True,
        "min": 64,
        "max": 2048,
        "choices": [
            ["The model's own (512 × 512)", None],
            ["Landscape 4:3 (592 × 440)", {"width": 592, "height": 440}],
        ],
    },
    {"name": "drawn", "label": "Random seed", "kind": "seed", "group": "draw"},
    {
        "name": "styles",
        "label": "Styles",
        "kind": "names",
        "group": "draw",
        "choices": [["night", "night"], ["autumn mood", "autumn mood"], ["ink", "ink"]],
    },
    {
        "name": "detector",
        "label": "Detector",
        "kind": "choice",
        "free": True,
        "group": "draw",
        "choices": [["automatic", "automatic"], ["paperdoll-parts", "paperdoll-parts"]],
    },
    {
        "name": "detections",
        "label": "Boxes",
        "kind": "boxes",
        "group": "draw",
        "item": "edited box",
        "items": "edited boxes",
        "actions": [{"name": "edit", "label": "Edit"}],
    },
    {"name": "inverted", "label": "Invert mask", "kind": "tick", "group": "draw"},
    {
        "name": "noise",
        "label": "Noise",
        "kind": "whole",
        "group": "draw",
        "min": -1,
        "max": 2**64 - 1,
    },
    {
        "name": "vae",
        "label": "VAE",
        "kind": "choice",
        "group": "model",
        "choices": [
            ["The checkpoint's", ""],
            ["a very long name of a VAE, vae-ft-mse-840000", "v"],
        ],
    },
    {
        "name": "tiled",
        "label": "Tiled",
        "kind": "tick",
        "group": "model",
        "optional": True,
    },
]
WORDS = [
    {"label": "night-palette", "insert": "<lora:night-palette:1>", "kind": "lora"},
    {"label": "meadow", "insert": "meadow", "kind": "word"},
]
VALUES = {
    "prompt": "a red car",
    "negative_prompt": None,
    "notes": "",
    "words": "",
    "confidence": 0.3,
    "top_k": 5,
    "strength": 0.45,
    "steps": None,
    "padding": 32,
    "sampler": None,
    "size": None,
    "drawn": -1,
    "styles": ["night"],
    "detector": "automatic",
    "detections": [{}, {}],
    "inverted": True,
    "noise": 2**64 - 1,
    "vae": "",
    "tiled": None,
}
INHERITED = {
    "negative_prompt": {"value": "blurry", "note": "as the picture"},
    "steps": {"value": 20, "note": "as the picture"},
    "sampler": {"value": "euler", "note": "as the picture"},
    "tiled": True,
    "size": {"width": 512, "height": 512},
    "drawn": 2**60 + 1,
}


def make_sheet():
    return Sheet(fields=FIELDS, groups=GROUPS, values=VALUES, inherited=INHERITED, words=WORDS)


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    sheet = make_sheet()
    with BarePage(browser, sheet, size=(360, 800)) as page:
        yield page, sheet


@pytest.fixture
def heard(sheet):
    """What Python is told: name, value, and whether it still moves."""
    heard = []

    def hear(name, value):
        heard.append((name, value, sheet.is_moving))

    sheet.on_change(hear)
    yield heard
    sheet.on_change(hear, remove=True)


@pytest.fixture
def sheet(shared):
    page, sheet = shared
    page.page.mouse.move(0, 0)
    page.page.evaluate("document.activeElement.blur()")
    page.page.wait_for_function("window.idle()")
    sheet.inherited = INHERITED
    sheet.fields, sheet.messages, sheet.disabled = FIELDS, {}, {}
    sheet.values = dict.fromkeys(VALUES)  # so that what was typed wrong is gone
    page.pump()
    sheet.values = VALUES
    page.pump()
    page.sent.clear()
    return sheet


@pytest.fixture
def bare(shared, sheet):
    return shared[0]


@pytest.fixture
def number(bare):
    return lambda name: bare.page.get_by_role("spinbutton", name=name)


@pytest.fixture
def slider(bare):
    return lambda name: bare.page.get_by_role("slider", name=name)


def settled(bare):
    bare.page.wait_for_function("window.idle()")


# --- numbers -------------------------------------------------------------------------------------


def test_a_zero_that_is_no_number_of_things_says_what_it_stands_for(sheet, shared):
    page, _ = shared
    box = page.page.get_by_role("spinbutton", name="At most")
    unit = box.locator("+ .mls-unit")
    expect(unit).to_be_empty()
    sheet.values = VALUES | {"top_k": 0}
    page.pump()
    expect(unit).to_have_text("no limit")
    expect(box).to_have_attribute("aria-valuetext", "0 no limit")
    box.fill("3")
    box.press("Enter")
    expect(unit).to_be_empty()


def test_a_factors_sign_stands_before_its_number(sheet, shared):
    page, _ = shared
    sheet.fields = [
        field | {"unit": "×"} if field["name"] == "top_k" else field for field in FIELDS
    ]
    page.pump()
    box = page.page.get_by_role("spinbutton", name="At most")
    sign, number = box.locator("+ .mls-unit").bounding_box(), box.bounding_box()
    assert sign["x"] + sign["width"] <= number["x"] + 1


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_a_typed_number_is_taken_with_enter_and_when_it_is_left(bare, number, sheet, heard, leave):
    number("Strength").fill("0,6")
    assert heard == []
    number("Strength").press(leave)
    settled(bare)
    assert heard == [("strength", 0.6, False)]
    expect(number("Strength")).to_have_value("0.60")
    assert sheet.values["strength"] == 0.6


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ArrowUp", 0.5),
        pytest.param("ArrowRight", 0.5, marks=pytest.mark.thorough),
        pytest.param("ArrowDown", 0.4, marks=pytest.mark.thorough),
        ("Shift+ArrowUp", 0.95),
        ("PageDown", 0),
        pytest.param("Home", 0, marks=pytest.mark.thorough),
        ("End", 1),
    ],
)
def test_a_slider_is_moved_by_keys(bare, slider, number, heard, key, value):
    slider("Strength").press(key)
    settled(bare)
    assert heard[-1] == ("strength", value, False)
    expect(number("Strength")).to_have_value(f"{value:.2f}")
    expect(slider("Strength")).to_have_attribute("aria-valuetext", f"{value:.2f}")


@pytest.mark.parametrize(
    ("key", "value"), [("ArrowUp", 40), ("ArrowDown", 24), ("PageUp", 112), ("End", 512)]
)
def test_a_number_is_stepped_by_keys(bare, number, heard, key, value):
    number("Context").press(key)
    settled(bare)
    assert heard == [("padding", value, False)]
    expect(number("Context")).to_have_value(str(value))


def test_whole_numbers_are_exact_to_their_last_digit(bare, number, sheet, heard):
    expect(number("Noise")).to_have_value("18446744073709551615")
    number("Noise").fill("9007199254740993")
    number("Noise").press("Enter")
    number("Noise").press("ArrowUp")
    settled(bare)
    assert heard == [("noise", 2**53 + 1, False), ("noise", 2**53 + 2, False)]
    sheet.set({"noise": 2**60 + 1})
    bare.pump()
    expect(number("Noise")).to_have_value(str(2**60 + 1))


def test_a_slider_tells_python_while_it_is_dragged_and_once_it_rests(bare, slider, heard):
    box = slider("Strength").bounding_box()
    mouse, y = bare.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * 0.45, y)
    mouse.down()
    for share in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        mouse.move(box["x"] + box["width"] * share, y)
    mouse.up()
    settled(bare)
    assert heard[0][2] is True
    assert len(heard) < 7  # not one for each step of the mouse
    assert heard[-1] == ("strength", 1.0, False)


def test_a_slider_that_is_not_live_tells_python_once(bare, slider, number, heard):
    box = slider("Context").bounding_box()
    mouse, y = bare.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] / 4, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, y)
    expect(number("Context")).to_have_value("256")
    assert heard == []
    mouse.up()
    settled(bare)
    assert heard == [("padding", 256, False)]


# --- seed and size -------------------------------------------------------------------------------


@pytest.fixture
def button(bare):
    return lambda name: bare.page.get_by_role("button", name=name)


def test_a_seed_is_random_kept_or_typed(bare, number, button, sheet, heard):
    seed, dice = number("Random seed"), button("A new random seed for every picture")
    expect(dice).to_have_attribute("aria-pressed", "true")
    expect(seed).to_have_attribute("placeholder", "random")
    button(f"Keep the last seed, {2**60 + 1}").click()
    expect(seed).to_have_value(str(2**60 + 1))
    expect(dice).to_have_attribute("aria-pressed", "false")
    expect(button("The last seed is kept")).to_be_disabled()
    seed.fill("7")
    seed.press("Enter")
    dice.click()
    settled(bare)
    assert [value for _, value, _ in heard] == [2**60 + 1, 7, -1]


def test_before_the_first_picture_no_seed_can_be_kept_but_one_is_thrown(
    bare, number, button, sheet, heard
):
    sheet.inherited = INHERITED | {"drawn": None}
    bare.pump()
    expect(button("Keep the last seed: there is no picture yet")).to_be_disabled()
    button("A new random seed for every picture").click()
    settled(bare)
    assert 0 <= sheet.values["drawn"] < 2**32
    number("Random seed").fill("")
    number("Random seed").blur()
    settled(bare)
    assert sheet.values["drawn"] == -1


@pytest.fixture
def shape(bare):
    return bare.page.get_by_role("combobox", name="Shape")


def test_a_size_is_a_shape_or_two_numbers(bare, number, button, shape, sheet, heard):
    expect(number("Width")).to_have_attribute("placeholder", "512")
    shape.select_option("Landscape 4:3 (592 × 440)")
    expect(number("Width")).to_have_value("592")
    button("Swap width and height").click()
    expect(number("Height")).to_have_value("592")
    expect(shape).to_have_value("Custom")
    number("Height").press("ArrowUp")
    settled(bare)
    assert [value for _, value, _ in heard] == [
        {"width": 592, "height": 440},
        {"width": 440, "height": 592},
        {"width": 440, "height": 600},
    ]
    button("Size: back to automatic").click()
    settled(bare)
    expect(shape).to_have_value("The model's own (512 × 512)")
    assert sheet.values["size"] is None


def test_a_locked_ratio_holds(bare, number, button, shape, sheet):
    sheet.set({"size": {"width": 768, "height": 512}})
    bare.pump()
    lock = button("Keep the ratio of width to height")
    lock.click()
    number("Width").fill("1024")
    number("Width").press("Enter")
    settled(bare)
    assert sheet.values["size"] == {"width": 1024, "height": 680}
    lock.click()


def test_a_wrong_side_is_mended_by_a_button(bare, number, button, sheet):
    number("Width").fill("20")
    number("Width").press("Enter")
    expect(number("Width")).to_have_attribute("aria-invalid", "true")
    button("Use 64").click()
    settled(bare)
    assert sheet.values["size"] == {"width": 64, "height": 512}
    expect(number("Width")).not_to_have_attribute("aria-invalid", "true")
    expect(button("Use 64")).to_be_hidden()


# --- names, and what is counted ------------------------------------------------------------------


def test_names_are_chips_that_are_offered_added_and_taken_away(bare, button, sheet, heard):
    styles = bare.page.get_by_role("combobox", name="Styles")
    styles.press_sequentially("mo")
    expect(bare.page.locator(".mls-word")).to_have_text(["autumn mood"])
    styles.press("ArrowDown")
    styles.press("Enter")
    button("Remove night").click()
    expect(styles).to_be_focused()
    styles.press_sequentially("INK,")
    styles.press("Backspace")
    settled(bare)
    assert [value for _, value, _ in heard] == [
        ["night", "autumn mood"],
        ["autumn mood"],
        ["autumn mood", "ink"],
        ["autumn mood"],
    ]


# The page hears of a scroll a frame after it: here the list opens between the two.
TYPED_AS_IT_SCROLLS = """async (input) => {
  const frames = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  document.body.style.paddingTop = "200vh";
  await frames();
  input.focus();
  const top = window.scrollY;
  input.value = "mo";
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await frames();
  return top;
}"""


def test_words_offered_while_the_page_scrolls_to_their_line_stay(bare, sheet):
    styles = bare.page.get_by_role("combobox", name="Styles")
    assert styles.evaluate(TYPED_AS_IT_SCROLLS) > 0
    expect(bare.page.locator(".mls-word")).to_have_text(["autumn mood"])
    bare.page.evaluate("window.scrollTo(0, 0)")
    expect(bare.page.locator(".mls-word")).to_have_count(0)
    styles.fill("")
    bare.page.evaluate("document.body.style.paddingTop = ''")


def test_a_name_that_is_not_there_stays_and_is_told(bare, sheet, heard):
    styles = bare.page.get_by_role("combobox", name="Styles")
    styles.press_sequentially("watercolor")
    styles.press("Enter")
    expect(styles).to_have_value("watercolor")
    expect(styles).to_have_accessible_description("There is no “watercolor”.")
    settled(bare)
    assert (heard, sheet.wrong) == ([], {"styles": "watercolor"})
    styles.fill("")
    styles.blur()
    settled(bare)
    assert sheet.wrong == {}
    expect(styles).to_have_accessible_description("")


def test_a_free_choice_is_picked_or_typed(bare, sheet, heard):
    detector = bare.page.get_by_role("combobox", name="Detector")
    detector.click()
    expect(bare.page.locator(".mls-word")).to_have_text(["automatic", "paperdoll-parts"])
    detector.fill("parts")
    bare.page.get_by_role("option", name="paperdoll-parts").click()
    expect(detector).to_have_value("paperdoll-parts")
    detector.fill("my-own")
    detector.press("Enter")
    settled(bare)
    assert [value for _, value, _ in heard] == ["paperdoll-parts", "my-own"]


def test_boxes_are_counted_and_removed(bare, button, sheet, heard):
    acted = []
    sheet.on_action(lambda *what: acted.append(what))
    expect(bare.page.get_by_role("group", name="Boxes")).to_contain_text("2 edited boxes")
    bare.page.get_by_role("button", name="Edit", exact=True).click()
    button("Remove the edited boxes").click()
    expect(bare.page.get_by_role("group", name="Boxes")).to_contain_text("none")
    settled(bare)
    assert (acted, heard) == ([("detections", "edit", None)], [("detections", None, False)])


# --- texts ---------------------------------------------------------------------------------------


def test_a_prompt_offers_words_weighs_them_and_tells_python_when_the_hand_rests(bare, sheet, heard):
    prompt = bare.page.get_by_role("textbox", name="Prompt", exact=True)
    prompt.press("Control+End")
    bare.page.keyboard.type(" in a me")
    expect(bare.page.get_by_role("option", name="meadow")).to_be_visible()
    prompt.press("Enter")
    prompt.press("Control+ArrowUp")
    expect(prompt).to_have_value("a red car in a (meadow:1.1)")
    told = ("prompt", "a red car in a (meadow:1.1)", False)
    wait_until(bare.page, lambda: heard[-1:] == [told])
    sheet.tokens = {"prompt": "9 / 75 tokens"}
    bare.pump()
    expect(bare.page.get_by_text("9 / 75 tokens")).to_be_visible()


def test_a_prompt_that_is_typed_is_not_lost_to_what_python_sends(bare, sheet, heard):
    prompt = bare.page.get_by_role("textbox", name="Prompt", exact=True)
    prompt.press("Control+End")
    bare.page.keyboard.type(", blue")
    sheet.set({"prompt": "something else"})
    bare.pump()
    expect(prompt).to_have_value("a red car, blue")
    prompt.blur()
    settled(bare)
    assert sheet.values["prompt"] == "a red car, blue"


def test_a_prompt_of_a_stage_shows_the_pictures_own_and_an_emptied_one_inherits_it(bare, heard):
    prompt = bare.page.get_by_role("textbox", name="Negative prompt")
    expect(prompt).to_have_attribute("placeholder", "blurry, as the picture")
    for text in ("a hat", ""):
        prompt.fill(text)
        prompt.blur()
    settled(bare)
    assert heard == [("negative_prompt", "a hat", False), ("negative_prompt", None, False)]


def test_a_text_of_several_lines_is_taken_when_it_is_left(bare, heard):
    notes = bare.page.get_by_role("textbox", name="Notes")
    notes.press_sequentially("one")
    notes.press("Enter")
    notes.press_sequentially("two")
    notes.blur()
    settled(bare)
    assert heard == [("notes", "one\ntwo", False)]


# --- inherited -----------------------------------------------------------------------------------


def test_an_inherited_value_is_shown_greyed_overtyped_and_taken_back(bare, number, sheet, heard):
    steps = number("Steps")
    expect(steps).to_have_value("")
    expect(steps).to_have_attribute("placeholder", "20")
    expect(steps).to_have_attribute("aria-valuetext", "20, as the picture")
    steps.press("ArrowUp")
    expect(steps).to_have_value("21")
    bare.page.get_by_role("button", name="Steps: back to 20, as the picture").click()
    expect(steps).to_have_value("")
    expect(steps).to_be_focused()
    settled(bare)
    assert heard == [("steps", 21, False), ("steps", None, False)]


def test_an_emptied_number_is_inherited_again(bare, number, sheet, heard):
    number("Steps").fill("30")
    number("Steps").press("Enter")
    number("Steps").fill("")
    number("Steps").blur()
    settled(bare)
    assert heard == [("steps", 30, False), ("steps", None, False)]


def test_a_double_click_on_a_slider_takes_it_back(bare, slider, sheet):
    sheet.set({"steps": 75})
    bare.pump()
    slider("Steps").dblclick()
    settled(bare)
    assert sheet.values["steps"] is None
    sheet.set({"confidence": 0.5})
    bare.pump()
    bare.page.get_by_role("button", name="Confidence: back to 0.3").click()
    settled(bare)
    assert sheet.values["confidence"] == 0.3


def test_a_menu_names_what_is_inherited_and_keeps_a_value_it_does_not_offer(bare, sheet, heard):
    menu = bare.page.get_by_role("combobox", name="Sampler")
    expect(menu.locator("option")).to_have_text(["Euler, as the picture", "Euler", "DPM++ 2M"])
    menu.select_option("DPM++ 2M")
    settled(bare)
    sheet.set({"sampler": "gone"})
    bare.pump()
    expect(menu).to_have_value("gone")
    menu.select_option("Euler, as the picture")
    settled(bare)
    assert heard == [("sampler", "dpmpp_2m", False), ("sampler", None, False)]


def test_a_tick_shows_what_is_inherited(bare, sheet, heard):
    bare.page.get_by_role("button", name="Model").click()
    tick = bare.page.get_by_role("checkbox", name="Tiled")
    expect(tick).to_be_checked()
    tick.uncheck()
    bare.page.get_by_role("button", name="Tiled: back to on").click()
    expect(tick).to_be_checked()
    settled(bare)
    assert heard == [("tiled", False, False), ("tiled", None, False)]
    bare.page.get_by_role("button", name="Model").click()


# --- what is typed is not lost -------------------------------------------------------------------


def test_what_is_being_typed_outlives_what_python_sends(bare, number, sheet):
    words = bare.page.get_by_role("textbox", name="Look for")
    number("Strength").click()  # which selects what is there
    bare.page.keyboard.type("0.9")
    sheet.set({"strength": 0.1, "top_k": 9})
    sheet.fields = [dict(field, help="Another help") for field in FIELDS]
    bare.pump()
    expect(number("Strength")).to_have_value("0.9")
    expect(number("Strength")).to_be_focused()
    expect(number("At most")).to_have_value("9")
    words.press_sequentially("a hat")
    sheet.set({"words": "a face"})
    bare.pump()
    expect(words).to_have_value("a hat")
    words.press("Escape")
    expect(words).to_have_value("a face")
    settled(bare)
    assert sheet.values["strength"] == 0.9


def test_two_views_of_one_sheet_say_the_same(bare, number, sheet):
    bare.page.evaluate(
        """document.body.insertAdjacentHTML("beforeend", "<div id=other></div>");
        window.endOther = show("other"); null"""
    )
    number("Strength").first.fill("0.7")
    number("Strength").first.press("Enter")
    expect(bare.page.locator("#other").get_by_role("spinbutton", name="Strength")).to_have_value(
        "0.70"
    )
    bare.page.evaluate("endOther(); other.remove()")


# --- what is wrong -------------------------------------------------------------------------------


def test_a_text_that_is_no_number_stays_and_is_marked(bare, number, sheet, heard):
    steps = number("Steps")
    steps.fill("many")
    steps.blur()
    expect(steps).to_have_value("many")
    expect(steps).to_have_attribute("aria-invalid", "true")
    expect(steps).to_have_accessible_description("“many” is not a number.")
    expect(bare.page.get_by_role("status")).to_have_text("Steps: “many” is not a number.")
    settled(bare)
    assert (heard, sheet.wrong) == ([], {"steps": "many"})
    sheet.set({"strength": 0.2})
    bare.pump()
    expect(steps).to_have_value("many")
    steps.fill("12")
    steps.press("Enter")
    expect(steps).not_to_have_attribute("aria-invalid", "true")
    settled(bare)
    assert (heard, sheet.wrong) == ([("steps", 12, False)], {})


def test_a_number_outside_its_limits_is_told_with_a_button_that_mends_it(bare, number, heard):
    number("Steps").fill("1000")
    number("Steps").press("Enter")
    expect(number("Steps")).to_have_accessible_description("At most 150. Use 150")
    bare.page.get_by_role("button", name="Use 150").click()
    expect(number("Steps")).to_have_value("150")
    expect(number("Steps")).not_to_have_attribute("aria-invalid", "true")
    settled(bare)
    assert heard == [("steps", 1000, False), ("steps", 150, False)]


def test_a_message_of_python_stands_beside_its_field_until_python_takes_it_away(
    bare, number, sheet
):
    acted = []
    sheet.on_action(lambda *what: acted.append(what))
    sheet.messages = {
        "strength": {"text": "Paint an area.", "action": {"name": "paint", "label": "Paint a mask"}}
    }
    bare.pump()
    expect(number("Strength")).to_have_accessible_description(
        "How much is drawn anew Paint an area. Paint a mask"
    )
    expect(number("Strength")).to_have_attribute("aria-invalid", "true")
    bare.page.get_by_role("button", name="Paint a mask").click()
    settled(bare)
    assert acted == [("strength", "paint", None)]
    sheet.messages = {}
    bare.pump()
    expect(bare.page.get_by_role("button", name="Paint a mask")).to_be_hidden()
    expect(number("Strength")).not_to_have_attribute("aria-invalid", "true")


def test_a_field_that_cannot_be_set_says_why(bare, number, slider, sheet):
    sheet.disabled = {"steps": "This model takes four steps."}
    bare.pump()
    expect(number("Steps")).to_be_disabled()
    expect(slider("Steps")).to_be_disabled()
    expect(number("Steps")).to_have_accessible_description("This model takes four steps.")


# --- the page ------------------------------------------------------------------------------------


def test_no_plain_key_leaves_the_sheet(bare, number, slider):
    bare.page.evaluate(
        "window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))"
    )
    tick = bare.page.get_by_role("checkbox", name="Invert mask")
    menu = bare.page.get_by_role("combobox", name="Sampler")
    for control in (number("Steps"), slider("Strength"), tick, menu):
        for key in ("d", "x", "0", "Control+Enter"):
            control.press(key)
    assert set(bare.page.evaluate("keys")) == {"Control", "Enter"}


def test_escape_takes_back_what_is_typed_and_then_is_the_panels(bare, number):
    bare.page.evaluate(
        "window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))"
    )
    number("Strength").fill("0.9")
    number("Strength").press("Escape")
    expect(number("Strength")).to_have_value("0.45")
    assert bare.page.evaluate("keys") == []
    number("Strength").press("Escape")
    assert set(bare.page.evaluate("keys")) == {"Escape"}


def test_a_fold_tells_how_many_settings_in_it_are_set(bare, sheet):
    fold = bare.page.get_by_role("button", name="Model")
    expect(fold).to_have_attribute("aria-expanded", "false")
    sheet.set({"tiled": False})
    bare.pump()
    expect(fold).to_have_accessible_name("Model 1 set")
    sheet.reveal("tiled")
    bare.pump()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(bare.page.get_by_role("checkbox", name="Tiled")).to_be_focused()
    fold.click()


def test_a_view_that_ends_listens_no_more(browser):
    with BarePage(browser, Sheet(fields=FIELDS, values=VALUES)) as bare:
        bare.page.evaluate("window.end()")
        assert bare.page.evaluate("window.listening()") == 0


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme):
    sheet = make_sheet()
    sheet.tokens = {"prompt": "3 / 75 tokens"}
    sheet.messages = {"strength": {"text": "Paint the area to change."}}
    sheet.disabled = {"top_k": "Only with a detector."}
    with BarePage(browser, sheet, theme=theme, size=(332, 640)) as bare:
        bare.page.get_by_role("button", name="Model").click()
        bare.page.wait_for_timeout(200)
        assert_accessible(bare.page, "#widget")
        for width in (292, 332, 672):
            bare.page.set_viewport_size({"width": width, "height": 640})
            bare.page.screenshot(path=pictures_folder / f"sheet-{theme}-{width}.png")
            assert bare.page.evaluate("document.documentElement.scrollWidth") <= width
