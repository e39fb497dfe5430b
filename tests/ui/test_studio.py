"""The studio as a newcomer meets it: JupyterLab, the notebook, a mouse and a keyboard."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 120_000  # milliseconds: the first picture imports torch on a busy machine


@pytest.fixture
def studio(open_notebook):
    """The panel of studio.ipynb after Run All, its first picture drawn."""
    page = open_notebook("notebooks/studio.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    panel = page.locator(".mls-studio").first
    expect(state(panel)).to_have_attribute("data-state", "done", timeout=SECONDS)
    panel.evaluate("panel => panel.scrollIntoView({ block: 'start' })")
    yield panel
    said = page.evaluate("window.kernelSaid")
    assert said == [], "".join(said)


def state(panel):
    """The line that says what is being done."""
    return panel.locator(".mls-status [data-state]")


def picture(panel):
    return panel.locator(".mls-pictures img")


def set_slider(panel, name, keys):
    """Move a slider by the keyboard, an exact step a key."""
    handle = panel.locator(f".mls-{name} .noUi-handle")
    handle.focus()
    for key in keys:
        handle.press(key)


def test_write_a_prompt_move_a_slider_generate_and_see_the_picture(studio):
    first = picture(studio).get_attribute("src")
    studio.locator(".mls-prompt textarea").fill("a green tree in the snow")
    set_slider(studio, "steps", ["ArrowRight"])
    expect(studio.locator(".mls-steps .widget-readout")).to_have_text("21")
    studio.locator("button.mls-generate").click()
    expect(picture(studio)).not_to_have_attribute("src", first, timeout=SECONDS)
    expect(state(studio)).to_have_attribute("data-state", "done")
    assert picture(studio).evaluate("image => image.naturalWidth") == 128
    expect(studio.locator(".mls-caption")).to_contain_text("a-green-tree-in-the-snow")


def test_cancel_the_second_run_and_keep_the_first_picture(studio, pictures_folder):
    first = picture(studio).get_attribute("src")
    set_slider(studio, "steps", ["End"])
    expect(studio.locator(".mls-steps .widget-readout")).to_have_text("150")
    studio.locator("button.mls-generate").click()
    expect(state(studio)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    expect(studio.locator("img.mls-preview")).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "studio-running.png")
    studio.locator("button.mls-cancel").click()
    expect(state(studio)).to_have_attribute("data-state", "cancelled")
    expect(studio.locator("button.mls-cancel")).to_be_disabled()
    expect(picture(studio)).to_have_attribute("src", first)
    expect(picture(studio)).to_be_visible()


def test_ctrl_enter_in_the_prompt_generates(studio):
    prompt = studio.locator(".mls-prompt textarea")
    prompt.fill("a red car on the beach")
    prompt.press("Control+Enter")
    expect(studio.locator(".mls-caption")).to_contain_text(
        "a-red-car-on-the-beach", timeout=SECONDS
    )


def test_a_wrong_size_is_explained_in_the_panel(studio):
    studio.locator(".mls-shape select").select_option(label="Another size…")
    studio.locator(".mls-width input").fill("100")
    studio.locator("button.mls-generate").click()
    alert = studio.get_by_role("alert")
    expect(alert).to_contain_text("width=100")
    expect(alert.locator("pre")).to_be_hidden()
    alert.locator("summary").click()
    expect(alert.locator("pre")).to_contain_text("Traceback")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_texts_stand_out_in_both_themes(studio, theme, pictures_folder):
    page = studio.page
    page.evaluate(
        f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
    )
    page.wait_for_function(f"document.body.dataset.jpThemeName === '{theme}'")
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 1080})
        studio.evaluate("panel => panel.scrollIntoView({ block: 'start' })")
        name = theme.split()[-1].lower()
        page.screenshot(path=pictures_folder / f"studio-{name}-{width}.png")
    for part in (".mls-status [data-state]", ".mls-caption p", ".mls-prompt label"):
        assert contrast(studio.locator(part).first) >= 4.5, part


def test_a_narrow_page_has_one_column(studio):
    studio.page.set_viewport_size({"width": 900, "height": 1000})
    form = studio.locator(".mls-form").bounding_box()
    canvas = studio.locator(".mls-canvas").bounding_box()
    assert canvas["y"] >= form["y"] + form["height"]
    assert canvas["x"] + canvas["width"] <= 900


def contrast(text):
    """WCAG 2 contrast of a text against the nearest background that is not see-through."""
    colours = text.evaluate(
        """element => {
          let behind = element;
          const paint = (one) => getComputedStyle(one).backgroundColor;
          while (/, 0\\)$/.test(paint(behind))) behind = behind.parentElement;
          return [getComputedStyle(element).color, paint(behind)];
        }"""
    )
    lighter, darker = sorted((luminance(colour) for colour in colours), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    """Relative luminance of a CSS rgb(); an alpha counts as opaque."""
    channels = [float(number) / 255 for number in re.findall(r"[\d.]+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
