"""The studio as a newcomer meets it: JupyterLab, the notebook, a mouse and a keyboard."""

import json
import re

import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import save_file

from tests.ui.conftest import OPENED
from tests.ui.desk import NOTEBOOK, SECONDS, choose_theme, state

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"


@pytest.fixture
def loras(tiny_checkout):
    """Two LoRAs for the tiny checkpoint, and a file that is none."""
    folder = tiny_checkout / "models" / "loras"
    folder.mkdir(exist_ok=True)
    names = ("ui-ink", "ui-gold")
    for seed, name in enumerate(names):
        generator = torch.Generator().manual_seed(seed)
        save_file(
            {
                f"{LAYER}.lora_{end}.weight": torch.randn(*shape, generator=generator)
                for end, shape in {"down": (4, 32), "up": (32, 4)}.items()
            },
            folder / f"{name}.safetensors",
            {"modelspec.trigger_phrase": "ink wash"},
        )
    broken = folder / "ui-broken.safetensors"
    broken.write_text("<html>not found</html>")
    yield names
    for name in (*names, "ui-broken"):
        (folder / f"{name}.safetensors").unlink()


def count(panel):
    """How many pictures the history has."""
    return panel.locator(".mls-gallery-foot")


def wait_for_done(panel, generate="button.mls-generate"):
    """Press a button, and wait until its picture is shown."""
    caption = panel.locator(".mls-caption")
    before = caption.inner_text()
    panel.locator(generate).click()
    expect(caption).not_to_have_text(before, timeout=SECONDS, use_inner_text=True)
    expect(state(panel)).to_have_attribute("data-state", "done", timeout=SECONDS)


def tab(panel, name):
    panel.locator(".mls-tabs button", has_text=name).click()


def open_fold(panel, name):
    head = panel.locator(f".mls-fold-{name} > .mls-fold-line > .mls-fold-head").first
    if head.get_attribute("aria-expanded") != "true":
        head.click()
    expect(head).to_have_attribute("aria-expanded", "true")


def set_slider(panel, name, keys):
    """Move a slider by the keyboard, an exact step a key."""
    handle = panel.locator(f".mls-{name} .noUi-handle").first
    expect(handle).to_be_visible()  # a fold opens over some frames, and what is hidden has no focus
    handle.focus()
    expect(handle).to_be_focused()
    for key in keys:
        handle.press(key)


def choose(panel, name):
    search = panel.locator(".mls-lora-search input").first
    search.fill(name)
    search.press("Tab")
    row = panel.locator(".mls-lora", has_text=name)
    expect(row).to_be_visible()
    return row


def newest_sidecar(checkout):
    sidecars = (checkout / "outputs").glob("*-*-*/*.json")
    return json.loads(max(sidecars, key=lambda path: path.stat().st_mtime_ns).read_text())


def paint(panel):
    """A stroke over the left half of the picture."""
    panel.locator(".mls-viewer-modes button[data-mode=mask]").click()
    box = panel.locator(".mls-viewer-canvas").bounding_box()
    mouse = panel.page.mouse
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.35
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y + box["height"] * 0.3, steps=8)
    mouse.up()


