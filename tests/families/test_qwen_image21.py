"""Qwen-Image 2.1 through the stages, with the bytes of diffusers' own pipeline called by hand."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from medialab import PipelineConfig
from medialab.families.qwen_image.processor import load_processor
from medialab.loading.registry import ModelRegistry
from tests.tiny.qwen_image21 import make_pipeline, write_qwen_image21

NAME = "tiny-qwen-21"
QUICK = {
    "checkpoint": NAME,
    "prompt": "a red ball",
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
    "guidance_scale": 1.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen") / "models"
    write_qwen_image21(folder / "checkpoints" / NAME)
    return folder


@pytest.fixture(scope="module")
def plain(models):
    """diffusers' own pipeline, called by hand; its pictures have an alpha channel."""
    folder = models / "checkpoints" / NAME / "processor"
    pipeline = make_pipeline(load_processor(folder, "Qwen3VLProcessor"))
    pipeline.set_progress_bar_config(disable=True)
    # As checkpoints are laid out on a CPU: it is faster, and rounds otherwise.
    pipeline.vae.to(memory_format=torch.channels_last)

    def draw(prompt, *, seed=3, steps=2, width=64, height=64, **settings):
        generator = torch.Generator("cpu").manual_seed(seed)
        size = {"width": width, "height": height, "num_inference_steps": steps}
        return pipeline(prompt, generator=generator, **size, **settings).images[0].convert("RGB")

    return draw


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_it_draws_the_bytes_of_diffusers_with_and_without_guidance(bench, plain, scale):
    run = bench.execute(quick(negative_prompt="blue", width=96, guidance_scale=scale))
    negative = {"negative_prompt": "blue"} if scale > 1 else {}
    expected = plain("a red ball", true_cfg_scale=scale, width=96, **negative)
    assert run.image.tobytes() == expected.tobytes()


def test_an_empty_prompt_is_read_as_diffusers_reads_it(bench, plain):
    assert bench.execute(quick(prompt="")).image.tobytes() == plain("").tobytes()


def test_a_size_that_is_no_multiple_of_its_blocks_is_drawn_larger_and_cut(bench, plain):
    run = bench.execute(quick(width=72, height=96))
    whole = plain("a red ball", width=96, height=96)
    assert run.image.tobytes() == whole.crop((0, 0, 72, 96)).tobytes()


def test_previews_show_the_size_that_is_drawn(bench):
    seen = []
    end = bench.executor.listen(lambda event: seen.append(event.preview))
    bench.execute(quick(width=96))
    end()
    assert {preview.size for preview in seen if preview is not None} == {(96, 64)}


def test_a_prompt_that_changes_with_the_steps_is_the_first_one_first(bench):
    def drawn(prompt):
        return bench.execute(quick(prompt=prompt, steps=4)).image

    once, kept = drawn("a red ball"), drawn("[a red ball:a hat:9]")
    assert kept.tobytes() != drawn("[a red ball:a hat:2]").tobytes()
    # Not stored after the first step, it is rounded otherwise.
    assert np.abs(np.asarray(kept).astype(int) - np.asarray(once)).max() <= 1


def test_and_follows_the_weighted_sum_of_its_prompts(bench):
    def drawn(prompt):
        config = quick(prompt=prompt, guidance_scale=3.0)
        return np.asarray(bench.execute(config).image).astype(int)

    once, twice = drawn("a red ball"), drawn("a red ball :0.5 AND a red ball :0.5")
    assert np.abs(once - twice).max() <= 1
    assert np.abs(once - drawn("a red ball AND a hat")).max() > 1


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        ("transformer/config.json", {"num_layers": 9}, "num_layers = 9"),
        ("vae/config.json", {"in_channels": 3}, "in_channels"),
        ("text_encoder/config.json", {"text_config": {"hidden_size": 9}}, "text_config"),
        ("processor/preprocessor_config.json", None, "preprocessor_config.json"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_the_listing(
    models, tmp_path, file, changes, says
):
    folder = tmp_path / "checkpoints" / NAME
    shutil.copytree(models / "checkpoints" / NAME, folder)
    path = folder / file
    if changes is None:
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (info,) = ModelRegistry(tmp_path).models("checkpoint")
    assert says in info.refused


# Starting from a picture, which diffusers' pipelines cannot


@pytest.fixture(scope="module")
def picture():
    pixels = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype="uint8")
    return Image.fromarray(pixels)


def started(bench, picture, strength, **settings):
    size = {"width": picture.width, "height": picture.height}
    from_it = {"mode": "img2img", "image": bench.keep(picture)}
    part = {"img2img": {"denoising_strength": strength}}
    return bench.execute(quick(**{**size, **from_it, **part, "steps": 4, **settings}))


def test_at_strength_1_nothing_of_the_picture_is_left(bench, plain, picture):
    run = started(bench, picture, 1.0)
    other = started(bench, Image.new("RGB", picture.size, "teal"), 1.0)
    assert run.image.tobytes() == other.image.tobytes()
    whole = np.asarray(plain("a red ball", steps=4, width=96)).astype(int)
    assert np.abs(np.asarray(run.image).astype(int) - whole).max() <= 1


def test_the_less_strength_the_more_is_left_of_the_picture(bench, picture):
    drawn = [started(bench, picture, one).image for one in (0.25, 0.5, 0.75)]
    flat = started(bench, Image.new("RGB", picture.size, "teal"), 0.5).image
    assert len({one.tobytes() for one in [*drawn, flat]}) == 4
    steps = [
        next(one for one in run.record["stages"] if one["name"] == "img2img")["applied"]["steps"]
        for run in (started(bench, picture, 0.25), started(bench, picture, 0.5))
    ]
    assert steps == [1, 2]
