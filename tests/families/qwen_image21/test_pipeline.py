"""Qwen-Image 2.1 from a picture: diffusers' own steps from a later one on."""

import pytest
import torch
from PIL import Image

from medialab.families.qwen_image21.pipeline import (
    QwenImage21Img2ImgPipeline,
    QwenImage21StepsPipeline,
)


@pytest.fixture
def draw(pipeline):
    starts = QwenImage21Img2ImgPipeline(**pipeline.components)
    for one in (pipeline, starts):
        one.set_progress_bar_config(disable=True)

    def latents(image, strength, steps=4):
        size = {"width": 64, "height": 64, "num_inference_steps": steps}
        generator = torch.Generator("cpu").manual_seed(3)
        told = size | {"generator": generator, "output_type": "latent", "prompt": "a ball"}
        if image is None:
            return pipeline(**told).images
        return starts(image=image, strength=strength, **told).images

    return latents


def test_at_strength_1_it_is_text_to_image(draw):
    torch.testing.assert_close(draw(Image.new("RGB", (64, 64), "red"), 1.0), draw(None, 0))


def test_with_few_steps_most_of_the_pictures_latents_stay(draw):
    start = torch.full((1, 64, 4, 4), 2.0)
    tokens = start.flatten(2).transpose(1, 2)
    far = [(draw(start, strength) - tokens).abs().mean() for strength in (0.25, 0.5, 1.0)]
    assert far[0] < far[1] < far[2]


def test_the_scheduler_is_as_before_afterwards(draw, pipeline):
    before = set(vars(pipeline.scheduler))
    draw(torch.zeros(1, 64, 4, 4), 0.5)
    assert set(vars(pipeline.scheduler)) == before
    assert len(pipeline.scheduler.timesteps) == 2


def test_a_folders_own_noise_levels_count_for_as_many_steps_and_no_others(pipeline):
    own = QwenImage21StepsPipeline(**pipeline.components, sample_sigmas=[1.0, 0.6])
    own.set_progress_bar_config(disable=True)
    drawn = {}
    for one in (own, pipeline):
        for steps in (2, 3):
            drawn[one is own, steps] = one(
                prompt="a ball",
                width=64,
                height=64,
                num_inference_steps=steps,
                generator=torch.Generator("cpu").manual_seed(3),
                output_type="latent",
            ).images
            assert one.num_timesteps == steps
    assert torch.equal(drawn[True, 3], drawn[False, 3])
    assert not torch.equal(drawn[True, 2], drawn[False, 2])
