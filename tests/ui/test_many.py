"""More than one picture, and a model from the shelf, in the studio in a real JupyterLab."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import OPENED
from tests.ui.desk import NOTEBOOK, SECONDS, close_drawer, open_page, state

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def choose(studio, name):
    studio.get_by_role("button", name="More than one picture").click()
    studio.get_by_role("menuitemradio", name=name).click()


def wait_until_made(studio, count):
    pictures = studio.locator(".mls-viewer-tile img")
    expect(pictures).to_have_count(count, timeout=SECONDS)
    expect(studio.locator("button.mls-cancel")).to_be_disabled(timeout=SECONDS)
    expect(state(studio)).to_have_attribute("data-state", "done", timeout=SECONDS)


def reload(page):
    """Load the page again, with the notebook's kernel as it is."""
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.goto(page.url.replace("reset", "again"))
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(OPENED.replace('kernel.status === "idle"', "true"), NOTEBOOK)
    return page


def saved(checkout):
    """How many pictures are in the outputs folder."""
    return len(list((checkout / "outputs").glob("*-*-*/*.png")))


@pytest.mark.thorough
def test_four_seeds_fill_a_grid_and_a_click_shows_one(studio, tiny_checkout, pictures_folder):
    before = saved(tiny_checkout)
    generate = studio.locator("button.mls-generate")
    tiles = studio.locator(".mls-viewer-tile")
    choose(studio, "× 4")
    expect(generate).to_contain_text("4 pictures")
    generate.click()
    expect(tiles).to_have_count(4)
    wait_until_made(studio, 4)
    studio.page.screenshot(path=pictures_folder / "many-four.png")
    label = tiles.nth(2).inner_text()
    tiles.nth(2).click()
    expect(studio.locator(".mls-viewer")).to_have_attribute("data-mode", "view")
    expect(studio.locator(".mls-caption")).to_contain_text(label)
    studio.locator(".mls-viewer-modes button", has_text="Grid").click()
    expect(tiles.nth(3)).to_be_visible()
    assert saved(tiny_checkout) == before + 4


@pytest.mark.thorough
def test_a_sweep_is_built_stopped_resumed_after_a_reload_starred_and_exported(
    studio, tiny_checkout, pictures_folder
):
    before = saved(tiny_checkout)
    form = studio.locator(".mls-form")
    form.locator("[data-name=steps]").hover()
    form.get_by_role("button", name="Sweep: several values of Steps").click()
    values = studio.get_by_label("Setting 1: values")
    expect(values).to_have_value("10-30 [3]")
    values.fill("1, 2000")
    expect(studio.locator(".mls-many-fault").first).to_contain_text("Steps = 2000")
    values.fill("12-16 [3]")
    guidance = form.locator("[data-name=guidance_scale]")
    guidance.hover()
    guidance.get_by_role("button", name="Sweep: several values of Guidance").click()
    expect(studio.get_by_label("Setting 2: from")).to_be_focused()
    studio.get_by_label("Setting 2: values").fill("1, 4, 7")
    generate = studio.locator("button.mls-generate")
    expect(generate).to_contain_text("9 pictures")
    expect(studio.locator(".mls-many-plan")).to_contain_text("9 pictures, ")
    studio.get_by_label("Name", exact=True).fill("nine")
    studio.page.screenshot(path=pictures_folder / "batch-asked.png")
    generate.click()
    told = studio.locator(".mls-batch-told")
    expect(told).to_contain_text(re.compile(r"[1-6] of 9 made"), timeout=SECONDS)
    studio.locator("button.mls-waiting").click()
    expect(studio.locator(".mls-job")).to_have_count(1)
    expect(studio.locator(".mls-job")).to_contain_text("Batch nine")
    studio.page.screenshot(path=pictures_folder / "batch-running.png")
    studio.page.keyboard.press("Escape")
    studio.locator(".mls-batch-stop").click()
    expect(studio.get_by_role("button", name="Resume")).to_be_visible(timeout=SECONDS)

    page = reload(studio.page)
    studio = page.locator(".mls-studio").first
    expect(studio.locator(".mls-viewer-column-label")).to_have_text(
        ["Steps 12", "Steps 14", "Steps 16"], timeout=SECONDS
    )
    studio.get_by_role("button", name="Resume").click()
    wait_until_made(studio, 9)
    expect(studio.locator(".mls-batch-told")).to_have_text("9 of 9 made")
    assert saved(tiny_checkout) == before + 9

    tiles = studio.locator(".mls-viewer-tile")
    for at in (0, 4):
        tiles.nth(at).click(modifiers=["ControlOrMeta"])
    studio.get_by_role("button", name="Stars", exact=True).click()
    studio.get_by_role("menuitem", name="★★★", exact=True).click()
    expect(studio.locator(".mls-viewer-badge")).to_have_text(["★3", "★3"])
    page.screenshot(path=pictures_folder / "batch-starred.png")
    studio.get_by_role("button", name="Unmark all").click()
    with page.expect_download() as downloading:
        studio.get_by_role("button", name="Export as a file for papermill").click()
    text = downloading.value.path().read_text(encoding="utf-8")
    assert "steps: 12, 14, 16" in text
    studio.get_by_role("button", name="More than one picture").click()
    studio.get_by_role("menuitem", name="Open a batch").click()
    expect(studio.get_by_role("button", name="nine 9 of 9 made")).to_be_visible()


@pytest.mark.thorough
def test_a_lora_is_picked_from_the_shelf_and_the_focus_returns(lora, studio, pictures_folder):
    open_page(studio, "Models")
    shelf = studio.locator(".mls-models-shelf")
    shelf.get_by_role("button", name="Refresh").click()
    shelf.get_by_label("Search models").fill(lora)
    shelf.locator(".mls-model").first.click()
    expect(shelf.get_by_role("heading", name=lora)).to_be_visible()
    studio.page.screenshot(path=pictures_folder / "models-drawer.png")
    shelf.get_by_role("button", name="Add to prompt").click()
    prompt = studio.locator(".mls-prompt-text").first
    expect(prompt).to_have_value(re.compile(f", <lora:{lora}:1>$"))
    open_page(studio, "History")
    close_drawer(studio)

    add = studio.get_by_role("button", name="Add LoRA…")
    for key in ("Escape", "Enter"):
        add.click()
        search = shelf.get_by_label("Search models")
        expect(search).to_be_focused()
        search.fill(lora)
        studio.page.screenshot(path=pictures_folder / "models-pick.png")
        search.press(key)
        expect(add).to_be_focused()
        expect(shelf).to_be_hidden()  # it was closed before
    expect(studio.locator(".mls-lora-name").first).to_contain_text(lora)
    assert (
        studio.page.locator(".mls-shelf-tab[data-name=History]").first.get_attribute(
            "aria-selected"
        )
        == "true"
    )
