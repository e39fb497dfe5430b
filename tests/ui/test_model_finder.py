"""The search for models under a mouse and a keyboard, with downloads in every state."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.accessible import assert_accessible
from tests.ui.bare import BarePage
from tests.ui.test_models_shelf import OF_PAGES
from widgets.model_finder import (
    Filter,
    Found,
    FoundFile,
    FoundModel,
    FoundVersion,
    ModelFinder,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILTERS = {
    "civitai": [
        Filter("types", "Type", ("Checkpoint", "LORA", "VAE")),
        Filter("sort", "Sort by", ("Highest Rated", "Newest"), "Highest Rated"),
        Filter("username", "Creator"),
        Filter("nsfw", "Mature content too", ("true",)),
    ],
    "huggingface": [Filter("sort", "Sort by", ("trending_score", "likes"), "trending_score")],
}
FOUND = [
    Found("1", "Ink wash", "LoRA · SD 1.5 · 144 MB · 12,345 downloads", "style · ink"),
    Found("2", "A very long name of a merge of many models v12 pruned fp16", "Checkpoint · SDXL"),
]
MODEL = FoundModel(
    id="1",
    name="Ink wash",
    facts=(("Kind", "LoRA"), ("By", "ada"), ("Licence", "Credit is not needed")),
    about="Drawn with ink.",
    page="https://example.org/models/1",
    versions=(
        FoundVersion(
            "11",
            "v2",
            facts=(("Made for", "SD 1.5"),),
            words=("ink wash", "brush"),
            files=(
                FoundFile("a", "ink.safetensors", "safetensors · fp16 · 144 MB"),
                FoundFile("b", "ink.ckpt", "pickle", "it is a pickle, which can run any program"),
            ),
        ),
        FoundVersion("10", "v1", files=(FoundFile("c", "old.safetensors", "72 MB"),)),
    ),
)
DOWNLOADS = [
    ["1", "ink.safetensors", "running", 60, 144, "60 MB of 144 MB · 5 MB/s · 17 s left", ""],
    ["2", "big.safetensors", "queued", 0, -1, "Waiting", ""],
    ["3", "cut.safetensors", "failed", 3, 9, "Failed", "The connection was cut; go on later."],
    ["4", "here.safetensors", "done", 9, 9, "Done · 9 MB", ""],
]


@pytest.fixture(scope="module")
def finder():
    return ModelFinder([("civitai", "CivitAI"), ("huggingface", "Hugging Face")], FILTERS)


@pytest.fixture(scope="module")
def bare(browser, finder):
    html = '<div id="widget" style="width: 268px; --mls-models-height: 700px"></div>'
    with BarePage(browser, finder, html=html, size=(300, 764), theme="light") as page:
        yield page


def look(bare, name):
    assert_accessible(bare.page, without=OF_PAGES)
    if folder := os.environ.get("UI_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        bare.page.screenshot(path=f"{folder}/finder-{name}.png")


def sent(bare):
    bare.page.wait_for_function("window.idle()")
    found = [one["content"] for one in bare.sent if one["method"] == "custom"]
    bare.sent.clear()
    return found


def test_nothing_is_asked_before_enter_and_then_with_the_filters(bare, finder):
    page = bare.page
    page.get_by_label("Type").select_option("LORA")
    page.get_by_role("searchbox").fill("ink")
    page.get_by_text("More filters").click()
    page.get_by_label("Creator").fill("ada")
    assert sent(bare) == []
    page.get_by_role("searchbox").press("Enter")
    asked = {"kind": "search", "text": "ink", "filters": {"types": "LORA", "username": "ada"}}
    assert sent(bare) == [asked]
    page.get_by_label("Where to search").select_option("huggingface")
    expect(page.get_by_label("Type")).to_have_count(0)
    page.get_by_label("Where to search").select_option("civitai")
    sent(bare)
    assert finder.source == "civitai"


def test_a_model_opens_and_escape_goes_back_to_it(bare, finder):
    page = bare.page
    finder.show_found(FOUND, more=True)
    bare.pump()
    look(bare, "found")
    row = page.get_by_role("button", name="Ink wash")
    row.focus()
    row.press("Enter")
    assert sent(bare) == [{"kind": "open", "id": "1"}]
    finder.show_model(MODEL)
    bare.pump()
    expect(page.get_by_role("heading", name="Ink wash")).to_be_visible()
    look(bare, "model")
    expect(page.get_by_role("link", name="Its page")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    expect(page.get_by_text("it is a pickle")).to_be_visible()
    page.get_by_role("button", name="Download ink.safetensors").click()
    page.get_by_label("Version").select_option("v1")
    page.get_by_role("button", name="Download old.safetensors").click()
    assert sent(bare) == [
        {"kind": "download", "version": "11", "file": "a"},
        {"kind": "download", "version": "10", "file": "c"},
    ]
    page.keyboard.press("Escape")
    assert sent(bare) == [{"kind": "open", "id": ""}]
    finder.show_model(None)
    bare.pump()
    expect(row).to_be_focused()


def test_each_download_tells_how_far_it_is_and_what_can_be_done(bare, finder):
    page = bare.page
    finder.downloads = DOWNLOADS
    bare.pump()
    expect(page.get_by_role("heading", name="Downloads (2 left)")).to_be_visible()
    bar = page.get_by_role("progressbar", name="Progress of ink.safetensors")
    expect(bar).to_have_attribute("value", "60")
    expect(page.get_by_text("The connection was cut")).to_be_visible()
    look(bare, "downloads")
    for name in ("Stop ink.safetensors", "Resume cut.safetensors", "Discard cut.safetensors"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Clear").click()
    assert [(one["kind"], one.get("id")) for one in sent(bare)] == [
        ("cancel", "1"),
        ("resume", "3"),
        ("discard", "3"),
        ("forget", None),
    ]
    finder.downloads = []
    bare.pump()
    expect(bar).to_have_count(0)


def test_what_is_waited_for_and_what_went_wrong_is_said(bare, finder):
    finder.busy = "Asking CivitAI…"
    bare.pump()
    expect(bare.page.get_by_role("status")).to_have_text("Asking CivitAI…")
    expect(bare.page.get_by_role("button", name="Search", exact=True)).to_be_disabled()
    finder.busy = ""
    finder.told = "CivitAI gives this only to those who sign in."
    bare.pump()
    said, search = (
        bare.page.get_by_role("status"),
        bare.page.get_by_role("button", name="Search", exact=True),
    )
    expect(said).to_have_text(finder.told)
    finder.found = []
    bare.pump()
    filters = bare.page.locator(".mls-finder-filters")
    assert filters.evaluate("one => one.scrollHeight <= one.clientHeight")
    # Below the search and its filters, not at the end of an empty column.
    assert said.bounding_box()["y"] - search.bounding_box()["y"] < 200
    finder.told = ""
    bare.pump()
