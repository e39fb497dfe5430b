"""The studio as a newcomer meets it: JupyterLab, the notebook, a mouse and a keyboard."""

import json
import re

import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import save_file

from tests.ui.conftest import OPENED
from tests.ui.desk import (
    NOTEBOOK,
    SECONDS,
    choose_theme,
    close_drawer,
    fill_window,
    open_page,
    state,
)

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
    return panel.locator(".mls-gallery-counted p")


def wait_for_done(panel, generate="button.mls-generate"):
    """Press a button, and wait until its picture is shown."""
    caption = panel.locator(".mls-caption")
    before = caption.inner_text()
    panel.locator(generate).click()
    expect(caption).not_to_have_text(before, timeout=SECONDS, use_inner_text=True)
    expect(state(panel)).to_have_attribute("data-state", "done", timeout=SECONDS)


def field(panel, name):
    """The row of a setting in the sheets that are open."""
    return panel.locator(f".mls-form [data-name='{name}']").first


def prompt_of(panel):
    return field(panel, "prompt").locator("textarea")


def open_stage(panel, name):
    """Open the sheet of a stage that has a row."""
    panel.locator(f".mls-stage-row[data-name={name}] .mls-stage-open").click()
    expect(panel.locator(".mls-form-sheet-close")).to_be_focused()


def set_slider(panel, name, keys):
    """Move a slider by the keyboard, an exact step a key."""
    handle = field(panel, name).locator("input[type=range]")
    handle.focus()
    expect(handle).to_be_focused()
    for key in keys:
        handle.press(key)


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


