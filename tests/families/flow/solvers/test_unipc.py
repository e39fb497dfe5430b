"""UniPC: its order, and the steps of diffusers' own."""

import torch
from diffusers import UniPCMultistepScheduler

from medialab.families.flow.solvers.unipc import FlowUniPC
from tests.families.flow.analytic import drive, error_of, order_of, velocity


def test_the_error_falls_with_the_square_of_the_steps():
    assert order_of(FlowUniPC) > 1.98
    assert error_of(FlowUniPC, 3.0, 40) < error_of(None, 3.0, 40) / 3


def test_away_from_pure_noise_it_is_the_solver_of_diffusers():
    levels = [0.9, 0.7, 0.45, 0.2, 0.05]
    ours = FlowUniPC()
    ours.set_timesteps(sigmas=levels)
    theirs = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, final_sigmas_type="zero"
    )
    theirs.set_timesteps(len(levels))
    theirs.sigmas = ours.sigmas.clone()
    theirs.set_begin_index(0)
    latents = expected = torch.linspace(-2, 2, 64).reshape(1, 1, 8, 8)
    for t, s in zip(theirs.timesteps, levels, strict=True):
        expected = theirs.step(velocity(expected, s), t, expected, return_dict=False)[0]
        latents = ours.step(velocity(latents, s), t, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, expected, atol=1e-5, rtol=1e-5)


def test_a_second_run_knows_nothing_of_the_first():
    solver, noise = FlowUniPC(), torch.ones(1, 1, 2, 2)
    assert torch.equal(drive(solver, 5, noise)[0], drive(solver, 5, noise)[0])
