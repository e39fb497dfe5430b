"""Solvers with one call a step: their order, and their equations where diffusers has them too."""

import pytest
import torch
from diffusers import DEISMultistepScheduler, DPMSolverMultistepScheduler

from medialab.families.flow.solvers.multistep import (
    FlowDEIS,
    FlowDPMSolverMultistep,
    FlowLMS,
    FlowSDEDPMSolverMultistep,
)
from tests.families.flow.analytic import (
    drive,
    error_of,
    moments_of,
    order_of,
    velocity,
)


@pytest.mark.parametrize(
    # The steps at both ends are long in λ, so that methods that continue a line over λ have an
    # error of log N / N², whose order looks like 1.8 over these numbers of steps.
    ("solver", "order"),
    [(FlowDPMSolverMultistep, 1.8), (FlowDEIS, 1.8), (FlowLMS, 1.98)],
)
def test_the_error_falls_with_the_square_of_the_steps(solver, order):
    assert order_of(solver) > order
    assert error_of(solver, 3.0, 40) < error_of(None, 3.0, 40) / 3


@pytest.mark.parametrize("solver", [FlowSDEDPMSolverMultistep])
def test_new_noise_leaves_the_pictures_their_mean_and_spread(solver):
    moments_of(solver)


@pytest.mark.parametrize(
    ("solver", "algorithm"),
    [(FlowDPMSolverMultistep, "dpmsolver++"), (FlowSDEDPMSolverMultistep, "sde-dpmsolver++")],
)
def test_away_from_pure_noise_it_is_the_solver_of_diffusers(solver, algorithm):
    levels = [0.9, 0.7, 0.45, 0.2, 0.05]
    ours = solver()
    ours.set_timesteps(sigmas=levels)
    theirs = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        algorithm_type=algorithm,
        solver_type="midpoint",
    )
    theirs.set_timesteps(len(levels))
    theirs.sigmas = ours.sigmas.clone()
    theirs.set_begin_index(0)
    first = torch.linspace(-2, 2, 64).reshape(1, 1, 8, 8)
    latents = expected = first
    for t, s in zip(theirs.timesteps, levels, strict=True):
        generator = torch.Generator().set_state(ours._noise.get_state())
        expected = theirs.step(
            velocity(expected, s), t, expected, generator=generator, return_dict=False
        )[0]
        latents = ours.step(velocity(latents, s), t, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, expected, atol=1e-5, rtol=1e-5)


def test_away_from_both_ends_deis_is_that_of_diffusers():
    levels = [0.9, 0.7, 0.45, 0.2, 0.05]
    ours = FlowDEIS()
    ours.set_timesteps(sigmas=levels)
    theirs = DEISMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True)
    theirs.set_timesteps(len(levels))
    theirs.sigmas = ours.sigmas.clone()
    theirs.set_begin_index(0)
    latents = expected = torch.linspace(-2, 2, 64).reshape(1, 1, 8, 8)
    for t, s in zip(theirs.timesteps[:-1], levels[:-1], strict=True):
        expected = theirs.step(velocity(expected, s), t, expected, return_dict=False)[0]
        latents = ours.step(velocity(latents, s), t, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, expected, atol=1e-5, rtol=1e-5)
    last = velocity(latents, levels[-1])
    picture = ours.step(last, ours.timesteps[-1], latents, return_dict=False)[0]
    torch.testing.assert_close(picture, latents - levels[-1] * last)


def test_a_second_run_knows_nothing_of_the_first():
    for solver in (FlowDPMSolverMultistep(), FlowDEIS(), FlowLMS()):
        noise = torch.ones(1, 1, 2, 2)
        assert torch.equal(drive(solver, 5, noise)[0], drive(solver, 5, noise)[0])
