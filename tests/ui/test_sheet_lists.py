"""The sheet's settings that are lists of things: LoRAs, pictures, units."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from medialab.errors import PictureError
from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from widgets.sheet import Sheet, Thumbnail

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def picture(colour):
    buffer = BytesIO()
    Image.new("RGB", (48, 36), colour).save(buffer, "PNG")
    return buffer.getvalue()


FIELDS = [
    {"name": "image", "label": "Start from", "kind": "picture", "optional": True},
    {
        "name": "mask",
        "label": "Mask",
        "kind": "picture",
        "optional": True,
        "actions": [{"name": "mask", "label": "Use the painted mask"}],
    },
    {
        "name": "loras",
        "label": "LoRAs",
        "kind": "loras",
        "optional": True,
        "info": {
            "night-palette": {"family": "SD 1.5", "words": ["night palette", "moon"]},
            "pencil-sketch-with-a-very-long-name-v2": {
                "family": "SDXL",
                "refused": "Made for SDXL; this checkpoint is SD 1.5.",
            },
        },
        "also": [["Face", "face"], ["Hand", "hand"]],
    },
]
CONTROL = {
    "name": "control",
    "label": "ControlNets",
    "kind": "units",
    "item": "ControlNet",
    "blank": {"enabled": True, "model": "canny", "strength": 1.0, "image": None},
    "fields": [
        {"name": "enabled", "label": "Enabled", "kind": "tick"},
        {
            "name": "model",
            "label": "Model",
            "kind": "choice",
            "choices": [["Canny", "canny"], ["Depth", "depth"]],
        },
        {
            "name": "strength",
            "label": "Strength",
            "kind": "number",
            "min": 0,
            "max": 2,
            "step": 0.05,
            "slider": True,
        },
        {"name": "steps", "label": "Steps", "kind": "whole", "optional": True},
        {"name": "image", "label": "Picture", "kind": "picture", "optional": True},
    ],
}
FIELDS.append(CONTROL)
UNITS = [
    {"enabled": True, "model": "depth", "strength": 0.8, "image": "blue", "other": 1},
    {"enabled": False, "model": "canny", "strength": 1.0, "steps": 5, "image": None},
]
VALUES = {
    "control": UNITS,
    "image": "red",
    "mask": None,
    "loras": [
        {"name": "night-palette", "weight": 0.8, "enabled": True, "start": 0.2},
        {"name": "pencil-sketch-with-a-very-long-name-v2", "weight": 1.0, "enabled": False},
    ],
}
INHERITED = {
    "control.steps": 20,
    "loras": {"value": [{"name": "ink", "weight": 0.5}], "note": "as the picture"},
}


def thumbnail(_field, value):
    if value == "gone":
        raise PictureError("The picture is no longer there.")
    return Thumbnail(picture(value), f"{value}, 4000 × 3000, fitted to 592 × 440", picture("white"))


def make_sheet():
    sheet = Sheet(fields=FIELDS, values=VALUES, inherited=INHERITED)
    sheet.on_thumbnail(thumbnail)
    return sheet


@pytest.fixture(scope="module")
def shared(browser):
    """One page for all: most of a test's time would be spent on opening it."""
    sheet = make_sheet()
    with BarePage(browser, sheet, size=(332, 1000)) as page:
        yield page, sheet


@pytest.fixture
def sheet(shared):
    page, sheet = shared
    page.page.evaluate("document.activeElement.blur()")
    page.page.wait_for_function("window.idle()")
    sheet.values, sheet.messages = VALUES, {}
    page.pump()
    page.sent.clear()
    return sheet


@pytest.fixture
def bare(shared, sheet):
    return shared[0]


@pytest.fixture
def heard(sheet):
    """What Python is told of values, and of buttons."""
    heard = []

    def hear(*what):
        heard.append(what)

    sheet.on_change(hear)
    sheet.on_action(hear)
    yield heard
    sheet.on_change(hear, remove=True)
    sheet.on_action(hear, remove=True)


@pytest.fixture
def button(bare):
    return lambda name: bare.page.get_by_role("button", name=name, exact=True)


def settled(bare):
    bare.page.wait_for_function("window.idle()")


# --- LoRAs ---------------------------------------------------------------------------------------


