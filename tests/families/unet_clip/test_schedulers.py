"""Noise by a table of betas: which samplers run, and how it comes over a picture."""

import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler

from medialab.errors import ConfigError
from medialab.families.unet_clip.schedulers import ADDED_NOISE, BETAS
from medialab.settings.samplers import SAMPLERS
from medialab.settings.steps import Plan

LATENTS, NOISE = torch.full((1, 4, 2, 2), 3.0), torch.ones(1, 4, 2, 2)


@pytest.fixture
def scheduler():
    made = EulerDiscreteScheduler()
    made.set_timesteps(4)
    return made


def test_a_sampler_comes_with_the_checkpoints_own_table():
    trained = {"beta_start": 0.001, "beta_end": 0.02, "prediction_type": "v_prediction"}
    made = BETAS.make("Euler", "automatic", trained, steps=Plan(4, 4), seed=0)
    assert isinstance(made, EulerDiscreteScheduler)
    assert {name: made.config[name] for name in trained} == trained
    assert BETAS.predicts(made.config) == "v_prediction"


def test_a_config_that_says_nothing_predicts_the_noise():
    assert BETAS.predicts({}) == "epsilon"


def test_a_checkpoint_that_matches_flows_runs_with_no_sampler_here():
    BETAS.check("Euler", "automatic", "epsilon", zero_terminal_snr=False)
    with pytest.raises(ConfigError, match="flow"):
        BETAS.check("Euler", "automatic", "flow_prediction", zero_terminal_snr=False)


def test_its_menu_is_the_table_and_a_pipeline_gets_the_strength_that_runs_the_plan():
    assert {name: list(one) for name, one in BETAS.menu().items()} == {
        name: ["automatic", *one.schedules] for name, one in SAMPLERS.items()
    }
    plan = BETAS.planned("Euler", "simple", 20, 0.33, exact=False)
    assert plan == (20, 6)
    assert int(20 * ADDED_NOISE.strength(plan)) == 6
    assert not BETAS.notes("Euler a")


def test_text_to_image_begins_with_noise_of_the_schedulers_size(scheduler):
    expected = NOISE * scheduler.init_noise_sigma
    assert torch.equal(ADDED_NOISE.alone(scheduler, NOISE), expected)
    assert torch.equal(ADDED_NOISE.alone(DDIMScheduler(), NOISE), NOISE)


def test_the_first_noise_over_a_picture_is_replaced_once(scheduler):
    at = scheduler.timesteps[1:2]
    plain = scheduler.add_noise(LATENTS, NOISE, at)
    seen = []

    def twice(noise, over):
        seen.append(noise)
        return over(2 * noise)

    ADDED_NOISE.begin_with(scheduler, twice)
    first = ADDED_NOISE.noised(scheduler, LATENTS, NOISE, at)
    torch.testing.assert_close(first - LATENTS, 2 * (plain - LATENTS))
    assert torch.equal(ADDED_NOISE.noised(scheduler, LATENTS, NOISE, at), plain)
    assert len(seen) == 1
