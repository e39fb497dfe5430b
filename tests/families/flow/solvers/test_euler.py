"""Euler's method, and what all solvers share: the part that is run, precision, the first call."""

import inspect

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from medialab.families.flow.samplers import NORMAL
from medialab.families.flow.solvers.euler import FlowEuler
from medialab.families.flow.solvers.multistep import FlowDPMSolverMultistep
from tests.families.flow.analytic import drive, picture_of

NOISE = torch.linspace(-2, 2, 9).reshape(1, 1, 3, 3)
EVEN = np.linspace(1.0, 0.125, 8)


def test_the_whole_run_and_any_part_of_it_step_as_diffusers_does_bit_for_bit():
    plain, own = FlowMatchEulerDiscreteScheduler(shift=3.0), FlowEuler(shift=3.0)
    whole, _ = drive(plain, 8, NOISE)
    assert torch.equal(drive(own, 8, NOISE)[0], whole)
    latents = torch.randn(1, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    own.run = 3
    own.set_timesteps(sigmas=EVEN)
    plain.set_timesteps(sigmas=EVEN)
    plain.set_begin_index(5)
    assert own.num_inference_steps == 3
    ours = theirs = latents
    for t in own.timesteps:
        ours = own.step(latents, t, ours, return_dict=False)[0]
        theirs = plain.step(latents, t, theirs, return_dict=False)[0]
        assert torch.equal(ours, theirs)


def test_an_uneven_schedule_spaces_the_part_that_is_run():
    own = FlowEuler(shift=3.0, use_karras_sigmas=True)
    own.run = 4
    own.set_timesteps(sigmas=EVEN)
    by_hand = FlowMatchEulerDiscreteScheduler(shift=3.0, use_karras_sigmas=True)
    by_hand.set_timesteps(sigmas=EVEN[-4:])
    assert torch.equal(own.sigmas, by_hand.sigmas)


def test_a_list_of_its_own_takes_the_place_of_the_pipelines():
    own = FlowEuler(shift=3.0)
    own.even = NORMAL
    own.set_timesteps(sigmas=EVEN)
    plain = FlowMatchEulerDiscreteScheduler(shift=3.0)
    plain.set_timesteps(8)
    assert torch.equal(own.sigmas, plain.sigmas)


def test_a_pipeline_finds_what_it_asks_for():
    solver = FlowDPMSolverMultistep()
    assert {"sigmas", "timesteps", "mu"} <= inspect.signature(
        solver.set_timesteps
    ).parameters.keys()
    solver.set_timesteps(sigmas=[1.0, 0.5], device="cpu", mu=0.5)
    # Without `set_begin_index`, as in the pipeline of Stable Diffusion 3.
    first, second = solver.timesteps
    answer = solver.step(NOISE, first, NOISE)
    torch.testing.assert_close(answer.prev_sample, NOISE / 2)
    assert (solver.step_index, solver.order) == (1, 1)
    (last,) = solver.step(NOISE, second, answer.prev_sample, return_dict=False)
    torch.testing.assert_close(last, torch.zeros_like(NOISE))


def test_latents_leave_in_the_dtype_of_the_velocity_and_are_computed_in_float32():
    solver = FlowDPMSolverMultistep(shift=3.0)
    solver.set_timesteps(sigmas=EVEN)
    stepped = solver.step(NOISE.bfloat16(), solver.timesteps[0], NOISE, return_dict=False)[0]
    assert stepped.dtype == torch.bfloat16
    exact = NOISE + (solver.sigmas[1] - 1) * NOISE.bfloat16().float()
    assert torch.equal(stepped, exact.bfloat16())


def test_the_error_of_euler_halves_with_the_steps():
    errors = [
        (drive(FlowEuler(), steps, NOISE)[0] - picture_of(NOISE)).abs().max() for steps in (20, 40)
    ]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)
