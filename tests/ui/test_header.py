"""The room around the studio's parts: folds, the shelf's drawer, the window filled, the keys."""

import pytest
from playwright.sync_api import expect

from tests.ui.bare import BarePage
from widgets.header import Header
from widgets.theme import style_sheet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOM = f"""<style>{style_sheet()} body {{ margin: 0 !important; }}</style>
<p style="margin: 0; height: 40px">the page above</p>
<div class="mls-studio" tabindex="-1">
  <div id="widget"></div>
  <div class="mls-workspace" style="display: flex">
    <div class="mls-left-column"><input aria-label="prompt"><button>Generate</button></div>
    <div class="mls-canvas"><button>View</button></div>
    <div class="mls-shelf"><div class="mls-shelf-pages"><div class="mls-shelf-page mls-is-shown">
      <button>a picture</button></div></div></div>
  </div>
</div>"""


@pytest.fixture
def room(browser):
    """Opens a page with the header over a studio's bare parts."""
    opened = []

    def open_room(size=(1280, 800), theme="light"):
        header = Header(facts=["paperdoll", "cpu", "0.6 GB"])
        opened.append(BarePage(browser, header, html=ROOM, size=size, theme=theme))
        expect(opened[-1].page.locator(".mls-studio")).to_have_attribute("data-left", "open")
        return opened[-1].page

    yield open_room
    for bare in opened:
        bare.__exit__(None, None, None)


def parts(page):
    """The names of the parts that are seen."""
    named = {"left": "Generate", "canvas": "View", "shelf": "a picture"}
    return [
        part
        for part, name in named.items()
        if page.get_by_role("button", name=name, exact=True).is_visible()
    ]


def expect_parts(page, wanted):
    """Wait until these parts are seen: keys are heard a moment after they are pressed."""
    for _ in range(50):
        if parts(page) == wanted:
            return
        page.wait_for_timeout(50)
    assert parts(page) == wanted


def test_columns_fold_away_by_button_and_key_and_are_remembered(room):
    page = room(size=(1500, 800))
    expect_parts(page, ["left", "canvas", "shelf"])
    expect(page.get_by_text("paperdoll · cpu · 0.6 GB")).to_be_visible()
    page.get_by_role("button", name="Settings (T)").click()
    expect(page.get_by_role("button", name="Settings (T)")).to_have_attribute(
        "aria-pressed", "false"
    )
    page.get_by_role("button", name="View").press("g")
    expect_parts(page, ["canvas"])
    page.reload()
    expect(page.locator(".mls-studio")).to_have_attribute("data-shelf", "folded")
    expect_parts(page, ["canvas"])
    page.keyboard.press("t")  # beside the studio: the page's own
    expect_parts(page, ["canvas"])
    page.get_by_role("button", name="View").press("t")
    expect_parts(page, ["left", "canvas"])


def test_in_a_text_the_keys_are_letters(room):
    page = room()
    text = page.get_by_label("prompt")
    text.press_sequentially("tg?")
    expect(text).to_have_value("tg?")
    expect_parts(page, ["left", "canvas"])
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_folded_away_gives_its_focus_to_the_panel(room):
    page = room()
    page.get_by_role("button", name="Generate").press("t")
    expect_parts(page, ["canvas"])
    expect(page.locator(".mls-studio")).to_be_focused()
    page.keyboard.press("t")
    expect_parts(page, ["left", "canvas"])


def test_with_less_room_the_shelf_is_a_drawer_that_escape_closes(room):
    page = room(size=(1000, 700))
    expect_parts(page, ["left", "canvas"])
    page.get_by_role("button", name="History and models (G)").click()
    expect_parts(page, ["left", "canvas", "shelf"])
    canvas, shelf = (
        page.locator(one).bounding_box() for one in (".mls-canvas", ".mls-shelf-pages")
    )
    assert shelf["x"] < canvas["x"] + canvas["width"]  # over it, not beside it
    page.keyboard.press("Escape")
    expect_parts(page, ["left", "canvas"])


