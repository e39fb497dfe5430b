"""The pictures of a batch or a sweep as a grid."""

import colorsys
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.ui.viewer.page import file_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def tiles(count, size=(48, 48)):
    """Tiles of which each has a colour of its own."""
    hues = [colorsys.hsv_to_rgb(at / count, 1, 1) for at in range(count)]
    colours = [tuple(round(255 * part) for part in hue) for hue in hues]
    return [
        {"image": file_of(size, colour), "label": f"seed {at}"} for at, colour in enumerate(colours)
    ]


def show_grid(viewer, *grid, **labels):
    viewer.viewer.show_grid(*grid, **labels)
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-mode", "grid")
    return viewer.root.locator(".mls-viewer-tile")


def pictures(viewer):
    return viewer.root.locator(".mls-viewer-tile img")


def test_a_batch_of_four_fills_the_room_and_a_click_opens_one(viewer):
    opened = []
    viewer.viewer.on_tile(opened.append)
    found = show_grid(viewer, tiles(4, (300, 200)))
    expect(found).to_have_count(4)
    expect(pictures(viewer)).to_have_count(4)
    boxes = [one.bounding_box() for one in viewer.root.locator(".mls-viewer-thumb").all()]
    assert len({box["x"] for box in boxes}) == len({box["y"] for box in boxes}) == 2
    assert boxes[0]["width"] / boxes[0]["height"] == pytest.approx(1.5, abs=0.02)
    room = viewer.root.locator(".mls-viewer-grid").bounding_box()
    used = sum(box["width"] * box["height"] for box in boxes)
    assert used > 0.75 * room["width"] * room["height"]
    found.nth(2).click()
    viewer.wait_until(lambda: opened == [2])
    # Its owner shows the picture itself; Esc goes back to the grid, and again to the picture.
    viewer.show(file_of((300, 200), "lime"))
    assert viewer.colour(20, 20) == [0, 255, 0]
    viewer.stage.focus()
    viewer.page.keyboard.press("Escape")
    expect(viewer.root).to_have_attribute("data-mode", "grid")
    expect(found.nth(2)).to_be_focused()
    expect(found.nth(2)).to_have_attribute("aria-current", "true")
    viewer.page.keyboard.press("Escape")
    expect(viewer.root).to_have_attribute("data-mode", "view")
    viewer.button("mode").filter(has_text="Grid").click()
    expect(found.nth(2)).to_be_visible()


def test_the_next_picture_of_the_grid_is_a_key_away(viewer):
    opened = []
    viewer.viewer.on_tile(opened.append)
    show_grid(viewer, tiles(3)).nth(0).click()
    viewer.wait_until(lambda: opened == [0])
    viewer.show(file_of((48, 48)))
    viewer.stage.focus()
    viewer.page.keyboard.press("PageDown")
    viewer.wait_until(lambda: opened == [0, 1])
    viewer.tell()
    viewer.button("next").click()
    viewer.wait_until(lambda: opened == [0, 1, 2])
    viewer.tell()
    expect(viewer.button("next")).to_be_disabled()
    expect(viewer.button("back")).to_be_enabled()


def test_a_sweep_has_its_labels_and_fills_as_its_pictures_come(viewer):
    rows, columns = ["Euler a", "DPM++ 2M"], ["CFG 5", "CFG 7", "CFG 9"]
    made = {}
    source = SimpleNamespace(small=lambda index: made.get(index, b""))
    found = show_grid(viewer, [{}] * 6, rows=rows, columns=columns, source=source)
    expect(viewer.root.get_by_role("rowheader")).to_have_text(rows)
    expect(viewer.root.locator(".mls-viewer-column-label")).to_have_text(columns)
    expect(viewer.root.locator("[data-state=waiting]")).to_have_count(6)
    made[4] = file_of((48, 48), "red")
    viewer.viewer.renew_tile(4, "★3")
    viewer.tell()
    expect(pictures(viewer)).to_have_count(1)
    expect(found.nth(4).locator("img")).to_be_visible()
    expect(found.nth(4)).to_have_attribute("aria-label", "DPM++ 2M, CFG 7, 3 stars")
    expect(found.nth(3)).to_have_attribute("aria-label", "DPM++ 2M, CFG 5")
    expect(found.nth(4).locator(".mls-viewer-badge")).to_have_text("★3")
    head = viewer.root.locator(".mls-viewer-column-label").nth(1).bounding_box()
    below = found.nth(4).bounding_box()
    assert head["x"] == pytest.approx(below["x"], abs=1)


