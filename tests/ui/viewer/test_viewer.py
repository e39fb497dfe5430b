"""What is shown when, and that everybody can use it."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.viewer.page import Shown, file_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_newest_preview_is_shown_until_the_picture_comes(viewer, monkeypatch):
    clock = itertools.count(1000)
    monkeypatch.setattr("widgets.viewer.viewer.monotonic", lambda: next(clock))
    fitted = viewer.camera()
    for colour in ("red", "lime", "blue"):
        viewer.viewer.preview(file_of((30, 20), colour, "JPEG"))
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-shown", "preview")
    assert viewer.colour(100, 100)[2] > 240
    assert viewer.camera() == fitted  # in the place of the picture to come
    viewer.show(file_of((300, 200), "yellow"))
    assert viewer.colour(100, 100) == [255, 255, 0]


def test_a_mask_and_boxes_are_marked_when_another_mode_is_on(viewer):
    marked = viewer.root.locator(".mls-viewer-mode[data-marked=true]")
    expect(marked).to_have_count(0)
    viewer.viewer.show_mask(file_of((300, 200), "white"))
    viewer.viewer.boxes = [{"box": [0, 0, 9, 9]}]
    viewer.tell()
    expect(marked).to_have_text(["Mask", "Boxes"])


def test_while_busy_a_place_is_kept_and_nothing_jumps(open_viewer):
    viewer = open_viewer()
    heights = [viewer.root.bounding_box()["height"]]
    expect(viewer.root).to_have_attribute("data-shown", "empty")
    viewer.viewer.busy = True
    viewer.tell()
    expect(viewer.root.locator(".mls-viewer-skeleton")).to_be_visible()
    expect(viewer.stage).to_have_attribute("aria-busy", "true")
    for mode in ("view", "compare", "mask", "boxes"):
        viewer.show(file_of((300, 200)), mode=mode)
        heights.append(viewer.root.bounding_box()["height"])
    assert len(set(heights)) == 1
    viewer.viewer.clear()
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-shown", "skeleton")


def test_a_second_view_shows_the_same_with_a_zoom_of_its_own(painting):
    painting.stroke((50, 100), (250, 100))
    painting.page.evaluate("window.show()")
    second = Shown(painting.page, painting.bridge)
    second.root = painting.page.locator(".mls-viewer").nth(1)
    second.stage = second.root.locator(".mls-viewer-stage")
    assert second.colour(100, 100) == painting.colour(100, 100) != second.colour(100, 50)
    second.root.scroll_into_view_if_needed()
    scale = painting.camera()[0]
    second.page.mouse.move(*second.at(100, 50))
    second.page.mouse.wheel(0, -300)
    assert second.camera()[0] > scale == painting.camera()[0]
    second.stroke((100, 50), (120, 50))
    assert painting.colour(110, 50) == painting.colour(100, 100)


def test_after_a_reload_picture_mask_and_boxes_are_there_again(boxed):
    boxed.viewer.mode = "mask"
    boxed.tell()
    mask = boxed.stroke((50, 100), (250, 100))
    boxed.page.reload()
    boxed.page.wait_for_function("window.isReady")
    expect(boxed.root).to_have_attribute("data-shown", "picture")
    expect(boxed.root).to_have_attribute("data-mode", "mask")
    assert boxed.colour(100, 100) != boxed.colour(100, 20)
    more = boxed.stroke((50, 20), (60, 20))
    assert (more[40:] == mask[40:]).all()
    boxed.button("mode").filter(has_text="Boxes").click()
    expect(boxed.root.locator(".mls-viewer-box")).to_have_count(3)


def test_keys_stay_with_the_viewer_except_those_of_jupyterlab_and_the_browser(painting):
    painting.page.evaluate("""() => {
        window.heard = [];
        document.addEventListener("keydown", (event) => window.heard.push(event.key));
    }""")
    painting.stage.focus()
    for key in ("d", "d", "0", "Escape", "Control+z", "Control+s", "Enter"):
        painting.page.keyboard.press(key)
    # Ctrl itself and Ctrl+S go on.
    assert painting.page.evaluate("window.heard") == ["Control", "Control", "s"]


MODES = ("view", "compare", "mask", "boxes", "grid")


def fill(viewer):
    """Two pictures, a mask, boxes of two stages and a grid: something in every mode."""
    viewer.viewer.show(file_of((300, 200)), file_of((300, 200), "blue"))
    viewer.viewer.show_mask(file_of((300, 200), "white"))
    viewer.viewer.boxes = [{"label": "face", "box": [40, 40, 100, 100], "confidence": 0.9}]
    sets = [("face", "Face", 1), ("hand", "Hand", 2)]
    viewer.viewer.box_sets = [
        dict(zip(("name", "title", "count"), one, strict=True)) for one in sets
    ]
    viewer.viewer.on_redraw(lambda boxes: None)
    viewer.viewer.show_grid(
        [{"image": file_of((30, 20)), "label": "a"}] * 4, rows=["1", "2"], columns=["x", "y"]
    )
    viewer.tell()


def show_mode(viewer, mode):
    viewer.viewer.mode = mode
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-mode", mode)
    expect(viewer.root.locator(f"[data-mode={mode}][aria-pressed=true]")).to_be_visible()


def test_every_control_has_a_name_and_a_tooltip(open_viewer):
    viewer = open_viewer()
    fill(viewer)
    for mode in MODES:
        show_mode(viewer, mode)
        if viewer.root.locator(".mls-viewer-more").is_visible():
            viewer.button("more").click()
        if mode == "boxes":
            viewer.button("fold").click()
            viewer.root.locator(".mls-viewer-name").click()
        for button in viewer.root.locator(".mls-viewer-button:visible").all():
            assert button.get_attribute("title")
            assert button.evaluate("one => one.ariaLabel || one.textContent")
        for control in viewer.root.locator("input:visible, textarea:visible").all():
            named = "(one) => one.ariaLabel || one.labels[0]?.textContent"
            assert control.evaluate(named)


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_mode(open_viewer, theme):
    viewer = open_viewer(theme=theme)
    assert_accessible(viewer.page, ".mls-viewer")  # empty
    fill(viewer)
    for mode in MODES:
        show_mode(viewer, mode)
        if mode == "boxes":
            viewer.button("fold").click()
            viewer.root.locator(".mls-viewer-name").click()
        assert_accessible(viewer.page, ".mls-viewer")
    viewer.page.set_viewport_size({"width": 420, "height": 600})
    show_mode(viewer, "mask")
    viewer.button("more").click()
    viewer.viewer._show_error(OSError("the disk is full"), "Traceback")
    viewer.tell()
    assert_accessible(viewer.page, ".mls-viewer")


@pytest.mark.parametrize("width", [420, pytest.param(700, marks=pytest.mark.thorough), 1100])
def test_one_bar_of_36_pixels_holds_every_tool_and_the_rest_is_the_picture(open_viewer, width):
    viewer = open_viewer()
    viewer.page.set_viewport_size({"width": width, "height": 700})
    fill(viewer)
    whole = viewer.root.bounding_box()
    for mode in MODES:
        show_mode(viewer, mode)
        viewer.page.wait_for_timeout(50)
        assert viewer.root.locator(".mls-viewer-bar").bounding_box()["height"] == 36
        canvas = viewer.root.locator(".mls-viewer-canvas").bounding_box()
        assert (canvas["width"], canvas["height"]) == (whole["width"], whole["height"] - 36)
        more = viewer.root.locator(".mls-viewer-more")
        if more.is_visible():
            more.click()
        tools = viewer.root.locator(
            ".mls-viewer-bar :is(.mls-viewer-button, .mls-viewer-slider):visible,"
            " .mls-viewer-menu > :visible"
        )
        boxes = [tool.bounding_box() for tool in tools.all()]
        assert all(
            box["x"] >= whole["x"] and box["x"] + box["width"] <= whole["x"] + whole["width"] + 0.5
            for box in boxes
        )
        names = tools.evaluate_all("all => all.map((one) => one.ariaLabel ?? one.title)")
        wanted = {"Open"} if mode == "grid" else {"Open", "Copy", "Download", "Zoom in", "Fit"}
        assert wanted <= set(names)
        if mode == "mask":
            tools_of_mask = {"Brush", "Lasso", "Rectangle", "Erase", "Brush size", "Hardness"}
            assert tools_of_mask | {"Undo", "Invert", "Fill", "Clear", "Show mask"} <= set(names)
        viewer.page.keyboard.press("Escape")


def test_the_menu_of_the_bar_is_closed_by_escape_and_gives_the_focus_back(open_viewer):
    viewer = open_viewer()
    viewer.page.set_viewport_size({"width": 420, "height": 700})
    viewer.show(file_of((300, 200)), mode="mask")
    more = viewer.button("more")
    more.click()
    expect(more).to_have_attribute("aria-expanded", "true")
    menu = viewer.root.get_by_role("group", name="More tools")
    expect(menu).to_be_visible()
    viewer.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()


def test_on_a_phone_nothing_is_wider_than_the_screen(open_viewer):
    phone = open_viewer(is_phone=True)
    phone.viewer.boxes = [{"label": "face", "box": [40, 40, 100, 100]}]
    for mode in ("view", "compare", "mask", "boxes"):
        phone.show(file_of((300, 200)), mode=mode)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert phone.stage.bounding_box()["height"] > 180
    canvas = phone.stage.locator("canvas")
    assert canvas.evaluate("one => getComputedStyle(one).touchAction") == "none"
    assert phone.stage.evaluate("one => getComputedStyle(one).touchAction") == "auto"
