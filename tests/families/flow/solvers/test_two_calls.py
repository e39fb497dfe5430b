"""Solvers with two calls a step: their order, their calls, and their noise."""

import math

import pytest
import torch
from diffusers import FlowMatchHeunDiscreteScheduler

from medialab.families.flow.solvers.noise import log_ratio
from medialab.families.flow.solvers.two_calls import (
    FlowDPM2,
    FlowDPM2Ancestral,
    FlowHeun,
    FlowSDEDPMSolverSinglestep,
)
from tests.families.flow.analytic import error_of, moments_of, order_of, velocity

LEVELS = [1.0, 0.7, 0.4, 0.1]


@pytest.mark.parametrize(("solver", "order"), [(FlowHeun, 1.98), (FlowDPM2, 1.9)])
def test_the_error_falls_with_the_square_of_the_steps(solver, order):
    assert order_of(solver) > order
    assert error_of(solver, 3.0, 40) < error_of(None, 3.0, 40) / 3


@pytest.mark.parametrize("solver", [FlowDPM2Ancestral, FlowSDEDPMSolverSinglestep])
def test_new_noise_leaves_the_pictures_their_mean_and_spread(solver):
    moments_of(solver)


@pytest.mark.parametrize(
    ("solver", "middles"),
    [
        (FlowHeun, [0.7, 0.4, 0.1]),
        (FlowDPM2, [math.sqrt(0.7), math.sqrt(0.28), 0.2]),
        (FlowDPM2Ancestral, [0.7, math.sqrt(0.7 * 0.16 / 0.7), math.sqrt(0.4 * 0.01 / 0.4)]),
    ],
)
def test_each_step_but_the_last_has_a_call_more(solver, middles):
    made = solver()
    made.set_timesteps(sigmas=LEVELS)
    calls = [1.0, middles[0], 0.7, middles[1], 0.4, middles[2], 0.1]
    torch.testing.assert_close(made.timesteps, 1000 * torch.tensor(calls))
    torch.testing.assert_close(made.sigmas, torch.tensor([*calls, 0.0]))
    assert made.order == 2


def test_the_middle_of_the_stochastic_one_is_that_of_the_logarithm():
    made = FlowSDEDPMSolverSinglestep()
    made.set_timesteps(sigmas=LEVELS)
    middle = log_ratio(float(made.sigmas[3]))
    assert middle == pytest.approx((log_ratio(0.7) + log_ratio(0.4)) / 2, abs=1e-5)
    assert 0.7 < made.sigmas[1] < 1  # from pure noise too, whose logarithm is infinite


def test_heun_is_that_of_diffusers_whose_last_step_is_eulers_too():
    ours, theirs = FlowHeun(), FlowMatchHeunDiscreteScheduler()
    theirs.set_timesteps(8)
    levels = theirs.sigmas[:-1:2].tolist()
    ours.set_timesteps(sigmas=levels)
    assert len(ours.timesteps) == len(theirs.timesteps) == 15
    latents = expected = torch.linspace(-2, 2, 9).reshape(1, 1, 3, 3)
    for t, s in zip(theirs.timesteps, ours.sigmas, strict=False):
        expected = theirs.step(velocity(expected, float(s)), t, expected, return_dict=False)[0]
        latents = ours.step(velocity(latents, float(s)), t, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, expected, atol=1e-5, rtol=1e-5)


def test_a_part_of_a_run_begins_with_a_first_call():
    made = FlowHeun()
    made.run = 2
    made.set_timesteps(sigmas=LEVELS)
    torch.testing.assert_close(made.sigmas, torch.tensor([0.4, 0.1, 0.1, 0.0]))
    assert made.num_inference_steps == 2