def test_labels_that_differ_at_their_end_alone_are_read_to_it(viewer):
    columns = [f"Seed {2_010_718_073 + at}" for at in range(3)]
    viewer.page.set_viewport_size({"width": 420, "height": 500})
    show_grid(viewer, tiles(12), rows=["a", "b", "c", "d"], columns=columns)
    labels = viewer.root.locator(".mls-viewer-column-label")
    expect(labels).to_have_text(columns)
    hidden = labels.evaluate_all("""all => all.map(
      (one) => [one.scrollWidth - one.clientWidth, one.scrollHeight - one.clientHeight])""")
    assert hidden == [[0, 0]] * 3


def test_arrow_keys_walk_over_the_tiles_and_enter_opens_one(viewer):
    opened = []
    viewer.viewer.on_tile(opened.append)
    found = show_grid(viewer, tiles(6), rows=["a", "b"], columns=["1", "2", "3"])
    found.nth(0).focus()
    for key, at in (("ArrowRight", 1), ("ArrowDown", 4), ("End", 5), ("ArrowUp", 2), ("Home", 0)):
        viewer.page.keyboard.press(key)
        expect(found.nth(at)).to_be_focused()
    viewer.page.keyboard.press("ArrowDown")
    viewer.page.keyboard.press("Enter")
    viewer.wait_until(lambda: opened == [3])
    # One stop for Tab, whatever the number of tiles.
    assert viewer.root.locator(".mls-viewer-tile[tabindex='0']").count() == 1


def test_two_marked_tiles_are_compared(viewer):
    found = show_grid(viewer, tiles(4))
    found.nth(3).click(modifiers=["ControlOrMeta"])
    found.nth(1).focus()
    viewer.page.keyboard.press(" ")
    expect(viewer.root.locator("[aria-selected=true] > .mls-viewer-tile")).to_have_count(2)
    viewer.button("compare").click()
    expect(viewer.root).to_have_attribute("data-mode", "compare")
    expect(viewer.root.locator(".mls-viewer-tag")).to_have_text(["seed 1", "seed 3"])
    viewer.page.keyboard.press("Escape")
    expect(viewer.root).to_have_attribute("data-mode", "grid")
    viewer.page.keyboard.press("c")
    expect(viewer.root).to_have_attribute("data-mode", "compare")
    viewer.page.keyboard.press("Escape")
    found.nth(0).click(modifiers=["ControlOrMeta"])
    expect(viewer.button("compare")).to_be_hidden()  # three cannot be compared
    found.nth(3).click(modifiers=["ControlOrMeta"])
    viewer.button("compare").click()
    expect(viewer.root.locator(".mls-viewer-tag")).to_have_text(["seed 0", "seed 1"])
    viewer.page.keyboard.press("Escape")
    found.nth(3).click(modifiers=["Shift"])  # all from the last marked one to this
    viewer.wait_until(lambda: sorted(viewer.viewer.marked) == [0, 1, 2, 3])
    pressed = []
    viewer.viewer.on_mark_key(pressed.append)
    for key in ("4", "Backspace"):
        viewer.page.keyboard.press(key)
    viewer.wait_until(lambda: pressed == ["4", "Delete"])


@pytest.mark.thorough
def test_of_hundreds_of_tiles_only_those_near_the_screen_are_loaded(viewer):
    found = show_grid(viewer, tiles(600))
    expect(found.nth(0).locator("img")).to_be_visible()
    loaded = pictures(viewer).count()
    assert 40 < loaded < 300
    viewer.root.locator(".mls-viewer-grid").evaluate("one => one.scrollTo(0, 1e6)")
    expect(found.nth(599).locator("img")).to_be_visible()
    # A scroll through all of it is drawn without a long pause.
    longest = viewer.root.locator(".mls-viewer-grid").evaluate(
        """async (grid) => {
            let [longest, last] = [0, performance.now()];
            for (let at = 0; at < grid.scrollHeight; at += 400) {
                grid.scrollTo(0, at);
                await new Promise(requestAnimationFrame);
                const now = performance.now();
                longest = Math.max(longest, now - last);
                last = now;
            }
            return longest;
        }"""
    )
    assert longest < 500


def test_after_a_reload_the_grid_is_there_again(viewer):
    show_grid(viewer, tiles(4))
    expect(pictures(viewer)).to_have_count(4)
    viewer.page.reload()
    viewer.page.wait_for_function("window.isReady")
    expect(viewer.root).to_have_attribute("data-mode", "grid")
    expect(pictures(viewer)).to_have_count(4)
