"""The pictures of docs/studio.md, taken from the real studio: `make screenshots`.

No test: what it walks through is tested in test_studio.py. It wants the shipped models.
"""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.ui.desk import SECONDS, choose_theme, fill_window, open_page
from tests.ui.test_many import choose, wait_until_made
from tests.ui.test_studio import field, open_stage, prompt_of, wait_for_done

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
PERSON = "full body, a smiling person with long blond hair in a blue shirt, in a meadow"
FACE = "a close-up of the face of a smiling person with long blond hair, in a meadow"
HAND = "a close-up of an open hand, in a meadow"
DETAILERS = {
    "body": ("Body", "", "0.4"),
    "face": ("Face", FACE, "0.8"),
    "hand": ("Hand", HAND, "0.6"),
}
PORTRAIT = "a close-up of the face of a smiling person with long red hair in a meadow"
CAR = ("a red car on the beach", 5)
# Pictures for the history, with seeds that look well.
EARLIER = (
    ("a close-up of the face of a surprised person with short black hair, at night", 2),
    CAR,
    ("a green tree in the snow", 2),
    ("a close-up of the face of a calm person with long blond hair, in a room", 5),
    (PORTRAIT, 7),
)


@pytest.fixture
def take(studio):
    """Takes a picture of the studio in a filled window."""
    page = studio.page
    FOLDER.mkdir(parents=True, exist_ok=True)
    resize(studio, 1400)
    fill_window(studio)

    def take_it(name):
        close = studio.locator(".mls-notice").get_by_role("button", name="Close this message")
        if close.is_visible():
            close.click()
        page.wait_for_timeout(800)  # thumbnails, folds, tooltips
        save_small(page.screenshot(), FOLDER / f"{name}.png")

    return take_it


def save_small(screenshot, path):
    """Save a picture in few colours."""
    shot = Image.open(BytesIO(screenshot)).convert("RGB")
    palette = shot.quantize(160, method=Image.Quantize.FASTOCTREE)
    shot.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def resize(studio, width, height=800):
    studio.page.set_viewport_size({"width": width, "height": height})


def ask(studio, prompt, seed):
    prompt_of(studio).fill(prompt)
    box = field(studio, "seed").locator("input").first
    box.fill(str(seed))
    box.press("Tab")


def make(studio, prompt, seed):
    """Make a picture, and leave its seed in the form."""
    ask(studio, prompt, seed)
    wait_for_done(studio)


def add_stage(studio, title):
    studio.locator(".mls-stage-add").click()
    studio.page.get_by_role("menuitem", name=re.compile(title)).click()


def show(studio, mode):
    studio.locator(f".mls-viewer-modes button[data-mode={mode}]").click()


def set_text(studio, name, text):
    """Fill in a setting of the open sheet."""
    box = field(studio, name).locator("textarea, input:not([type=range])").first
    box.fill(text)
    box.press("Tab")


def close_sheet(studio):
    studio.locator(".mls-form-sheet-close").click()


def draw_lasso(studio, points):
    """Draw a mask around a part, by points as shares of the picture."""
    show(studio, "mask")
    studio.page.keyboard.press("l")
    box = studio.locator(".mls-viewer-canvas").bounding_box()
    side = min(box["width"], box["height"]) - 32
    left, top = (box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2)
    mouse = studio.page.mouse
    for number, (x, y) in enumerate([*points, points[0]]):
        mouse.move(left + side * x, top + side * y, steps=4)
        if number == 0:
            mouse.down()
    mouse.up()
    mouse.move(2, 2)


