"""Zoom and position."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.ui.viewer.page import file_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_wheel_zooms_and_the_point_under_the_cursor_stays(viewer):
    cursor = viewer.at(70, 150)
    viewer.page.mouse.move(*cursor)
    before = viewer.camera()[0]
    for _ in range(3):
        viewer.page.mouse.wheel(0, -200)
    assert viewer.camera()[0] > 2 * before
    assert viewer.place(*cursor) == pytest.approx((70, 150), abs=0.5)
    viewer.page.mouse.wheel(0, 500)
    assert viewer.place(*cursor) == pytest.approx((70, 150), abs=0.5)


def test_a_small_picture_is_shown_large_and_smooth_until_single_pixels_are_meant(open_viewer):
    viewer = open_viewer()
    checks = Image.fromarray((np.indices((96, 96)).sum(0) % 2 * 255).astype("uint8"))
    buffer = io.BytesIO()
    checks.save(buffer, "PNG")
    viewer.show(buffer.getvalue())
    scale, _, top = viewer.camera()
    assert 96 * scale + 2 * top == pytest.approx(viewer.stage.bounding_box()["height"], abs=1)
    assert 6 < scale < 8
    edge = viewer.colour(48, 48.5)[0]
    assert 40 < edge < 215  # between black and white
    viewer.page.mouse.move(*viewer.at(48, 48))
    viewer.page.mouse.wheel(0, -600)
    assert {viewer.colour(48 + step / 10, 48.5)[0] for step in range(10)} <= {0, 255}


def test_dragging_moves_the_picture_but_never_out_of_sight(viewer):
    scale, x, y = viewer.camera()
    viewer.drag((100, 100), (120, 90))
    assert viewer.camera() == pytest.approx([scale, x + 20 * scale, y - 10 * scale], abs=1.5)
    for _ in range(3):
        viewer.drag((10, 190), (290, 10))
    _, x, y = viewer.camera()
    assert x < viewer.stage.bounding_box()["width"] - 40
    assert y + 200 * scale > 40


def test_space_and_drag_move_the_picture_in_the_middle_of_painting(painting):
    scale, x, y = painting.camera()
    painting.stage.focus()
    painting.page.keyboard.down(" ")
    painting.drag((100, 100), (130, 100))
    painting.page.keyboard.up(" ")
    assert painting.camera() == pytest.approx([scale, x + 30 * scale, y], abs=1.5)
    painting.page.wait_for_timeout(50)
    assert painting.masks == []
    assert painting.stroke((100, 100), (110, 100))[100, 105] == 255


def test_double_click_and_key_fit_it_again_and_one_is_one_to_one(viewer):
    fitted = viewer.camera()
    viewer.stage.focus()
    viewer.page.keyboard.press("1")
    assert viewer.camera()[0] == 1
    expect(viewer.root.locator(".mls-viewer-percent")).to_have_text("100 %")
    viewer.page.keyboard.press("0")
    assert viewer.camera() == fitted
    viewer.page.keyboard.press("+")
    viewer.page.keyboard.press("ArrowLeft")
    assert viewer.camera() != fitted
    viewer.page.mouse.dblclick(*viewer.at(150, 100))
    assert viewer.camera() == fitted


def test_the_same_part_stays_in_sight_when_the_picture_comes_back_larger(viewer):
    viewer.page.mouse.move(*viewer.at(70, 150))
    viewer.page.mouse.wheel(0, -500)
    scale, *corner = viewer.camera()
    viewer.show(file_of((600, 400), "blue"))
    assert viewer.camera() == pytest.approx([scale / 2, *corner])
    viewer.show(file_of((200, 400), "blue"))
    assert 400 * viewer.camera()[0] < viewer.stage.bounding_box()["height"]
