"""Solvers that draw new noise: their pictures have the mean and spread that they should have."""

import pytest
import torch

from medialab.families.flow.solvers.stochastic import (
    FlowDDPM,
    FlowEulerAncestral,
    FlowLCM,
    below,
    renoised,
)
from tests.families.flow.analytic import MEAN, SPREAD, drive, moments_of


@pytest.mark.parametrize("solver", [FlowEulerAncestral, FlowDDPM])
def test_new_noise_leaves_the_pictures_their_mean_and_spread(solver):
    moments_of(solver)


def test_noise_that_is_added_leads_to_the_level_that_is_said():
    generator = torch.Generator().manual_seed(1)
    noise, drawn = torch.randn(2, 1, 1, 300, 300, generator=generator)
    lowest = below(0.8, 0.6)
    assert lowest == pytest.approx(0.45)
    latents = renoised((1 - lowest) * MEAN + lowest * noise, lowest, 0.6, drawn)
    assert float(latents.mean()) == pytest.approx(0.4 * MEAN, abs=0.01)
    assert float(latents.std()) == pytest.approx(0.6, abs=0.01)


def test_lcm_keeps_the_mean_and_what_one_call_tells_of_the_picture():
    noise = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))
    latents, _ = drive(FlowLCM(), 1, noise)
    torch.testing.assert_close(latents, torch.full_like(noise, MEAN))  # noise tells the mean alone
    solver = FlowLCM()
    solver.set_timesteps(sigmas=[1.0, 0.5])
    latents, _ = drive(solver, 2, noise)
    # What remains of the spread after latents with half the noise are explained.
    seen = SPREAD**2 / (SPREAD**2 + 1)
    expected = seen * (1**2) ** 0.5  # of the noise alone, since the first picture is the mean
    assert float(latents.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(latents.std()) == pytest.approx(expected, abs=0.01)


def test_the_last_step_draws_nothing():
    for solver in (FlowEulerAncestral(), FlowDDPM(), FlowLCM()):
        solver.set_timesteps(sigmas=[0.5])
        ones = torch.ones(1, 1, 2, 2)
        last = solver.step(ones, solver.timesteps[0], ones, return_dict=False)[0]
        torch.testing.assert_close(last, ones / 2)
