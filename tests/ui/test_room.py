"""The studio's room in a real JupyterLab: its sizes, its keys, a kernel that is lost."""

import sys

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.conftest import IN_KERNEL
from tests.ui.desk import (
    NOTEBOOK,
    SECONDS,
    WINDOWS,
    choose_theme,
    close_drawer,
    fill_window,
    open_page,
    shares,
    state,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BATCH = """
from widgets.canvas import CanvasContent
studio.canvas.show(CanvasContent([studio.canvas.picture] * 4))
"""
ERROR = """
from medialab.errors import ConfigError
studio.canvas.show_error(ConfigError("a sentence of some length that says what is wrong"), "")
"""
RESTART = """async (path) => {
  const open = [...window.jupyterapp.shell.widgets("main")];
  await open.find((one) => one.context?.path === path).sessionContext.restartKernel();
}"""
CALM = """
studio.canvas.clear_error()
studio.importer.show_newest()
"""


@pytest.mark.thorough
def test_the_picture_has_half_of_the_studio_in_every_mode(studio, pictures_folder, capsys):
    page = studio.page
    found = {}

    def measure(size, what):
        for mode, share in shares(studio).items():
            found[size, what or mode] = min(share, found.get((size, what or mode), 1))
        page.screenshot(path=pictures_folder / f"share-{size[0]}-{what or 'modes'}.png")

    def in_kernel(code):
        page.evaluate(IN_KERNEL, [NOTEBOOK, code])

    for size in WINDOWS:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(300)
        measure(size, "")
    for what, code in {"batch": BATCH, "error": ERROR}.items():
        in_kernel(code)
        for size in WINDOWS:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(300)
            measure(size, what)
    in_kernel(CALM)
    lines = [
        f"{width} x {height}, {mode}: the canvas has {share:.1%} of the studio\n"
        for ((width, height), mode), share in found.items()
    ]
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(lines))
    assert len(found) == len(WINDOWS) * 6
    assert min(found.values()) >= 0.5, found


@pytest.mark.thorough
def test_the_whole_studio_is_seen_at_once(studio):
    """Without scrolling, at each size of the window: Generate at its foot is not cut."""
    page = studio.page
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)  # JupyterLab lays its pane out
        pane = page.locator(".jp-WindowedPanel-outer:visible").bounding_box()
        box = studio.bounding_box()
        assert pane["y"] <= box["y"], (width, box, pane)
        assert box["y"] + box["height"] <= pane["y"] + pane["height"], (width, box, pane)
        button = studio.locator("button.mls-generate")
        expect(button).to_be_in_viewport(ratio=1)
        assert button.evaluate("one => one.scrollWidth <= one.clientWidth + 1")