def test_a_weight_is_slid_or_typed_beyond_the_slider_and_the_rest_of_a_lora_stays(
    bare, sheet, heard
):
    slider = bare.page.get_by_role("slider", name="Weight of night-palette")
    number = bare.page.get_by_role("spinbutton", name="Weight of night-palette")
    slider.press("ArrowUp")
    settled(bare)
    assert sheet.values["loras"][0] == VALUES["loras"][0] | {"weight": 0.85}
    number.fill("3.5")
    number.press("Enter")
    settled(bare)
    assert sheet.values["loras"][0]["weight"] == 3.5
    expect(number).to_be_focused()
    number.fill("strong")
    number.press("Enter")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(bare.page.get_by_role("group", name="LoRAs")).to_have_accessible_description(
        "“strong” is not a number."
    )
    number.press("Escape")
    expect(number).to_have_value("3.50")


def test_a_lora_is_switched_removed_and_its_words_are_added(bare, button, sheet, heard):
    bare.page.get_by_role("checkbox", name="Use night-palette").uncheck()
    button("moon").click()
    button("Remove night-palette").click()
    expect(button("Add LoRA…")).to_be_focused()
    button("Add LoRA…").click()
    settled(bare)
    off, word, gone, add = heard
    assert off[1][0] == VALUES["loras"][0] | {"enabled": False}
    assert word == ("loras", "insert", "moon")
    assert gone == ("loras", VALUES["loras"][1:])
    assert add == ("loras", "add", None)


def test_a_lora_is_used_in_another_stage_in_two_clicks(bare, heard):
    menu = bare.page.get_by_role("combobox", name="Also use night-palette in")
    menu.select_option("Hand")
    settled(bare)
    assert heard == [("loras", "also", {"name": "night-palette", "to": "hand"})]


def test_a_lora_of_another_family_says_why_it_is_not_used(bare):
    row = bare.page.locator(".mls-lora-row").nth(1)
    expect(row).to_contain_text("Made for SDXL; this checkpoint is SD 1.5.")
    expect(row).to_contain_text("SDXL")


def test_the_pictures_loras_are_inherited_replaced_by_none_and_inherited_again(
    bare, button, sheet, heard
):
    button("LoRAs: back to automatic, as the picture").click()
    group = bare.page.get_by_role("group", name="LoRAs")
    expect(group).to_contain_text("ink 0.5, as the picture")
    button("None here").click()
    expect(group).not_to_contain_text("ink")
    settled(bare)
    assert heard == [("loras", None), ("loras", [])]


# --- pictures ------------------------------------------------------------------------------------


@pytest.fixture
def slot(bare):
    return bare.page.get_by_role("group", name="Start from")


def colour(image):
    """The colour at the left top of a picture in the page, once it is loaded."""
    return image.evaluate(
        """async (image) => {
          await image.decode();
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }"""
    )


def test_a_slot_shows_the_picture_its_prepared_form_and_what_was_done_to_it(bare, slot, sheet):
    image = slot.get_by_role("img", name="Start from: red, 4000 × 3000, fitted to 592 × 440")
    expect(image).to_be_visible()
    assert colour(image) == [255, 0, 0]
    assert colour(slot.get_by_role("img", name="Prepared for the model")) == [255, 255, 255]
    sheet.set({"image": "blue"})
    bare.pump()
    expect(slot).to_contain_text("blue, 4000 × 3000")
    sheet.send_thumbnail("image", "blue", Thumbnail(picture("green"), "ready"))
    sheet.send_thumbnail("image", "red", Thumbnail(picture("red"), "too late"))
    bare.pump()
    expect(slot).to_contain_text("ready")
    expect(slot.get_by_role("img", name="Prepared for the model")).to_be_hidden()
    sheet.set({"image": "gone"})
    bare.pump()
    expect(slot).to_contain_text("The picture is no longer there.")


def test_a_picture_comes_from_the_canvas_or_the_history_and_goes(bare, slot, heard):
    for name in ("Use this picture", "From history", "Start from: remove the picture"):
        slot.get_by_role("button", name=name).click()
    expect(slot).to_contain_text("None. Drop a picture here.")
    expect(slot.get_by_role("img")).to_have_count(0)
    bare.page.get_by_role("button", name="Use the painted mask").click()
    settled(bare)
    assert heard == [
        ("image", "canvas", None),
        ("image", "history", None),
        ("image", None),
        ("mask", "mask", None),
    ]


@pytest.fixture
def uploaded(sheet):
    """What Python gets of files; one named bad.png is refused."""
    uploaded = []

    def take(field, name, content):
        if name == "bad.png":
            raise PictureError("The file is broken.")
        uploaded.append((field, name, content))
        sheet.set({field: "lime"})

    sheet._uploaded[:] = [take]
    return uploaded


