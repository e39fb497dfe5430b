"""Two pictures compared."""

import pytest
from playwright.sync_api import expect

from tests.ui.viewer.page import file_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.thorough
def test_the_split_between_before_and_after_follows_mouse_and_keys(viewer):
    viewer.show(file_of((300, 200), "blue"), file_of((150, 100), "red"), mode="compare")
    red, blue = [255, 0, 0], [0, 0, 255]
    assert [viewer.colour(x, 20) for x in (140, 160)] == [red, blue]
    slider = viewer.root.get_by_role("slider", name="Before")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    viewer.drag((150, 100), (75, 100))
    expect(slider).to_have_attribute("aria-valuenow", "25")
    assert [viewer.colour(x, 20) for x in (65, 85)] == [red, blue]
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowLeft"):
        slider.press(key)
    expect(slider).to_have_attribute("aria-valuenow", "35")
    assert [viewer.colour(x, 20) for x in (95, 115)] == [red, blue]
    viewer.page.wait_for_timeout(50)
    assert viewer.viewer.split == pytest.approx(0.35, abs=0.01)
    slider.press("End")
    assert viewer.colour(290, 20) == red
    slider.press("Home")
    assert viewer.colour(10, 20) == blue


def test_a_before_of_another_shape_is_shown_whole_in_its_own(viewer):
    viewer.show(file_of((300, 200), "blue"), file_of((100, 200), "red"), mode="compare")
    viewer.root.get_by_role("slider", name="Before").press("End")
    assert viewer.colour(110, 190) == viewer.colour(190, 10) == [255, 0, 0]
    assert [255, 0, 0] != viewer.colour(90, 100) != [0, 0, 255]


def test_without_a_before_compare_says_so_and_shows_the_picture(viewer):
    viewer.button("mode").filter(has_text="Compare").click()
    expect(viewer.root.get_by_role("status")).to_contain_text("Nothing to compare")
    expect(viewer.root.locator(".mls-viewer-split")).to_be_hidden()
    assert viewer.colour(20, 20) == [128, 128, 128]


def compared(viewer, how, size=(300, 200)):
    """Compares a red picture, Face, with a blue one, Hand."""
    viewer.viewer.compare(file_of(size, "red"), file_of(size, "blue"), ("Face", "Hand"), how)
    viewer.tell()
    expect(viewer.root).to_have_attribute("data-mode", "compare")
    viewer.wait_until(lambda: viewer.root.locator(".mls-viewer-tag:visible").count() > 0)
    return viewer


def tags(viewer):
    return viewer.root.locator(".mls-viewer-tag:visible").all_text_contents()


def test_any_two_pictures_are_compared_under_their_own_names(viewer):
    compared(viewer, "slider")
    viewer.wait_until(lambda: tags(viewer) == ["Face", "Hand"])
    assert [viewer.colour(x, 20) for x in (140, 160)] == [[255, 0, 0], [0, 0, 255]]
    left, right = (one.bounding_box() for one in viewer.root.locator(".mls-viewer-tag").all())
    assert left["x"] < right["x"]
    slider = viewer.root.get_by_role("slider", name="Where Face ends and Hand begins")
    expect(slider).to_have_attribute("aria-valuetext", "50 % Face")
    viewer.button("mode").filter(has_text="View").click()
    viewer.wait_until(lambda: tags(viewer) == [])
    assert viewer.colour(20, 20) == [128, 128, 128]  # the picture stays what it was


def test_side_by_side_two_pictures_are_zoomed_and_moved_together(viewer):
    compared(viewer, "side by side", (200, 300))
    scale, left, top = viewer.camera()
    box = viewer.stage.bounding_box()
    half = (box["width"] - 2) / 2
    shift = half + 2

    def colours(x, y):
        canvas = "(one, [x, y]) => [...one.getContext('2d').getImageData(x, y, 1, 1).data]"
        place = [round(left + x * scale), round(top + y * scale)]
        other = [round(place[0] + shift), place[1]]
        stage = viewer.stage.locator("canvas")
        return [stage.evaluate(canvas, at)[:3] for at in (place, other)]

    assert colours(150, 100) == colours(5, 295) == [[255, 0, 0], [0, 0, 255]]
    assert tags(viewer) == ["Face", "Hand"]
    # The wheel over the right one zooms around the same place of both.
    viewer.page.mouse.move(*[sum(at) for at in zip(viewer.at(60, 50), (shift, 0), strict=True)])
    viewer.page.mouse.wheel(0, -400)
    zoomed = viewer.camera()
    assert zoomed[0] > 1.5 * scale
    cursor = (left + 60 * scale - zoomed[1]) / zoomed[0]
    assert cursor == pytest.approx(60, abs=0.5)
    # A drag that begins in one pane and ends in the other moves both, without a jump.
    viewer.page.mouse.move(box["x"] + half - 10, box["y"] + 200)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + half + 30, box["y"] + 200, steps=4)
    viewer.page.mouse.up()
    assert viewer.camera()[1] == pytest.approx(zoomed[1] + 40, abs=1.5)


@pytest.mark.thorough
def test_blinking_shows_one_after_the_other_and_stops(viewer):
    compared(viewer, "blink")
    seen = set()
    viewer.wait_until(lambda: seen.update(tags(viewer)) or seen == {"Face", "Hand"}, seconds=5)
    viewer.button("run").click()
    name = tags(viewer)
    colour = {"Face": [255, 0, 0], "Hand": [0, 0, 255]}
    assert viewer.colour(150, 100) == colour[name[0]]
    viewer.page.wait_for_timeout(750)
    assert tags(viewer) == name
    # Held, the other one is seen, by key and by mouse.
    viewer.stage.focus()
    viewer.page.keyboard.down("x")
    (other,) = {"Face", "Hand"} - set(name)
    viewer.wait_until(lambda: tags(viewer) == [other])
    assert viewer.colour(150, 100) == colour[other]
    viewer.page.keyboard.up("x")
    viewer.wait_until(lambda: tags(viewer) == name)
    viewer.button("hold").hover()
    viewer.page.mouse.down()
    viewer.wait_until(lambda: tags(viewer) == [other])
    viewer.page.mouse.up()
    viewer.wait_until(lambda: tags(viewer) == name)


def test_who_wants_less_motion_sees_nothing_blink(open_viewer, pages):
    pages(False).emulate_media(reduced_motion="reduce")
    viewer = open_viewer()
    compared(viewer, "blink")
    viewer.page.wait_for_timeout(750)
    assert tags(viewer) == ["Face"]
    expect(viewer.button("run")).to_have_attribute("aria-label", "Blink by itself")


def test_a_key_and_the_bar_choose_how_to_compare(viewer):
    compared(viewer, "slider")
    viewer.stage.focus()
    viewer.page.keyboard.press("s")
    expect(viewer.root.locator("[data-how='side by side'][aria-pressed=true]")).to_be_visible()
    viewer.root.locator("button[data-how=blink]").click()
    viewer.wait_until(lambda: viewer.viewer.how == "blink")


def test_two_pictures_are_compared_where_no_picture_is_shown(open_viewer):
    viewer = compared(open_viewer(), "slider")
    expect(viewer.root).to_have_attribute("data-shown", "picture")
    assert viewer.colour(20, 20) == [255, 0, 0]
