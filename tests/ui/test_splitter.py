"""The handle between two panels: dragged, moved by keys, gone where the row wraps."""

import pytest
from playwright.sync_api import expect

from tests.ui.bare import BarePage
from widgets.splitter import Splitter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROW = """
<div id="row" style="display: flex; flex-wrap: wrap; height: 200px; margin: -16px">
  <div id="left" style="flex: 1 0 300px; background: #8883">left</div>
  <div id="widget"></div>
  <div id="right" style="flex: 99 1 400px; min-width: 400px; background: #8882">right</div>
</div>
"""


@pytest.fixture(scope="module")
def shared(browser):
    splitter = Splitter(label="settings", smallest=200, largest=450)
    with BarePage(browser, splitter, html=ROW, size=(1000, 300)) as bare:
        yield bare, splitter


@pytest.fixture
def splitter(shared):
    return shared[1]


@pytest.fixture
def bare(shared, splitter):
    page, _ = shared
    page.page.set_viewport_size({"width": 1000, "height": 300})
    splitter.set_trait("width", 0)
    splitter.set_trait("side", "before")
    page.pump()
    page.sent.clear()
    return page


@pytest.fixture
def handle(bare):
    return bare.page.get_by_role("separator")


def width(bare, panel="left"):
    return round(bare.page.locator(f"#{panel}").bounding_box()["width"])


def drag(bare, handle, by):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 50
    bare.page.mouse.move(x, y)
    bare.page.mouse.down()
    bare.page.mouse.move(x + by / 2, y)
    bare.page.mouse.move(x + by, y)
    bare.page.mouse.up()
    bare.page.wait_for_function("window.idle()")


def test_a_drag_sets_the_width_and_python_is_told_once(bare, handle, splitter, pictures_folder):
    begin = width(bare)
    drag(bare, handle, 80)
    bare.page.screenshot(path=pictures_folder / "splitter.png")
    assert width(bare) == splitter.width == begin + 80
    assert [message["state"] for message in bare.sent] == [{"width": begin + 80}]
    expect(handle).to_have_attribute("aria-valuenow", str(begin + 80))


def test_a_drag_ends_at_the_limits(bare, handle, splitter):
    drag(bare, handle, 400)
    assert width(bare) == splitter.width == 450
    drag(bare, handle, -600)
    assert width(bare) == splitter.width == 200


def test_the_keys_move_it(bare, handle):
    handle.focus()
    handle.press("Home")
    handle.press("ArrowRight")
    assert width(bare) == 216
    handle.press("Shift+ArrowRight")
    assert width(bare) == 280
    handle.press("ArrowLeft")
    assert width(bare) == 264
    handle.press("End")
    assert width(bare) == 450
    expect(handle).to_have_attribute("aria-label", "Width of the settings")
    expect(handle).to_have_attribute("aria-valuemin", "200")
    expect(handle).to_have_attribute("aria-valuemax", "450")


@pytest.mark.parametrize("way", ["double click", "Enter"])
def test_the_rows_own_width_comes_back(bare, handle, splitter, way):
    begin = width(bare)
    handle.focus()
    handle.press("End")
    handle.dblclick() if way == "double click" else handle.press(way)
    bare.page.wait_for_function("window.idle()")
    assert splitter.width == 0
    assert width(bare) == begin


def test_it_can_hold_the_panel_after_it(bare, handle, splitter):
    splitter.side = "after"
    splitter.width = 420
    bare.pump()
    assert width(bare, "right") == 420
    drag(bare, handle, -10)
    assert width(bare, "right") == 430


def test_where_the_row_wraps_it_is_hidden_and_panels_have_their_own_width(bare, handle, splitter):
    splitter.width = 350
    bare.pump()
    bare.page.set_viewport_size({"width": 500, "height": 600})
    expect(handle).to_be_hidden()
    assert width(bare) == width(bare, "right") == 500
    bare.page.set_viewport_size({"width": 700, "height": 300})
    expect(handle).to_be_visible()
    assert 280 <= width(bare) <= 291  # as wide as there is room for beside the other's 400
    bare.page.set_viewport_size({"width": 1000, "height": 300})
    expect(handle).to_have_attribute("aria-valuenow", "350")
    assert splitter.width == 350  # what was chosen is not forgotten in a narrow window


def test_a_view_that_ends_leaves_the_panels_as_they_were(browser):
    splitter = Splitter(width=250)
    with BarePage(browser, splitter, html=ROW, size=(1000, 300)) as bare:
        assert width(bare) == 250
        bare.page.evaluate("window.end()")
        assert width(bare) > 300  # 300, and its share of what is left
        assert bare.page.evaluate("window.listening()") == 0
