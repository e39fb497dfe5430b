"""Noise over a picture lies on the line from the picture to the noise."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImageImg2ImgPipeline
from diffusers.pipelines.z_image.pipeline_z_image_img2img import retrieve_timesteps

from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.schedulers import FlowSchedulers
from medialab.settings.steps import Plan

PICTURE, NOISE = torch.full((1, 2, 2, 2), 3.0), torch.full((1, 2, 2, 2), -1.0)


@pytest.fixture
def scheduler():
    made = FlowMatchEulerDiscreteScheduler(shift=3.0)
    made.set_timesteps(4)
    made.set_begin_index(1)
    return made


def test_a_picture_is_noised_as_the_scheduler_does_in_the_noises_dtype(scheduler):
    sigma = float(scheduler.sigmas[1])
    found = FLOW_NOISE.noised(scheduler, PICTURE.half(), NOISE, scheduler.timesteps[1:2])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, sigma * NOISE + (1 - sigma) * PICTURE)


def test_after_a_step_it_is_noised_for_the_step_that_follows(scheduler):
    scheduler.step(NOISE, scheduler.timesteps[1], PICTURE)
    sigma = float(scheduler.sigmas[2])
    found = FLOW_NOISE.noised(scheduler, PICTURE, NOISE, scheduler.timesteps[2:3])
    torch.testing.assert_close(found, sigma * NOISE + (1 - sigma) * PICTURE)


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DPM++ 2M"])
def test_diffusers_pipelines_run_just_the_planned_steps(sampler):
    even = np.linspace(1.0, 0.05, 20)
    for run in range(1, 21):
        plan = Plan(20, run)
        made = FlowSchedulers().make(sampler, "automatic", {}, steps=plan, seed=0)
        timesteps, count = retrieve_timesteps(made, 20, "cpu", sigmas=even)
        part, _ = ZImageImg2ImgPipeline.get_timesteps(
            SimpleNamespace(scheduler=made), count, FLOW_NOISE.strength(plan), "cpu"
        )
        assert torch.equal(part, timesteps)
        assert len(part) == (2 * run - 1 if made.order == 2 else run)
        assert made.begin_index == 0


def test_text_to_image_starts_from_the_noise_itself(scheduler):
    assert torch.equal(FLOW_NOISE.alone(scheduler, NOISE), NOISE)


def test_the_first_noise_is_replaced_once_and_the_scheduler_is_as_it_was(scheduler):
    at = scheduler.timesteps[1:2]
    plain = scheduler.scale_noise(PICTURE, at, NOISE)
    seen = []

    def first(noise, over):
        seen.append(noise)
        return over(noise) + 1

    FLOW_NOISE.begin_with(scheduler, first)
    assert torch.equal(scheduler.scale_noise(PICTURE, at, NOISE), plain + 1)
    assert torch.equal(seen[0], NOISE)
    assert torch.equal(scheduler.scale_noise(PICTURE, at, NOISE), plain)
    assert "scale_noise" not in vars(scheduler)