def test_a_page_that_is_loaded_again_during_a_run_has_the_same_studio(fresh_studio):
    """First of all here: a kernel just begun has the fewest widgets to load again."""
    studio = fresh_studio
    page = studio.page
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    set_slider(studio, "steps", ["End"])
    set_slider(studio, "batch-size", ["End"])  # long enough for a page to load in the meantime
    studio.locator("button.mls-generate").click()
    expect(state(studio)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    page.goto(page.url.replace("reset", "again"))
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(OPENED.replace('kernel.status === "idle"', "true"), NOTEBOOK)
    panel = page.locator(".mls-studio").first
    expect(panel.locator(".mls-steps .widget-readout").first).to_have_text("150", timeout=SECONDS)
    expect(state(panel)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    panel.locator("button.mls-cancel-all").click()
    expect(state(panel)).to_have_attribute("data-state", "cancelled")


def test_write_a_prompt_move_a_slider_generate_and_see_the_picture(studio):
    studio.locator(".mls-prompt textarea").fill("a green tree in the snow")
    set_slider(studio, "steps", ["ArrowRight"])
    expect(studio.locator(".mls-steps .widget-readout").first).to_have_text("21")
    wait_for_done(studio)
    expect(studio.locator(".mls-caption")).to_contain_text("a-green-tree-in-the-snow")
    expect(studio.locator("[data-shown=picture]").first).to_be_visible()
    expect(studio.locator(".mls-caption")).to_contain_text("128 × 128")


def test_from_a_picture_through_a_mask_to_a_repainted_one(studio, pictures_folder):
    paint(studio)
    expect(studio.locator(".mls-mode select")).to_have_value("Inpaint", timeout=SECONDS)
    expect(studio.locator("button.mls-generate")).to_have_text("Enhance")
    open_fold(studio, "inpaint")
    expect(studio.locator(".mls-fold-inpaint .mls-group.mls-mask")).to_contain_text("mask in use")
    studio.locator("button.mls-dice").click()
    wait_for_done(studio)
    expect(studio.locator("[data-state=done]", has_text="Inpaint").first).to_be_visible()
    studio.locator(".mls-viewer-modes button[data-mode=compare]").click()
    expect(studio.locator(".mls-viewer-split").first).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "studio-inpaint.png")


def test_a_lora_is_added_and_a_stage_runs_again_from_the_strip(lora, studio):
    open_fold(studio, "loras-section")
    search = studio.locator(".mls-lora-search input").first
    search.fill(lora)
    search.press("Tab")
    expect(studio.locator(".mls-lora").first).to_contain_text(lora)
    wait_for_done(studio)
    open_fold(studio, "finish")
    set_slider(studio, "sharpen", ["End"])
    expect(studio.locator(".mls-sharpen .widget-readout").first).to_have_text("2.00")
    wait_for_done(studio, ".mls-stage-button:has-text('Output')")
    expect(studio.locator(".mls-stage[data-state=cached]", has_text="Text")).to_be_visible()
    expect(studio.locator(".mls-stage[data-state=done]", has_text="Output")).to_be_visible()


def test_choose_two_move_a_slider_generate_and_the_record_names_what_was_applied(
    loras, studio, tiny_checkout, pictures_folder
):
    open_fold(studio, "loras-section")
    choose(studio, "ui-ink")
    row = choose(studio, "ui-gold")
    handle = row.locator(".noUi-handle")
    handle.focus()
    for _ in range(6):
        handle.press("ArrowLeft")
    expect(row.locator(".widget-readout")).to_have_text("0.70")
    studio.locator(".mls-lora-word", has_text="ink wash").first.click()
    refused = studio.locator(".mls-lora-picker").first.locator(".mls-refused")
    refused.locator("summary").click()
    expect(refused).to_contain_text("ui-broken.safetensors")
    expect(refused).to_contain_text("not a safetensors file")
    studio.page.screenshot(path=pictures_folder / "loras-chosen.png")
    wait_for_done(studio)
    sidecar = newest_sidecar(tiny_checkout)
    applied = {stage["name"]: stage["applied"] for stage in sidecar["record"]["stages"]}
    assert [one["name"] for one in applied["txt2img"]["loras"]] == ["ui-ink", "ui-gold"]
    assert all(one["matched"] == 1 for one in applied["txt2img"]["loras"])
    asked = {one["name"]: one["weight"] for one in sidecar["config"]["loras"]}
    assert asked == {"ui-ink": 1.0, "ui-gold": 0.7}
    assert sidecar["config"]["prompt"].endswith("ink wash")


def test_a_click_in_the_history_looks_and_settings_are_taken_by_a_button(studio):
    prompt = studio.locator(".mls-prompt textarea")
    began_with = prompt.input_value()
    prompt.fill("a red car on the beach")
    wait_for_done(studio)
    expect(count(studio)).to_contain_text(re.compile(r"\d+ pictures"))
    shown = studio.locator(".mls-caption").inner_text()
    studio.locator("[data-at='1'] img").click()
    expect(studio.locator(".mls-caption")).not_to_have_text(shown, use_inner_text=True)
    expect(prompt).to_have_value("a red car on the beach")
    studio.locator("button.mls-use-settings").click()
    expect(prompt).to_have_value(began_with)
    expect(studio.locator(".mls-notice")).to_contain_text("all settings of")
    studio.locator("button.mls-undo").click()
    expect(prompt).to_have_value("a red car on the beach")
    studio.locator("button.mls-undo").press("Control+Shift+Z")
    expect(prompt).to_have_value(began_with)


# Every kind of control, what a click gives the focus to, and the panel beside its controls.
FOCUSED = (
    "button.mls-generate",
    "button.mls-dice",
    ".mls-undo-bar button",
    ".mls-tabs button",
    ".mls-fold-head",
    ".mls-fold-face input[type=checkbox]",
    ".mls-steps .noUi-handle",
    ".mls-sampler select",
    ".mls-seed input, .mls-seed-row input",
    ".mls-history-search input",
    ".mls-viewer-modes button",
    ".mls-viewer-canvas",
    ".mls-gallery-scroll",
    ".mls-prompt textarea",
)
CELLS = """() => {
  const [panel] = [...jupyterapp.shell.widgets("main")].filter(
    (one) => one.context?.path === "notebooks/studio.ipynb");
  return JSON.stringify([...panel.content.model.sharedModel.cells].map(
    (cell) => [cell.id, cell.cell_type, cell.source]));
}"""


def test_no_plain_key_reaches_jupyterlab_from_any_control(studio):
    """Its own keys cut, convert and insert cells, and restart the kernel."""
    page = studio.page
    before = page.evaluate(CELLS)
    keys = [*"abcdefghijklmnopqrstuvwxyz0123456789", "d", "d", "0", "0", "Shift+M", "Delete"]
    tried = []
    for where in FOCUSED:
        control = studio.locator(where).locator("visible=true").first
        if control.count() == 0:
            continue
        tried.append(where)
        control.evaluate("control => control.focus({ preventScroll: true })")
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate(CELLS) == before, where
        expect(page.locator(".jp-Dialog")).to_have_count(0)
    assert len(tried) >= len(FOCUSED) - 2, tried
    studio.locator(".mls-heading").first.click()
    for key in keys:
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == before, "a click beside the controls"


def test_the_filters_of_the_models_stay_with_many_models_and_refused_files(
    studio, tiny_checkout, pictures_folder
):
    folder = tiny_checkout / "models" / "loras"
    folder.mkdir(exist_ok=True)
    files = [folder / f"a-model-with-quite-a-long-name-{number:02}.pt" for number in range(2)]
    generator = torch.Generator().manual_seed(0)
    down, up = (torch.randn(shape, generator=generator) for shape in ((4, 32), (32, 4)))
    for number in range(48):
        files.append(folder / f"many-{number:02}.safetensors")
        save_file({f"{LAYER}.lora_down.weight": down, f"{LAYER}.lora_up.weight": up}, files[-1])
    for file in files[:2]:
        file.write_bytes(b"a pickle")
    try:
        tab(studio, "Models")
        studio.locator("button.mls-models-refresh").click()
        table = studio.locator(".mls-model-table")
        expect(table).to_contain_text("many-47")
        studio.page.screenshot(path=pictures_folder / "models-many.png")
        line = studio.locator(".mls-filters")
        assert line.bounding_box()["height"] >= 32
        panel = studio.locator(".mls-models")
        panel.evaluate("panel => panel.scrollTo(0, panel.scrollHeight)")
        assert panel.evaluate("panel => panel.scrollTop") > 100
        expect(studio.locator(".mls-model-search input")).to_be_in_viewport()
        studio.locator(".mls-model-search input").fill("many-07")
        expect(table).to_contain_text(re.compile(r"\b1 of 5\d models"))
        width = table.locator("td").first.evaluate("cell => cell.offsetWidth")
        assert width >= 120
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def test_live_shows_a_moved_slider_without_generate(studio):
    open_fold(studio, "finish")
    studio.locator("button.mls-live").click()
    expect(studio.locator("button.mls-live")).to_have_attribute("aria-pressed", "true")
    set_slider(studio, "sharpen", ["ArrowRight", "ArrowRight"])
    expect(studio.locator(".mls-caption")).to_contain_text("not saved", timeout=SECONDS)
    expect(studio.locator(".mls-stage[data-state=done]", has_text="Output")).to_be_visible()


def test_cancel_the_second_run_and_keep_the_first_picture(studio, pictures_folder):
    first = studio.locator(".mls-caption").inner_text()
    studio.locator(".mls-prompt textarea").fill("a picture that no other test has made")
    set_slider(studio, "steps", ["End"])
    expect(studio.locator(".mls-steps .widget-readout").first).to_have_text("150")
    studio.locator("button.mls-generate").click()
    expect(state(studio)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    expect(studio.locator("[data-shown=preview]").first).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "studio-running.png")
    studio.locator("button.mls-cancel").click()
    expect(state(studio)).to_have_attribute("data-state", "cancelled")
    expect(studio.locator("button.mls-cancel")).to_be_disabled()
    assert studio.locator(".mls-caption").inner_text() == first
    expect(studio.locator("[data-shown=picture]").first).to_be_visible()


def test_ctrl_enter_in_the_prompt_generates(studio):
    prompt = studio.locator(".mls-prompt textarea")
    prompt.fill("a red car on the beach")
    prompt.press("Control+Enter")
    expect(studio.locator(".mls-caption")).to_contain_text(
        "a-red-car-on-the-beach", timeout=SECONDS
    )


def test_a_wrong_size_is_explained_in_the_panel(studio):
    studio.locator(".mls-fold-model .mls-width input").fill("-8")
    studio.locator(".mls-fold-model .mls-width input").press("Tab")
    studio.locator("button.mls-generate").click()
    alert = studio.get_by_role("alert").first
    expect(alert.locator("p")).to_contain_text("Width (px) = -8")
    expect(alert.locator("pre")).to_be_hidden()
    alert.locator("summary").click()
    expect(alert.locator("pre")).to_contain_text("Traceback")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_texts_stand_out_in_both_themes(studio, theme, pictures_folder):
    page = studio.page
    choose_theme(page, theme)
    name = theme.split()[-1].lower()
    for width in (1280, 1920, 420):
        page.set_viewport_size({"width": width, "height": 1080})
        for task in ("Generate", "Enhance", "Batch", "Models"):
            tab(studio, task)
            studio.evaluate("panel => panel.scrollIntoView({ block: 'start' })")
            ending = "" if task == "Generate" else f"-{task.lower()}"
            page.screenshot(path=pictures_folder / f"studio-{name}-{width}{ending}.png")
    tab(studio, "Generate")
    parts = (
        ".mls-status [data-state]",
        ".mls-caption p",
        ".mls-steps label",
        ".mls-quiet",
        ".mls-fold-head",
        ".mls-heading",
        ".mls-tabs button",
    )
    for part in parts:
        assert contrast(studio.locator(part).first) >= 4.5, part


@pytest.mark.thorough
def test_a_narrow_page_has_one_column_with_the_picture_first(studio):
    studio.page.set_viewport_size({"width": 900, "height": 1000})
    form, canvas, right = boxes(studio, ".mls-form", ".mls-canvas", ".mls-right-column")
    assert form["y"] >= canvas["y"] + canvas["height"]
    assert right["y"] >= form["y"] + form["height"]
    assert all(box["x"] + box["width"] <= 900 for box in (form, canvas, right))


@pytest.mark.thorough
def test_with_a_little_room_the_history_stands_below_the_other_two(studio):
    studio.page.set_viewport_size({"width": 1280, "height": 1000})  # the file browser is open
    left, canvas, right = boxes(studio, ".mls-left-column", ".mls-canvas", ".mls-right-column")
    assert canvas["x"] >= left["x"] + left["width"]
    assert canvas["y"] == left["y"]
    assert right["y"] >= left["y"] + left["height"]
    assert right["width"] > left["width"] + canvas["width"]


def boxes(panel, *parts):
    """Where these parts are, once the splitters have settled."""
    panel.page.wait_for_timeout(500)
    return [panel.locator(part).first.bounding_box() for part in parts]


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
