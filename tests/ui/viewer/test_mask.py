"""The mask under a mouse, a finger and keys."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.ui.viewer.page import edges_of, file_of, pixels_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_stroke_lands_exactly_under_the_pointer(painting):
    mask = painting.stroke((50, 60), (150, 60))
    assert mask.shape == (200, 300)
    assert np.abs(np.subtract(edges_of(mask), (40, 50, 160, 70))).max() <= 1
    assert (mask[52:68, 50:150] == 255).all()
    assert mask[:48].max() == mask[72:].max() == 0


def test_a_stroke_lands_under_the_pointer_when_zoomed_and_moved(painting):
    painting.page.mouse.move(*painting.at(200, 120))
    painting.page.mouse.wheel(0, -600)
    painting.drag((200, 120), (190, 110), button="middle")
    assert painting.camera()[0] > 5
    mask = painting.stroke((200, 120), (215, 120))
    assert np.abs(np.subtract(edges_of(mask), (190, 110, 225, 130))).max() <= 1


def test_a_soft_brush_fades_and_a_stroke_that_crosses_itself_stays_even(painting):
    painting.viewer.brush_size, painting.viewer.brush_hardness = 60, 0.0
    painting.viewer.brush_opacity = 0.5
    painting.tell()
    mask = painting.stroke((100, 100), (200, 100), (100, 100), (200, 100))
    column = mask[100:131, 150]
    assert abs(column[0] - 128) <= 1
    assert (np.diff(column) <= 0).all()
    assert 40 < column[15] < 90
    assert column[-1] == 0


@pytest.mark.thorough
def test_what_was_painted_is_undone_and_redone(painting):
    first = painting.stroke((50, 50), (100, 50))
    second = painting.stroke((50, 150), (100, 150))
    assert second.sum() > first.sum()
    assert (painting.press_mask("undo") == first).all()
    count = len(painting.masks)
    painting.button("undo").click()
    assert painting.wait_for(painting.masks, count + 1) is None
    expect(painting.button("undo")).to_be_disabled()
    painting.stage.focus()
    painting.page.keyboard.press("Control+Shift+Z")
    assert (pixels_of(painting.wait_for(painting.masks, count + 2)) == first).all()
    painting.page.keyboard.press("Control+Y")
    assert (pixels_of(painting.wait_for(painting.masks, count + 3)) == second).all()
    painting.page.keyboard.press("Control+Z")
    assert (pixels_of(painting.wait_for(painting.masks, count + 4)) == first).all()


def test_what_is_painted_while_python_is_busy_is_kept(painting):
    painting.bridge.is_free.clear()
    for y in (40, 80, 120):
        painting.drag((50, y), (60, y))
    expect(painting.root).to_have_attribute("data-undos", "3")
    painting.bridge.is_free.set()
    # The first mask was sent when there was one stroke; the newest follows, those between do not.
    first = pixels_of(painting.wait_for(painting.masks, 2) and painting.masks[0])
    assert [first[y, 55] for y in (40, 80, 120)] == [255, 0, 0]
    assert [pixels_of(painting.masks[1])[y, 55] for y in (40, 80, 120)] == [255, 255, 255]
    painting.page.wait_for_timeout(200)  # both have come back
    painting.wait_until(lambda: painting.colour(55, 120) == painting.colour(55, 40))
    assert painting.colour(55, 40) != painting.colour(55, 60)
    assert painting.root.get_attribute("data-undos") == "3"


def test_the_eraser_takes_away_what_it_touches(painting):
    painting.stroke((50, 100), (250, 100))
    painting.button("erase").click()
    expect(painting.root).to_have_attribute("data-erases", "true")
    mask = painting.stroke((150, 80), (150, 120))
    assert mask[100, 150] == 0
    assert mask[100, 100] == mask[100, 200] == 255
    assert painting.viewer.mask_erases


def test_the_whole_mask_is_inverted_filled_and_cleared(painting):
    mask = painting.stroke((50, 100), (250, 100))
    assert (painting.press_mask("invert") == 255 - mask).all()
    assert (painting.press_mask("fill") == 255).all()
    count = len(painting.masks)
    painting.button("clear").click()
    assert painting.wait_for(painting.masks, count + 1) is None
    assert painting.viewer.mask is None
    assert (painting.press_mask("undo") == 255).all()


def test_keys_and_sliders_change_the_brush(painting):
    painting.stage.focus()
    for key in "]]][":
        painting.page.keyboard.press(key)
    size = painting.root.get_by_label("Brush size in pixels")
    expect(size).to_have_value("29")
    painting.page.keyboard.press("e")
    expect(painting.root).to_have_attribute("data-erases", "true")
    painting.in_menu("opacity").get_by_label("Opacity", exact=True).press("ArrowLeft")
    expect(painting.root.get_by_label("Opacity in percent")).to_have_value("95")
    brush = painting.viewer
    painting.wait_until(
        lambda: (brush.brush_size, brush.mask_erases, brush.brush_opacity) == (29, True, 0.95)
    )
    size.fill("40")
    size.press("Enter")
    painting.wait_until(lambda: brush.brush_size == 40)


def test_a_mask_from_python_is_seen_and_painted_on(painting):
    grey = Image.new("L", (300, 200))
    grey.paste(200, (0, 0, 100, 200))
    buffer = io.BytesIO()
    grey.save(buffer, "PNG")
    before = painting.colour(50, 50)
    painting.viewer.show_mask(buffer.getvalue())
    painting.tell()
    painting.wait_until(lambda: painting.colour(50, 50) != before)
    mask = painting.stroke((200, 100), (220, 100))
    assert (mask[:, :100] == 200).all()
    assert mask[100, 210] == 255


@pytest.mark.thorough
def test_a_finger_paints_and_two_fingers_zoom_without_painting(open_viewer):
    phone = open_viewer(is_phone=True)
    phone.show(file_of((300, 200)), mode="mask")
    phone.viewer.brush_size, phone.viewer.brush_hardness = 20, 1.0
    phone.tell()
    finger = phone.page.context.new_cdp_session(phone.page)

    def touch(kind, *points):
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": places})

    touch("Start", phone.at(100, 100))
    for x in (120, 140, 160):
        touch("Move", phone.at(x, 100))
    touch("End")
    mask = pixels_of(phone.wait_for(phone.masks, 1))
    assert np.abs(np.subtract(edges_of(mask), (90, 90, 170, 110))).max() <= 1

    scale = phone.camera()[0]
    (left, y), (right, _) = phone.at(100, 50), phone.at(200, 50)
    touch("Start", (left, y))
    touch("Start", (left, y), (right, y))
    for more in (10, 20, 30):
        touch("Move", (left - more, y), (right + more, y))
    touch("End")
    assert phone.camera()[0] > 1.2 * scale
    phone.page.wait_for_timeout(100)
    assert len(phone.masks) == 1
    assert phone.root.get_attribute("data-undos") == "1"


@pytest.mark.thorough
def test_a_lasso_masks_what_it_encloses_and_erases_it(painting):
    painting.root.locator("[data-tool=lasso]").click()
    painting.wait_until(lambda: painting.viewer.mask_tool == "lasso")
    corners = [(50, 50), (150, 50), (150, 150), (50, 150)]
    mask = painting.stroke(*corners)
    assert np.abs(np.subtract(edges_of(mask), (50, 50, 150, 150))).max() <= 1
    assert (mask[55:145, 55:145] == 255).all()
    assert mask[:, 155:].max() == 0
    painting.stage.focus()
    painting.page.keyboard.press("e")
    mask = painting.stroke((80, 80), (120, 80), (120, 120), (80, 120))
    assert (mask[85:115, 85:115] == 0).all()
    assert mask[60, 60] == 255


def test_a_rectangle_masks_whole_pixels_and_alt_erases(painting):
    painting.stage.focus()
    painting.page.keyboard.press("r")
    mask = painting.stroke((250, 150), (100, 60))
    assert edges_of(mask) == pytest.approx((100, 60, 250, 150), abs=1)
    assert set(np.unique(mask)) == {0, 255}
    painting.page.keyboard.down("Alt")
    mask = painting.stroke((120, 80), (140, 100))
    painting.page.keyboard.up("Alt")
    assert (mask[85:95, 125:135] == 0).all()
    assert painting.press_mask("undo")[90, 130] == 255


@pytest.mark.thorough
def test_a_new_picture_under_the_mask_is_seen_with_the_masks_outline(painting):
    painting.stage.focus()
    painting.page.keyboard.press("r")
    painting.stroke((100, 60), (200, 140))
    tinted = painting.colour(150, 100)
    assert tinted != [128, 128, 128]
    painting.show(file_of((300, 200), (0, 200, 0)), mode="mask")
    painting.page.mouse.move(2, 2)
    assert painting.colour(150, 100) == [0, 200, 0]
    edge = [painting.colour(100 + step / 4, 100) for step in range(-4, 5)]
    assert any(colour != [0, 200, 0] for colour in edge)
    switch = painting.root.get_by_role("button", name="Show mask")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    painting.wait_until(lambda: painting.colour(150, 100) != [0, 200, 0])
    # The mask is still there for a second try.
    assert painting.viewer.mask is not None
    switch.click()
    painting.wait_until(lambda: painting.colour(150, 100) == [0, 200, 0])
    painting.stroke((20, 20), (40, 40))
    expect(switch).to_have_attribute("aria-pressed", "true")


def test_a_mask_is_never_drawn_on_a_picture_of_another_size(painting):
    painting.stage.focus()
    painting.page.keyboard.press("f")
    painting.wait_for(painting.masks, 1)
    painting.show(file_of((200, 200)), mode="mask")
    assert painting.colour(100, 100) == [128, 128, 128]
    painting.show(file_of((300, 200)), mode="mask")
    painting.wait_until(lambda: painting.colour(100, 100) != [128, 128, 128])