@pytest.mark.thorough
def test_a_file_is_opened_in_parts_and_a_refused_one_is_told(bare, slot, sheet, uploaded):
    content = picture("lime") + bytes(5 * 2**20)
    file = slot.locator("input[type=file]")
    file.set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": content})
    expect(slot).to_contain_text("lime, 4000")
    assert [(field, name, len(one)) for field, name, one in uploaded] == [
        ("image", "big.png", len(content))
    ]
    assert len([one for one in bare.sent if one["content"]["kind"] == "part"]) == 2
    file.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"no"})
    expect(slot).to_have_accessible_description("The file is broken.")
    expect(slot).to_contain_text("lime, 4000")


def test_a_file_is_dropped_on_a_slot_and_nothing_else_takes_it(bare, slot, uploaded):
    bare.page.evaluate(
        "window.dropped = 0; addEventListener('drop', () => (window.dropped += 1)); null"
    )
    slot.evaluate(
        """(slot) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["abc"], "a.png", { type: "image/png" }));
          for (const name of ["dragenter", "drop"])
            slot.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true }));
        }"""
    )
    expect(slot).to_contain_text("lime, 4000")
    assert uploaded == [("image", "a.png", b"abc")]
    assert bare.page.evaluate("window.dropped") == 0


# --- units ---------------------------------------------------------------------------------------


@pytest.fixture
def unit(bare):
    return lambda index: bare.page.locator(".mls-unit-row").nth(index)


def test_a_setting_of_a_unit_is_changed_and_the_others_stay(bare, unit, sheet, heard):
    unit(0).get_by_role("slider", name="Strength").press("ArrowUp")
    unit(1).get_by_role("checkbox", name="Use ControlNet 2").check()
    unit(0).get_by_role("spinbutton", name="Steps").fill("12")
    unit(0).get_by_role("spinbutton", name="Steps").press("Enter")
    settled(bare)
    assert sheet.values["control"] == [
        UNITS[0] | {"strength": 0.85, "steps": 12},
        UNITS[1] | {"enabled": True},
    ]
    unit(1).get_by_role("button", name="Steps: back to 20").click()
    settled(bare)
    assert sheet.values["control"][1]["steps"] is None


def test_units_are_added_folded_and_removed(bare, unit, button, sheet, heard):
    button("Add ControlNet").click()
    third = bare.page.get_by_role("button", name="ControlNet 3 Canny")
    expect(third).to_be_focused()
    button("Remove ControlNet 1").click()
    expect(bare.page.get_by_role("button", name="ControlNet 1 Canny")).to_be_focused()
    settled(bare)
    assert sheet.values["control"] == [UNITS[1], CONTROL["blank"]]
    fold = bare.page.get_by_role("button", name="ControlNet 2 Canny")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(unit(1).get_by_role("slider")).to_have_count(0)


def test_what_is_said_of_a_unit_stands_in_it_and_its_buttons_tell_which(bare, unit, sheet, heard):
    sheet.messages = {"control.1.image": {"text": "Choose a picture."}}
    sheet.reveal("control.1.steps")
    bare.pump()
    picture_slot = unit(1).get_by_role("group", name="Picture")
    expect(picture_slot).to_have_accessible_description("Choose a picture.")
    expect(unit(1).get_by_role("spinbutton", name="Steps")).to_be_focused()
    picture_slot.get_by_role("button", name="Use this picture").click()
    expect(unit(0).get_by_role("img", name="Picture: blue, 4000")).to_be_visible()
    settled(bare)
    assert heard == [("control.1.image", "canvas", None)]


def test_a_file_for_a_unit_comes_with_its_path(bare, unit, sheet):
    got = []
    sheet._uploaded[:] = [lambda *what: got.append(what)]
    file = {"name": "a.png", "mimeType": "image/png", "buffer": b"abc"}
    unit(1).locator("input[type=file]").set_input_files(file)
    settled(bare)
    bare.page.wait_for_timeout(100)
    settled(bare)
    assert got == [("control.1.image", "a.png", b"abc")]


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(browser, pictures_folder, theme):
    with BarePage(browser, make_sheet(), theme=theme, size=(332, 640)) as bare:
        expect(bare.page.get_by_text("fitted to").first).to_be_visible()
        assert_accessible(bare.page, "#widget")
        for width in (292, 332, 672):
            bare.page.set_viewport_size({"width": width, "height": 1000})
            bare.page.screenshot(path=pictures_folder / f"sheet-lists-{theme}-{width}.png")
            assert bare.page.evaluate("document.documentElement.scrollWidth") <= width
