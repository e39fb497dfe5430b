"""The boxes on the picture and in their panel."""

import pytest
from playwright.sync_api import expect

from tests.ui.viewer.page import file_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_box_is_moved_and_its_outline_of_before_goes(boxed):
    boxes = boxed.change_boxes(boxed.drag, (70, 70), (80, 60))
    assert boxes[0]["box"] == [50, 30, 110, 90]
    assert boxes[0]["mask"] is None
    assert [box["box"] for box in boxes[1:]] == [[150, 50, 190, 90], [200, 120, 260, 180]]


def test_a_box_is_resized_at_edge_and_corner_and_stays_in_the_picture(boxed):
    boxes = boxed.change_boxes(boxed.drag, (190, 70), (196, 99))
    assert boxes[1]["box"] == [150, 50, 196, 90]
    boxes = boxed.change_boxes(boxed.drag, (260, 180), (299, 260))
    assert boxes[2]["box"] == [200, 120, 299, 200]


def test_boxes_are_ticked_off_reordered_and_removed_in_the_list(boxed):
    rows = boxed.root.locator(".mls-viewer-box")
    boxes = boxed.change_boxes(rows.nth(1).get_by_role("checkbox").uncheck)
    assert [box["enabled"] for box in boxes] == [True, False, True]
    boxes = boxed.change_boxes(rows.nth(2).get_by_label("Earlier").click)
    assert [box["box"][0] for box in boxes] == [40, 200, 150]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Enter")  # the focus went along
    assert [box["box"][0] for box in boxes] == [200, 40, 150]
    boxes = boxed.change_boxes(rows.nth(0).get_by_label("Remove").click)
    assert [box["box"][0] for box in boxes] == [40, 150]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Control+Z")
    assert [box["box"][0] for box in boxes] == [200, 40, 150]


def test_a_box_has_its_own_prompt_and_strength_or_the_stages(boxed):
    row = boxed.root.locator(".mls-viewer-box").nth(1)
    row.locator(".mls-viewer-name").click()
    prompt = row.get_by_label("Prompt")
    prompt.fill("a hand, five fingers")
    boxes = boxed.change_boxes(prompt.blur)
    assert [box["prompt"] for box in boxes] == [None, "a hand, five fingers", None]
    boxes = boxed.change_boxes(row.get_by_label("Strength", exact=True).press, "ArrowRight")
    assert boxes[1]["denoising_strength"] == pytest.approx(0.45)
    boxes = boxed.change_boxes(row.get_by_label("As the stage").click)
    assert boxes[1]["denoising_strength"] is None
    prompt.fill(" ")
    assert boxed.change_boxes(prompt.blur)[1]["prompt"] is None


def test_a_box_is_added_with_the_mouse_and_with_the_keyboard_alone(boxed):
    boxed.button("add").click()
    boxes = boxed.change_boxes(boxed.drag, (20, 120), (80, 180))
    assert boxes[3] == {**boxes[2], "box": [20, 120, 80, 180], "confidence": 1.0}
    boxed.button("add").focus()
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Enter")
    assert boxes[4]["box"] == [113, 75, 188, 125]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Shift+ArrowRight")
    assert boxes[4]["box"] == [123, 75, 198, 125]
    boxes = boxed.change_boxes(boxed.page.keyboard.press, "Control+ArrowDown")
    assert boxes[4]["box"] == [123, 75, 198, 126]
    assert len(boxed.change_boxes(boxed.page.keyboard.press, "Delete")) == 4


def test_the_place_of_a_box_is_typed(boxed):
    row = boxed.root.locator(".mls-viewer-box").nth(1)
    row.locator(".mls-viewer-name").click()
    left = row.get_by_label("Left edge in pixels")
    expect(left).to_have_value("150")
    left.fill("20")
    boxes = boxed.change_boxes(left.press, "Enter")
    assert boxes[1]["box"] == [20, 50, 60, 90]
    width = row.get_by_label("Width in pixels")
    width.fill("900")
    boxes = boxed.change_boxes(width.press, "Tab")
    assert boxes[1]["box"] == [0, 50, 300, 90]
    expect(left).to_have_value("0")
    strength = row.get_by_label("Strength, number")
    strength.fill("0.55")
    assert boxed.change_boxes(strength.press, "Enter")[1]["denoising_strength"] == 0.55


