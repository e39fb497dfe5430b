"""Edits by an instruction with Qwen-Image 2.1, with the bytes of diffusers called by hand."""

import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage21 import pipeline_qwenimage21 as theirs
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.families.qwen_image21 import editing
from tests.tiny.qwen_image21 import write_qwen_image21

NAME = "tiny-qwen-21"
SMALL = 96 * 96  # pixels, in place of 1024 × 1024


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen") / "models"
    write_qwen_image21(folder / "checkpoints" / NAME)
    return folder


@pytest.fixture
def bench(models, tmp_path, monkeypatch):
    """A workbench, where pictures are read at a smaller size, by diffusers too."""
    plain = theirs.calculate_dimensions
    monkeypatch.setattr(theirs, "calculate_dimensions", lambda _area, ratio: plain(SMALL, ratio))
    monkeypatch.setattr(editing, "SEEN_AREA", SMALL)
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


def picture(seed, width=64, height=96):
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), "uint8")
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def quick(bench, *pictures, scale=1.0, **settings):
    image, *others = map(bench.keep, pictures)
    return PipelineConfig.parse(
        {
            "checkpoint": NAME,
            "prompt": "a red hat",
            "mode": "instruct",
            "image": image,
            "instruct": {"references": others},
            "sampler": "Euler",
            "steps": 2,
            "seed": 3,
            "guidance_scale": scale,
            **settings,
        }
    )


@pytest.mark.parametrize(
    ("count", "scale"),
    [
        (1, 1.0),
        (2, 3.0),
        pytest.param(1, 3.0, marks=pytest.mark.thorough),
        pytest.param(2, 1.0, marks=pytest.mark.thorough),
    ],
)
def test_an_edit_by_one_picture_or_several_is_that_of_diffusers(bench, pipeline, scale, count):
    pictures = [picture(1), picture(2, 80, 48)][:count]
    config = quick(bench, *pictures, scale=scale, negative_prompt="blue table")
    run = bench.execute(config, save=False)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.to(memory_format=torch.channels_last)
    expected = pipeline(
        "a red hat",
        image=pictures,
        true_cfg_scale=scale,
        **({"negative_prompt": "blue table"} if scale > 1 else {}),
        width=64,
        height=96,
        num_inference_steps=2,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]
    assert run.image.tobytes() == expected.convert("RGB").tobytes()


def test_an_instruction_that_changes_with_the_steps_is_followed(bench):
    def drawn(prompt):
        config = quick(bench, picture(1), prompt=prompt, steps=4)
        return bench.execute(config, save=False).image

    kept = drawn("[a red hat:a ball:9]")
    once = np.asarray(drawn("a red hat")).astype(int)
    assert np.abs(np.asarray(kept).astype(int) - once).max() <= 1
    assert drawn("[a red hat:a ball:2]").tobytes() != kept.tobytes()


def test_marks_of_pictures_stand_before_the_instruction_in_order():
    assert editing.places([]) == ""
    first, second = editing.places([picture(1), picture(2)]).split(" ")
    assert first.startswith("<image1><|vision_start|>")
    assert second.startswith("<image2><|vision_start|>")