def test_the_room_and_the_stages(studio, take):
    for prompt, seed in EARLIER:
        make(studio, prompt, seed)
    take("../studio")
    prompt = prompt_of(studio)
    prompt.fill("")
    prompt.press_sequentially("a portrait of a smiling person with __pap")
    expect(studio.page.locator(".mls-completions, [role=listbox]").first).to_be_visible()
    take("prompt")
    prompt.press("Escape")

    make(studio, PERSON, 5)
    for name, (title, words, strength) in DETAILERS.items():
        add_stage(studio, title)
        open_stage(studio, name)
        set_text(studio, f"{name}.crop_factor", "1.4")
        if words:
            set_text(studio, f"{name}.prompt", words)
        close_sheet(studio)
        set_text(studio, f"{name}.denoising_strength", strength)  # in the stage's row
    wait_for_done(studio)
    show(studio, "compare")
    take("stages")
    show(studio, "boxes")
    studio.get_by_label("Boxes of").select_option(label="Face · 1")
    open_stage(studio, "face")
    take("boxes")
    close_sheet(studio)


def test_a_part_masked_by_the_lasso(studio, take):
    make(studio, PERSON, 5)
    trousers = [(0.45, 0.66), (0.7, 0.66), (0.74, 0.97), (0.4, 0.97)]
    draw_lasso(studio, trousers)
    used = field(studio, "use").locator("select option:checked")
    expect(used).to_have_text("Repaint a part (inpaint)", timeout=SECONDS)
    take("mask")


def test_a_picture_edited_in_words(studio, take):
    ask(studio, PORTRAIT, 7)
    set_text(studio, "steps", "30")
    wait_for_done(studio)
    studio.get_by_role("button", name="This picture", exact=True).click()
    field(studio, "use").locator("select").select_option(label="Edit in words")
    field(studio, "checkpoint").locator("select").first.select_option(label="paperdoll-edit")
    prompt_of(studio).fill("make the hair blond")
    wait_for_done(studio)
    show(studio, "compare")
    take("words")


def test_many_and_the_shelf(studio, take):
    page = studio.page
    ask(studio, *CAR)
    choose(studio, "Sweep")
    studio.get_by_label("Setting 1", exact=True).select_option(label="Steps")
    studio.get_by_label("Setting 1: values").fill("8, 12, 20")
    studio.get_by_role("button", name="+ Setting").click()
    studio.get_by_label("Setting 2", exact=True).select_option(label="Guidance")
    studio.get_by_label("Setting 2: values").fill("2, 6")
    studio.locator("button.mls-generate").click()
    wait_until_made(studio, 6)
    take("sweep")
    studio.get_by_role("button", name="Back to one picture").click()

    open_page(studio, "History")
    studio.locator("[data-at='0'] img").click()
    studio.locator("[data-at='5'] img").click(modifiers=["Control"])
    open_page(studio, "Details")
    studio.get_by_role("button", name="Two differ").click()
    take("details")

    studio.get_by_role("button", name="Add LoRA…").click()
    take("loras")
    page.keyboard.press("Escape")
    open_page(studio, "History")
    choose_theme(page, "JupyterLab Dark")
    take("dark")
    choose_theme(page, "JupyterLab Light")
    resize(studio, 420, 800)
    take("narrow")


def test_how_long_a_moved_slider_takes(studio, take):
    """Prints the seconds from a key on the hand's strength to the new picture, Live on."""
    del take  # for its size of the page
    ask(studio, PERSON, 5)
    add_stage(studio, "Hand")
    studio.locator("button.mls-live").click()
    expect(studio.locator(".mls-caption")).to_contain_text("not saved", timeout=SECONDS)
    handle = studio.locator(".mls-stage-row[data-name=hand] input[type=range]").first
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


def test_the_models(studio, take):
    make(studio, *CAR)
    open_page(studio, "Models")
    shelf = studio.locator(".mls-models-shelf")
    shelf.locator('.mls-model[data-id="loras/pencil-sketch.safetensors"]').click()
    take("model")
    shelf.get_by_role("button", name="Back to the list").click()
    studio.get_by_role("button", name="Find more models").click()
    expect(studio.locator(".mls-finder")).to_be_visible(timeout=SECONDS)
    take("finder")
