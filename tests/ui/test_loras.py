"""LoRAs as a person uses them: two chosen by search, a slider moved, what the record says."""

import json

import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import save_file

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 120_000  # milliseconds: the first picture imports torch on a busy machine
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


@pytest.fixture
def panel(loras, open_notebook):
    page = open_notebook("notebooks/studio.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    found = page.locator(".mls-studio").first
    expect(state(found)).to_have_attribute("data-state", "done", timeout=SECONDS)
    picker = found.locator(".mls-lora-picker").first
    fold = found.locator(".mls-fold-loras-section .mls-fold-head").first
    if fold.count() and not picker.is_visible():
        fold.click()
    picker.scroll_into_view_if_needed()
    yield found
    said = page.evaluate("window.kernelSaid")
    assert said == [], "".join(said)


def state(panel):
    return panel.locator(".mls-status [data-state]")


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


def test_choose_two_move_a_slider_generate_and_the_record_names_what_was_applied(
    panel, tiny_checkout, pictures_folder
):
    caption = panel.locator(".mls-caption")
    first = caption.inner_text()
    choose(panel, "ui-ink")
    row = choose(panel, "ui-gold")
    handle = row.locator(".noUi-handle")
    handle.focus()
    for _ in range(6):
        handle.press("ArrowLeft")
    expect(row.locator(".widget-readout")).to_have_text("0.70")
    panel.locator(".mls-lora-word", has_text="ink wash").first.click()
    refused = panel.locator(".mls-lora-picker").first.locator(".mls-refused")
    refused.locator("summary").click()
    expect(refused).to_contain_text("ui-broken.safetensors")
    expect(refused).to_contain_text("not a safetensors file")
    panel.page.screenshot(path=pictures_folder / "loras-chosen.png")
    panel.locator("button.mls-generate").click()
    expect(caption).not_to_have_text(first, timeout=SECONDS, use_inner_text=True)
    expect(state(panel)).to_have_attribute("data-state", "done", timeout=SECONDS)
    sidecar = newest_sidecar(tiny_checkout)
    applied = {stage["name"]: stage["applied"] for stage in sidecar["record"]["stages"]}
    assert [one["name"] for one in applied["txt2img"]["loras"]] == ["ui-ink", "ui-gold"]
    assert all(one["matched"] == 1 for one in applied["txt2img"]["loras"])
    asked = {one["name"]: one["weight"] for one in sidecar["config"]["loras"]}
    assert asked == {"ui-ink": 1.0, "ui-gold": 0.7}
    assert sidecar["config"]["prompt"].endswith("ink wash")
