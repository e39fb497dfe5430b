"""The pictures of docs/studio.md, taken from the real studio: `make screenshots`.

No test: what it walks through is tested in test_studio.py. It wants the shipped models.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.desk import SECONDS, choose_theme
from tests.ui.test_studio import open_fold, tab, wait_for_done

# Milliseconds until the next run has begun and ended, by the page's own clock.
UNTIL_DONE = """() => { window.untilDone = new Promise((tell) => {
  const began = performance.now();
  let ran = false;
  const look = () => {
    const state = document.querySelector(".mls-studio .mls-status [data-state]")?.dataset.state;
    ran ||= state === "running";
    const took = performance.now() - began;
    if ((ran && state === "done") || took > 20_000) tell(took);
    else requestAnimationFrame(look);
  };
  look();
}); }"""
FOLDER = Path("docs/tour")
PERSON = (
    "a full body picture of a smiling person with long blond hair, wearing a green shirt and blue "
    "trousers, waving, in a meadow"
)


@pytest.fixture
def take(studio):
    """Takes a picture of the panel alone, as wide as a laptop's screen has room for."""
    page = studio.page
    page.set_viewport_size({"width": 1400, "height": 900})
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    FOLDER.mkdir(parents=True, exist_ok=True)

    studio.evaluate("panel => panel.scrollIntoView({ block: 'start' })")

    def take_it(name):
        page.mouse.move(2, 2)
        page.wait_for_timeout(800)  # thumbnails and folds
        studio.screenshot(path=FOLDER / f"{name}.png")

    return take_it


def ask(studio, prompt, seed):
    studio.locator(".mls-prompt textarea").fill(prompt)
    box = studio.locator(".mls-seed input").first
    box.fill(str(seed))
    box.press("Tab")


def switch(studio, stage):
    studio.locator(f".mls-fold-{stage} > .mls-fold-line input[type=checkbox]").first.check()


def show(studio, mode):
    studio.locator(f".mls-viewer-modes button[data-mode={mode}]").click()


def scroll_to(studio, fold):
    """Bring a fold to the top of the form."""
    studio.locator(f".mls-fold-{fold}").first.evaluate(
        "fold => fold.scrollIntoView({ block: 'start' })"
    )


def test_generate_and_repair(studio, take):
    ask(studio, "a portrait of a surprised person with short red hair, at night", 3)
    wait_for_done(studio)
    ask(studio, "a red car on the beach", 5)
    wait_for_done(studio)
    ask(studio, PERSON, 11)
    wait_for_done(studio)
    prompt = studio.locator(".mls-prompt textarea")
    prompt.fill("")
    prompt.press_sequentially("a portrait of a smiling person with __pap")
    expect(studio.page.locator(".mls-completions, [role=listbox]").first).to_be_visible()
    take("prompt")
    prompt.press("Escape")
    prompt.fill(PERSON)
    switch(studio, "face")
    switch(studio, "hand")
    wait_for_done(studio)
    scroll_to(studio, "face")
    show(studio, "compare")
    take("detailers")
    show(studio, "boxes")
    studio.locator(".mls-viewer").get_by_text("1 face").last.click()
    take("boxes")


def brush_over(studio, top, bottom):
    """Paint all of the picture between two heights, as shares of it."""
    show(studio, "mask")
    box = studio.locator(".mls-viewer-canvas").bounding_box()
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    mouse = studio.page.mouse
    for row in range(5):
        y = box["y"] + side * (top + (bottom - top) * row / 4)
        mouse.move(left + side * 0.3, y)
        mouse.down()
        mouse.move(left + side * 0.7, y, steps=6)
        mouse.up()


def test_enhance_by_mask_and_in_words(studio, take):
    ask(studio, "a portrait of a calm person with long blond hair in a purple shirt, in a room", 4)
    wait_for_done(studio)
    brush_over(studio, 0.65, 0.95)
    expect(studio.locator(".mls-mode select")).to_have_value("Inpaint", timeout=SECONDS)
    scroll_to(studio, "inpaint")
    take("mask")
    show(studio, "view")
    tab(studio, "Enhance")
    studio.locator(".mls-mode select").select_option(label="Edit in words")
    studio.locator(".mls-checkpoint select").first.select_option(label="paperdoll-edit")
    studio.locator(".mls-prompt textarea").fill("make the shirt red")
    wait_for_done(studio)
    show(studio, "compare")
    take("words")


def test_batch_models_and_the_dark(studio, take):
    tab(studio, "Batch")
    studio.locator(".mls-batch-prompts textarea").fill(
        'a green tree in the snow\n--prompt "a red car in a meadow" --steps 30\n'
        "a close-up of the face of a smiling person with long red hair"
    )
    count = studio.locator(".mls-batch-count input")
    count.fill("4")
    count.press("Tab")
    expect(studio.locator(".mls-batch")).to_contain_text("12 pictures")
    studio.locator("button.mls-queue-batch").click()
    expect(studio.locator(".mls-gallery-foot")).to_contain_text(re.compile(r"[4-9] pictures"))
    take("batch")
    expect(studio.locator(".mls-queue")).to_contain_text("Nothing waits", timeout=SECONDS)
    tab(studio, "Models")
    take("models")
    tab(studio, "Generate")
    studio.page.wait_for_timeout(800)
    studio.page.screenshot(path=FOLDER.parent / "studio.png")
    choose_theme(studio.page, "JupyterLab Dark")
    open_fold(studio, "loras-section")
    scroll_to(studio, "sampling")
    take("dark")


def test_how_long_a_moved_slider_takes(studio, take):
    """Prints the seconds from a key on the hand's strength to the new picture, Live on."""
    del take  # for its size of the page
    ask(studio, PERSON, 11)
    switch(studio, "hand")
    studio.locator("button.mls-live").click()
    expect(studio.locator(".mls-caption")).to_contain_text("not saved", timeout=SECONDS)
    handle = studio.locator(".mls-fold-hand .mls-denoising-strength .noUi-handle").first
    handle.focus()
    took = []
    for key in ["Home"] + ["ArrowRight"] * 6:  # no value twice: the cache would have it
        studio.page.wait_for_timeout(500)
        studio.page.evaluate(UNTIL_DONE)
        handle.press(key)
        took.append(studio.page.evaluate("window.untilDone"))
    print(f"\nfrom the key to the picture: {sorted(took)[3] / 1000:.2f} s (median of 7)")  # noqa: T201
    assert studio.locator(".mls-stage[data-state=done]").all_inner_texts() != []
    assert studio.locator(".mls-stage[data-state=cached]", has_text="Text to image").is_visible()