@pytest.mark.thorough
def test_a_page_that_is_loaded_again_during_a_run_has_the_same_studio(fresh_studio):
    """First of all here: a kernel just begun has the fewest widgets to load again."""
    studio = fresh_studio
    page = studio.page
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    set_slider(studio, "steps", ["End"])
    open_stage(studio, "more")  # long enough for a page to load in the meantime:
    set_slider(studio, "batch_size", ["End"])
    studio.page.keyboard.press("Escape")
    studio.locator("button.mls-generate").click()
    expect(state(studio)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    page.goto(page.url.replace("reset", "again"))
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(OPENED.replace('kernel.status === "idle"', "true"), NOTEBOOK)
    panel = page.locator(".mls-studio").first
    steps = field(panel, "steps").locator("input:not([type=range])")
    expect(steps).to_have_value("150", timeout=SECONDS)
    expect(state(panel)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    panel.locator("button.mls-waiting").click()
    panel.locator("button.mls-cancel-all").click()
    expect(state(panel)).to_have_attribute("data-state", "cancelled")


@pytest.mark.thorough
def test_write_a_prompt_move_a_slider_generate_and_see_the_picture(studio):
    prompt_of(studio).fill("a green tree in the snow")
    set_slider(studio, "steps", ["ArrowRight"])
    expect(field(studio, "steps").locator("input:not([type=range])")).to_have_value("21")
    wait_for_done(studio)
    expect(studio.locator(".mls-caption")).to_contain_text("a-green-tree-in-the-snow")
    expect(studio.locator("[data-shown=picture]").first).to_be_visible()
    expect(studio.locator(".mls-caption")).to_contain_text("128 × 128")


def test_from_a_picture_through_a_mask_to_a_repainted_one(studio, pictures_folder):
    paint(studio)
    used = field(studio, "use").locator("select option:checked")
    expect(used).to_have_text("Repaint a part (inpaint)", timeout=SECONDS)
    chips = studio.locator("button.mls-chip")
    expect(chips).to_have_text(["Start picture ✕", "Mask ✕"])
    studio.page.screenshot(path=pictures_folder / "studio-mask.png")
    field(studio, "seed").locator("button").first.click()
    wait_for_done(studio)
    expect(studio.locator("[data-state=done]", has_text="Inpaint").first).to_be_visible()
    studio.locator(".mls-viewer-modes button[data-mode=compare]").click()
    expect(studio.locator(".mls-viewer-split").first).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "studio-inpaint.png")


@pytest.mark.thorough
def test_a_stage_runs_again_from_the_strip_with_its_own_inputs(studio):
    set_slider(studio, "finish", ["End"])
    wait_for_done(studio, ".mls-stage[data-name=finish] .mls-stage-again")
    expect(studio.locator(".mls-stage[data-state=cached]", has_text="Text")).to_be_visible()
    expect(studio.locator(".mls-stage[data-state=done]", has_text="Output")).to_be_visible()


@pytest.mark.thorough
def test_a_stage_is_added_set_in_its_sheet_and_told_what_is_wrong(studio, pictures_folder):
    page = studio.page
    studio.locator(".mls-stage-add").click()
    page.get_by_role("menuitem", name=re.compile("Face")).click()
    row = studio.locator(".mls-stage-row[data-name=face]")
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    open_stage(studio, "face")
    for title in ("Find", "Area", "Draw", "Model"):
        expect(studio.locator(".mls-section-head", has_text=title).last).to_be_visible()
    ids = studio.evaluate("studio => [...studio.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)), "labels would name the controls of another sheet"
    for theme in ("Light", "Dark"):
        choose_theme(page, f"JupyterLab {theme}")
        page.screenshot(path=pictures_folder / f"studio-sheet-{theme.lower()}.png")
    choose_theme(page, "JupyterLab Light")
    overlap = field(studio, "face.iou").locator("input:not([type=range])")
    overlap.fill("3")
    overlap.press("Enter")
    overlap.press("Escape")
    expect(row.locator(".mls-stage-message")).to_have_text("Must be less than or equal to 1.")
    expect(row.locator(".mls-stage-open")).to_be_focused()
    row.locator(".mls-stage-message").click()
    overlap.fill("0.4")
    overlap.press("Enter")
    overlap.press("Escape")
    expect(row.locator(".mls-stage-message")).to_be_hidden()


@pytest.mark.thorough
def test_a_click_in_the_history_looks_and_settings_are_taken_by_a_button(studio):
    prompt = prompt_of(studio)
    began_with = prompt.input_value()
    prompt.fill("a red car on the beach")
    wait_for_done(studio)
    open_page(studio, "History")
    expect(count(studio)).to_contain_text(re.compile(r"\d+ pictures"))
    shown = studio.locator(".mls-caption").inner_text()
    studio.locator("[data-at='1'] img").click()
    expect(studio.locator(".mls-caption")).not_to_have_text(shown, use_inner_text=True)
    expect(prompt).to_have_value("a red car on the beach")
    close_drawer(studio)
    studio.locator("button.mls-use-settings").click()
    studio.get_by_role("menuitem", name="All settings").click()
    expect(prompt).to_have_value(began_with)
    expect(studio.locator(".mls-notice")).to_contain_text("all settings of")
    studio.locator("button.mls-undo").click()
    expect(prompt).to_have_value("a red car on the beach")
    expect(studio.locator("button.mls-redo")).to_be_enabled()
    studio.locator("button.mls-undo").press("Control+Shift+Z")
    expect(prompt).to_have_value(began_with)


@pytest.mark.thorough
def test_two_pictures_of_the_history_are_compared_deleted_and_brought_back(studio, pictures_folder):
    page = studio.page
    prompt_of(studio).fill("a red car on the beach")
    wait_for_done(studio)
    open_page(studio, "History")
    before = count(studio).inner_text()
    studio.locator("[data-at='1'] img").click(modifiers=["ControlOrMeta"])
    tools = studio.get_by_role("toolbar", name="Selected pictures")
    tools.get_by_role("button", name="Compare").click()
    expect(studio.locator(".mls-viewer")).to_contain_text(re.compile(r"\d{5} · seed \d+"))
    page.screenshot(path=pictures_folder / "history-compared.png")
    tools.get_by_role("button", name="Delete").click()
    expect(count(studio)).not_to_have_text(before)
    expect(studio.get_by_text("2 pictures moved to the bin")).to_be_visible()
    page.screenshot(path=pictures_folder / "history-deleted.png")
    studio.get_by_role("button", name="Undo", exact=True).click()
    expect(count(studio)).to_have_text(before)
    open_page(studio, "Details")
    expect(studio.get_by_role("region", name="Settings")).to_contain_text("Checkpoint")
    page.screenshot(path=pictures_folder / "history-details.png")


@pytest.mark.thorough
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
        open_page(studio, "Models")
        studio.get_by_role("button", name="Refresh", exact=True).click()
        shelf = studio.locator(".mls-models-shelf")
        expect(shelf.get_by_role("status").first).to_have_text(re.compile("^5[0-9] models$"))
        studio.page.screenshot(path=pictures_folder / "models-many.png")
        shelf.locator(".mls-models-scroll").evaluate("list => list.scrollTo(0, 1e6)")
        for control in ("Search models", "Kind", "Family", "Sort"):
            expect(shelf.get_by_label(control, exact=True)).to_be_in_viewport(ratio=1)
        shelf.get_by_label("Search models").fill("many-07")
        expect(shelf.get_by_role("status").first).to_have_text(re.compile("^1 of 5[0-9] models$"))
    finally:
        for file in files:
            file.unlink(missing_ok=True)


@pytest.mark.thorough
def test_more_models_are_looked_for_in_the_shelfs_place(studio, pictures_folder):
    open_page(studio, "Models")
    studio.get_by_role("button", name="Find more models").click()
    search = studio.get_by_role("searchbox", name="Search for models, or paste a page's address")
    expect(search).to_be_visible(timeout=20_000)
    studio.page.screenshot(path=pictures_folder / "models-finder.png")
    studio.get_by_role("button", name="Back to the models on this machine").click()
    expect(studio.get_by_role("searchbox", name="Search models")).to_be_visible()


@pytest.mark.thorough
def test_live_shows_a_moved_slider_without_generate(studio):
    studio.locator("button.mls-live").click()
    expect(studio.locator("button.mls-live")).to_have_attribute("aria-pressed", "true")
    set_slider(studio, "finish", ["ArrowRight", "ArrowRight"])
    expect(studio.locator(".mls-caption")).to_contain_text("not saved", timeout=SECONDS)
    expect(studio.locator(".mls-stage[data-state=done]", has_text="Output")).to_be_visible()


@pytest.mark.thorough
def test_cancel_the_second_run_and_keep_the_first_picture(studio, pictures_folder):
    first = studio.locator(".mls-caption").inner_text()
    prompt_of(studio).fill("a picture that no other test has made")
    set_slider(studio, "steps", ["End"])
    expect(field(studio, "steps").locator("input:not([type=range])")).to_have_value("150")
    studio.locator("button.mls-generate").click()
    expect(state(studio)).to_have_text(re.compile(r"step \d+ of 150"), timeout=SECONDS)
    expect(studio.locator("[data-shown=preview]").first).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "studio-running.png")
    studio.locator("button.mls-cancel").click()
    expect(state(studio)).to_have_attribute("data-state", "cancelled")
    expect(studio.locator("button.mls-cancel")).to_be_disabled()
    assert studio.locator(".mls-caption").inner_text() == first
    expect(studio.locator("[data-shown=picture]").first).to_be_visible()


@pytest.mark.thorough
def test_ctrl_enter_in_the_prompt_generates(studio):
    prompt = prompt_of(studio)
    prompt.fill("a red car on the beach")
    prompt.press("Control+Enter")
    expect(studio.locator(".mls-caption")).to_contain_text(
        "a-red-car-on-the-beach", timeout=SECONDS
    )


@pytest.mark.thorough
def test_a_wrong_size_is_told_beside_it_until_it_is_mended(studio):
    width = field(studio, "size").get_by_role("spinbutton", name="Width")
    width.fill("-8")
    width.press("Tab")
    said = field(studio, "size").locator(".mls-row-message")
    expect(said).to_contain_text("Must be greater than or equal to 1.")
    studio.locator("button.mls-generate").click()
    expect(studio.locator(".mls-error")).to_be_hidden()  # it is said once
    width.fill("1024")
    width.press("Tab")
    expect(said).to_contain_text("Far from the model's 128 × 128")
    said.get_by_role("button").click()
    expect(said).to_be_empty()


def test_what_is_wrong_out_of_sight_is_brought_into_view(studio):
    page, generate = studio.page, studio.locator("button.mls-generate")
    page.set_viewport_size({"width": 1280, "height": 420})
    prompt_of(studio).fill("a <lora:nosuch:1> ball")
    studio.locator(".mls-stage-add").scroll_into_view_if_needed()
    told = field(studio, "prompt").locator(".mls-row-message")
    generate.click()
    expect(told).to_contain_text("no LoRA 'nosuch'")
    expect(told).to_be_in_viewport()
    prompt_of(studio).fill("a ball")
    expect(told).to_be_empty()
    # In a narrow window all but the prompt is folded away.
    page.set_viewport_size({"width": 600, "height": 900})
    fill_window(studio)
    width = studio.get_by_label("Width", exact=True)
    studio.locator(".mls-left-button").click()
    width.fill("99999")
    width.press("Tab")
    studio.locator(".mls-left-button").click()
    expect(width).to_be_hidden()
    generate.click()
    expect(field(studio, "size").locator(".mls-row-message")).to_be_in_viewport()
    assert generate.evaluate("one => one === document.activeElement")


@pytest.mark.thorough
def test_a_preset_is_used_undone_and_two_pictures_say_what_differs(studio, pictures_folder):
    page = studio.page
    steps = field(studio, "steps").locator("input").last
    before = steps.input_value()
    studio.get_by_role("button", name="Presets").click()
    studio.get_by_role("button", name=re.compile("^Draft")).click()
    expect(studio.get_by_text(f"{before} → 8")).to_be_visible()
    page.screenshot(path=pictures_folder / "studio-presets.png")
    studio.get_by_role("button", name="Use Draft").click()
    expect(steps).to_have_value("8")
    studio.locator("button.mls-undo").click()
    expect(steps).to_have_value(before)
    expect(studio.get_by_text(f"{before} → 8")).to_be_visible()
    prompt_of(studio).fill("a red car on the beach")
    wait_for_done(studio)
    open_page(studio, "History")
    studio.locator("[data-at='0'] img").click()
    studio.locator("[data-at='1'] img").click(modifiers=["ControlOrMeta"])
    studio.get_by_role("button", name="What differs").click()
    expect(studio.get_by_text("The first stage whose pictures differ is")).to_be_visible()
    studio.get_by_role("button", name="Check again").last.click()
    expect(studio.get_by_text("is equal in every pixel")).to_be_visible(timeout=SECONDS)
    page.screenshot(path=pictures_folder / "studio-checked.png")
