"""Guidance in a part of the steps, in every stage and with all that a denoising may have."""

import pytest
from PIL import Image, ImageDraw

from medialab import PipelineConfig, Workbench
from medialab.process.installation import base_folder
from tests.records import applied

BASE = PipelineConfig(
    prompt="a red car",
    negative_prompt="blue",
    guidance_scale=4.0,
    steps=2,
    width=64,
    height=64,
    seed=7,
)
HIRES = {"enabled": True, "scale": 1.5, "upscaler": "lanczos", "denoising_strength": 0.9}
TILES = {"enabled": True, "scale": 2.0, "upscaler": "lanczos", "denoising_strength": 0.9}
CASES = {
    "alone": {},
    "an AND": {"prompt": "a red car :0.7 AND a hat :0.4"},
    "two calls a step": {"sampler": "Heun", "steps": 3},
    "the hires fix": {"refiner": HIRES},
    "a detailer": {"face": {"enabled": True, "detector": "centre", "guide_size": 64, "steps": 2}},
    "tiles": {"upscaler": TILES | {"diffusion_tile": 64, "diffusion_overlap": 16}},
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(base_folder() / "models", outputs, device="cpu") as workbench:
        yield workbench


@pytest.mark.thorough
@pytest.mark.parametrize("case", [*CASES, "a ControlNet"])
def test_without_a_guided_step_it_is_guidance_1(bench, case):
    config = BASE.changed(**CASES.get(case, {}))
    if case == "a ControlNet":
        edges = Image.new("RGB", (64, 64))
        ImageDraw.Draw(edges).ellipse((16, 16, 48, 48), outline="white")
        unit = {"model": "paperdoll-canny", "image": bench.keep(edges)}
        config = config.changed(control=[unit])
    never = bench.execute(config.changed(guidance_end=0.0), save=False)
    alone = bench.execute(config.changed(guidance_scale=1.0), save=False)
    whole = bench.execute(config, save=False)
    assert never.image.tobytes() == alone.image.tobytes() != whole.image.tobytes()
    assert applied(never, "txt2img")["guided_steps"] == []
    assert "guided_steps" not in applied(whole, "txt2img")


def test_a_controlnet_computes_the_prompts_row_alone_too(bench, monkeypatch):
    from diffusers import ControlNetModel

    rows, forward = [], ControlNetModel.forward
    monkeypatch.setattr(
        ControlNetModel,
        "forward",
        lambda net, sample, *a, **o: rows.append(len(sample)) or forward(net, sample, *a, **o),
    )
    unit = {"model": "paperdoll-canny", "image": bench.keep(Image.new("RGB", (64, 64), "white"))}
    config = BASE.changed(control=[unit], steps=4, guidance_start=0.25, guidance_end=0.75, seed=8)
    run = bench.execute(config, save=False)
    assert rows == [1, 1, 2, 1]
    assert applied(run, "txt2img")["guided_steps"] == [3, 3]


def test_a_stage_has_its_own_part_or_inherits_it_and_its_infotext_tells(bench):
    config = BASE.changed(guidance_start=0.5, refiner=HIRES | {"guidance_start": 0.0, "steps": 2})
    run = bench.execute(config)
    assert applied(run, "txt2img")["guided_steps"] == []  # as A1111: the step at 0.5 is skipped
    assert "guided_steps" not in applied(run, "refiner")
    text = Image.open(run.artifact.path).text["parameters"]
    assert "Skip Early CFG: 0.5" in text
    assert bench.artifacts.load(run.artifact.path) == run.config
    told = bench.read_settings(text)
    assert told.config.guidance_start == 0.5
    assert told.config.refiner.guidance_start == 0.0
    inherited = bench.execute(BASE.changed(guidance_start=0.5, refiner=HIRES), save=False)
    assert applied(inherited, "refiner")["guided_steps"] == []


def test_the_key_of_a_result_has_it(bench):
    bench.execute(BASE, save=False)
    told = {one.stage: one for one in bench.explain(BASE.changed(guidance_end=0.5))}
    assert "guidance_end: 1.0 → 0.5" in told["txt2img"].reason