def test_the_studio_is_as_high_as_the_room_below_it_and_fills_the_window_on_demand(room):
    page = room(size=(1280, 700))
    panel = page.locator(".mls-studio")
    assert panel.bounding_box() == {"x": 0, "y": 40, "width": 1280, "height": 660}
    page.set_viewport_size({"width": 1000, "height": 500})
    page.wait_for_function("document.querySelector('.mls-studio').offsetHeight === 460")
    page.get_by_role("button", name="Fill the window").click()
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 1000, "height": 500}
    page.reload()
    expect(panel).to_have_attribute("data-filled", "true")
    page.get_by_role("button", name="View").press("Escape")
    expect(panel).to_have_attribute("data-filled", "false")
    assert panel.bounding_box()["y"] == 40
    page.reload()
    expect(panel).to_have_attribute("data-filled", "false")


def test_what_holds_the_studio_lets_it_fill_the_window(room):
    page = room(size=(1000, 600))
    page.evaluate("""() => {
      const holder = document.createElement("div");
      holder.style = "contain: strict; transform: translateY(9px); position: relative;"
        + " z-index: 1; width: 600px; height: 400px";
      const panel = document.querySelector(".mls-studio");
      panel.parentElement.insertBefore(holder, panel);
      holder.append(panel);
    }""")
    page.get_by_role("button", name="Fill the window").click()
    assert page.locator(".mls-studio").bounding_box() == {
        "x": 0, "y": 0, "width": 1000, "height": 600,
    }  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_keys_is_opened_searched_and_left_by_keys(room, theme, pictures_folder):
    page = room(theme=theme)
    page.get_by_role("button", name="View").press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_label("Search keys")).to_be_focused()
    expect(keys.get_by_role("heading", name="On the picture")).to_be_visible()
    page.screenshot(path=pictures_folder / f"keys-{theme}.png")
    page.keyboard.type("lasso")
    expect(keys.locator("dt")).to_have_text(["Lasso"])
    expect(keys.locator("kbd")).to_have_text(["L"])
    page.keyboard.press("Control+a")
    page.keyboard.type("no such thing")
    expect(keys.get_by_text("No key does that.")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(keys.get_by_label("Search keys")).to_be_focused()
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(page.get_by_role("button", name="View")).to_be_focused()
    page.get_by_role("button", name="Keys (?)").click()
    expect(keys).to_be_visible()


def test_a_lost_kernel_is_one_sentence_and_no_sign_at_every_widget(room, pictures_folder):
    page = room()
    sign = "<style>.jupyter-widgets-disconnected::before { content: 'x'; display: block }</style>"
    page.evaluate("""sign => {
      document.head.insertAdjacentHTML("beforeend", sign);
      for (const one of document.querySelectorAll(".mls-studio, .mls-studio button"))
        one.classList.add("jupyter-widgets-disconnected");
    }""", sign)  # fmt: skip
    said = page.get_by_role("alert")
    expect(said).to_contain_text(
        "The studio was restarted. Reload the page; your settings are kept."
    )
    page.screenshot(path=pictures_folder / "lost.png")
    shown = "one => getComputedStyle(one, '::before').display"
    assert page.get_by_role("button", name="View").evaluate(shown) == "none"
    page.get_by_role("button", name="Hide this").click()
    expect(said).to_have_count(0)


LAYER = """() => {
  const panel = document.querySelector(".mls-studio");
  panel.insertAdjacentHTML("beforeend", `<button popovertarget="layer">Queue</button>
    <div id="layer" popover="auto"><button>Pause</button></div>
    <input type="search" aria-label="search" placeholder="Search">
    <input type="checkbox" aria-label="tick">`);
}"""


@pytest.mark.parametrize("size", [(1280, 800), (1000, 700)])
def test_escape_closes_one_thing_at_a_time(room, size):
    page = room(size=size)
    page.evaluate(LAYER)
    panel = page.locator(".mls-studio")
    page.get_by_role("button", name="Fill the window").click()
    page.get_by_role("button", name="Queue").click()
    page.get_by_role("button", name="Pause").press("Escape")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.wait_for_timeout(100)  # in which the window would be left
    expect(panel).to_have_attribute("data-filled", "true")
    search = page.get_by_label("search")
    search.fill("sea")
    search.press("Escape")
    expect(search).to_have_value("")
    page.wait_for_timeout(100)
    expect(panel).to_have_attribute("data-filled", "true")
    search.press("Escape")  # there is nothing left to empty
    expect(panel).to_have_attribute("data-filled", "false")


def test_a_tick_takes_no_letters_so_that_the_keys_are_the_studios(room):
    page = room()
    page.evaluate(LAYER)
    page.get_by_label("tick").press("t")
    expect_parts(page, ["canvas"])
    expect(page.get_by_label("tick")).not_to_be_checked()