def test_the_panel_folds_and_the_picture_has_the_whole_room(boxed):
    beside = boxed.camera()[0]
    boxed.button("fold").click()
    expect(boxed.root.locator(".mls-viewer-box:visible")).to_have_count(0)
    boxed.wait_until(lambda: boxed.camera()[0] > beside)
    expect(boxed.button("fold")).to_have_attribute("aria-expanded", "false")
    canvas = boxed.stage.locator("canvas").bounding_box()
    assert canvas["height"] == boxed.root.bounding_box()["height"] - 36


def test_beside_a_high_picture_the_panel_is_open(viewer):
    viewer.viewer.boxes = [{"label": "face", "box": [10, 10, 50, 50]}]
    viewer.show(file_of((200, 400)), mode="boxes")
    viewer.viewer.boxes = [{"label": "face", "box": [10, 10, 50, 60]}]
    viewer.tell()
    expect(viewer.root.locator(".mls-viewer-box")).to_be_visible()
    panel = viewer.root.locator(".mls-viewer-panel").bounding_box()
    assert viewer.at(200, 0)[0] <= panel["x"]


def test_boxes_are_drawn_again_by_a_button_in_the_panel(boxed):
    expect(boxed.root.get_by_role("button", name="Redraw boxes")).to_be_hidden()
    drawn = []
    boxed.viewer.on_redraw(drawn.append)
    boxed.tell()
    boxed.root.get_by_role("button", name="Redraw boxes").click()
    boxed.wait_until(lambda: len(drawn) == 1)
    assert drawn[0] == boxed.viewer.boxes
    boxed.button("fold").click()
    boxed.root.get_by_role("button", name="Redraw boxes").click()
    boxed.wait_until(lambda: len(drawn) == 2)


def test_whose_boxes_are_shown_is_chosen_in_the_bar(boxed):
    chosen = []
    boxed.viewer.on_box_set(chosen.append)
    boxes_of = boxed.root.get_by_label("Boxes of")
    expect(boxes_of).to_be_hidden()
    boxed.viewer.box_sets = [
        {"name": "face", "title": "Face", "count": 2},
        {"name": "hand", "title": "Hand", "count": 1},
    ]
    boxed.viewer.box_set = "face"
    boxed.tell()
    expect(boxes_of.locator("option")).to_have_text(["Face · 2", "Hand · 1"])
    expect(boxes_of).to_have_value("face")
    boxes_of.select_option("hand")
    boxed.wait_until(lambda: chosen == ["hand"])


def test_while_one_box_is_drawn_again_no_other_is_asked_for(boxed):
    none = boxed.root.locator(".mls-viewer-none")
    expect(none).to_be_hidden()
    boxed.viewer.preview(file_of((30, 40), "red", kind="JPEG"))  # of the box alone
    boxed.tell()
    expect(none).to_have_text("They can be edited when the picture is finished.")
    boxed.show(file_of((300, 200)), mode="boxes")
    expect(none).to_be_hidden()


def test_boxes_are_never_drawn_on_a_picture_of_another_size(boxed):
    assert boxed.colour(40, 60) != [128, 128, 128]
    boxed.show(file_of((600, 400)), mode="boxes")
    assert all(boxed.colour(x, 60) == [128, 128, 128] for x in range(30, 110, 5))
    expect(boxed.root.locator(".mls-viewer-none")).to_contain_text("a picture of 300 × 200")
    expect(boxed.button("add")).to_be_disabled()
    boxed.show(file_of((300, 200)), mode="boxes")
    expect(boxed.root.locator(".mls-viewer-box")).to_have_count(3)


def test_escape_leaves_the_box_and_the_key_a_adds_one(boxed):
    boxed.drag((70, 70), (70, 70))
    expect(boxed.root.locator(".mls-viewer-box[data-selected=true]")).to_have_count(1)
    boxed.stage.focus()
    boxed.page.keyboard.press("Escape")
    expect(boxed.root.locator(".mls-viewer-box[data-selected=true]")).to_have_count(0)
    assert len(boxed.change_boxes(boxed.page.keyboard.press, "a")) == 4