@pytest.mark.thorough
def test_the_first_click_into_the_studio_does_not_scroll_the_notebook(studio):
    """It makes the studio's cell the active one, and JupyterLab scrolls to a cell's top."""
    page = studio.page
    page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    studio.evaluate("panel => panel.scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(300)
    before = studio.bounding_box()["y"]
    button = studio.get_by_role("button", name="Settings of Text to image")
    place = button.bounding_box()
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    expect(studio.get_by_role("heading", name="Text to image")).to_be_visible()
    page.wait_for_timeout(300)
    assert studio.bounding_box()["y"] == pytest.approx(before, abs=1)
    page.keyboard.press("Escape")


# Marks one control of each kind that is seen, and has no mark of before; gives the kinds.
KINDS = """panel => {
  const found = [];
  const every = ":is(a[href], button, input, select, textarea, summary, [tabindex])";
  for (const one of panel.querySelectorAll(every)) {
    if (!one.checkVisibility() || one.disabled || one.type === "file") continue;
    const name = [...one.classList].find((word) => word.startsWith("mls-")) ?? "";
    const kind = [one.tagName, one.type ?? "", one.getAttribute("role") ?? "", name].join(" ");
    window.triedKinds ??= new Set();
    if (window.triedKinds.has(kind)) continue;
    window.triedKinds.add(kind);
    one.dataset.kind = kind;
    found.push(kind);
  }
  return found;
}"""
FOCUS = """kind => {
  const control = document.querySelector(`[data-kind="${kind}"]`);
  if (!control?.checkVisibility()) return false;
  control.focus({ preventScroll: true });
  return true;
}"""
CELLS = """() => {
  const [panel] = [...jupyterapp.shell.widgets("main")].filter(
    (one) => one.context?.path === "notebooks/studio.ipynb");
  return JSON.stringify([...panel.content.model.sharedModel.cells].map(
    (cell) => [cell.id, cell.cell_type, cell.source]));
}"""


# T, G and ? are the studio's own, and fold away what has the focus.
PLAIN = [*"abcdefhijklmnopqrsuvwxyz0123456789", "d", "d", "0", "0", "Shift+M", "Delete"]
FOLDING = ["t", "g", "?"]


def unfold(panel):
    """Undo what the folding keys did."""
    panel.evaluate("""async panel => {
      await new Promise((go) => setTimeout(go, 20));  // they are heard a moment later
      panel.querySelector(".mls-keys-close")?.click();
      if (panel.dataset.left === "folded") panel.querySelector(".mls-left-button").click();
      if (panel.dataset.shelf === "folded") panel.querySelector(".mls-shelf-button").click();
    }""")  # fmt: skip


@pytest.mark.thorough
def test_no_plain_key_reaches_jupyterlab_from_any_kind_of_control(studio):
    """Its own keys cut, convert and insert cells, and restart the kernel."""
    page = studio.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    before = page.evaluate(CELLS)
    tried = []

    def press_on_each_new_kind():
        for kind in studio.evaluate(KINDS):
            if not page.evaluate(FOCUS, kind):
                continue  # an earlier key has closed it
            tried.append(kind)
            for key in PLAIN:
                page.keyboard.press(key)
            for key in FOLDING:
                page.evaluate(FOCUS, kind)
                page.keyboard.press(key)
                unfold(studio)
            assert page.evaluate(CELLS) == before, kind
            expect(page.locator(".jp-Dialog")).to_have_count(0)

    press_on_each_new_kind()
    for name in ("History", "Models", "Details"):
        open_page(studio, name)
        press_on_each_new_kind()
    for opener in (".mls-generate-menu", ".mls-waiting", ".mls-stage-add", ".mls-stage-open"):
        studio.locator(opener).first.click()
        press_on_each_new_kind()
        page.keyboard.press("Escape")
    studio.locator(".mls-keys-button").click()
    press_on_each_new_kind()
    page.keyboard.press("Escape")
    assert len(tried) >= 30, tried
    studio.locator(".mls-header-name").click()
    for key in [*PLAIN, *FOLDING]:
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == before, "a click beside the controls"


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_studio_is_accessible_in_both_themes(studio, theme, pictures_folder):
    page = studio.page
    choose_theme(page, theme)
    name = theme.split()[-1].lower()
    for width in (1280, 1440, 1920, 420):
        page.set_viewport_size({"width": width, "height": 800 if width < 1400 else 900})
        fill_window(studio, width < 500)
        page.wait_for_timeout(300)
        page.screenshot(path=pictures_folder / f"studio-{name}-{width}.png")
        for part in ("History", "Models", "Details"):
            if width < 500:
                studio.locator(".mls-shelf-button").click()
            open_page(studio, part)
            page.screenshot(path=pictures_folder / f"studio-{name}-{width}-{part.lower()}.png")
            if width in {1280, 420}:
                assert_accessible(page, ".mls-studio")
            close_drawer(studio)
        if width == 1280:
            studio.locator(".mls-stage-open").first.click()
            page.wait_for_timeout(300)
            assert_accessible(page, ".mls-studio")
            page.keyboard.press("Escape")
            studio.locator(".mls-keys-button").click()
            assert_accessible(page, ".mls-studio")
            studio.locator(".mls-keys-close").click()
    fill_window(studio, False)


@pytest.mark.thorough
def test_a_narrow_page_has_the_picture_above_and_prompt_and_buttons_below(studio, pictures_folder):
    """As a window of 1440 x 900 does at a zoom of 200 %."""
    studio.page.set_viewport_size({"width": 720, "height": 450})
    fill_window(studio)
    canvas, prompt, button = boxes(
        studio, ".mls-canvas", ".mls-form [data-name=prompt]", "button.mls-generate"
    )
    studio.page.screenshot(path=pictures_folder / "studio-narrow.png")
    assert prompt["y"] >= canvas["y"] + canvas["height"]
    assert button["y"] >= prompt["y"] + prompt["height"] / 2
    assert button["y"] + button["height"] <= 450
    assert canvas["height"] >= 160
    expect(studio.locator(".mls-form [data-name=steps]").first).to_be_hidden()
    studio.locator(".mls-left-button").click()
    expect(studio.locator(".mls-form [data-name=steps]").first).to_be_visible()
    studio.page.keyboard.press("Escape")
    expect(studio.locator(".mls-form [data-name=steps]").first).to_be_hidden()
    studio.page.keyboard.press("Escape")
    expect(studio).to_have_attribute("data-filled", "false")


@pytest.mark.thorough
def test_a_kernel_that_restarts_is_one_sentence_with_a_way_on(fresh_studio, pictures_folder):
    studio = fresh_studio
    page = studio.page
    studio.locator(".mls-form [data-name=prompt] textarea").fill("a green tree in the snow")
    studio.locator(".mls-form [data-name=prompt] textarea").press("Tab")
    page.wait_for_timeout(1500)  # settings are saved a moment after they change
    page.evaluate(RESTART, NOTEBOOK)
    said = studio.get_by_role("alert").filter(has_text="kernel")
    expect(said).to_contain_text("The kernel was restarted. Run the cell again")
    page.screenshot(path=pictures_folder / "kernel-restarted.png")
    said.get_by_role("button", name="Run the cell again").click()
    expect(state(page.locator(".mls-studio"))).to_be_visible(timeout=SECONDS)
    expect(said).to_have_count(0, timeout=SECONDS)
    prompt = page.locator(".mls-studio .mls-form [data-name=prompt] textarea")
    expect(prompt).to_have_value("a green tree in the snow")
    page.evaluate("window.kernelSaid = []")


def boxes(panel, *parts):
    """Where these parts are, once the splitters have settled."""
    panel.page.wait_for_timeout(500)
    return [panel.locator(part).first.bounding_box() for part in parts]
