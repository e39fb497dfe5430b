"""A denoiser whose answers are exact: pictures are Gaussian, of a known mean and variance."""

import inspect
import math

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

MEAN, SPREAD = 0.7, 2.0  # of the pictures, unless another spread is passed


def velocity(latents, s, spread=SPREAD):
    """The mean of noise - picture, for latents (1 - s) · picture + s · noise."""
    variance = ((1 - s) * spread) ** 2 + s * s
    slope = (s - (1 - s) * spread**2) / variance
    return slope * (latents - (1 - s) * MEAN) - MEAN


def at(s, noise):
    """The latents at level s of the path that starts at this noise, along the exact velocity."""
    return (1 - s) * MEAN + math.sqrt(((1 - s) * SPREAD) ** 2 + s * s) * noise


def picture_of(noise):
    """The picture at the end of the path that starts at this noise."""
    return at(0, noise)


def drive(scheduler, steps, latents, *, spread=SPREAD):
    """Run a scheduler as diffusers' pipelines do; return the latents and the timesteps."""
    assert {"sigmas", "timesteps"} <= set(inspect.signature(scheduler.set_timesteps).parameters)
    scheduler.set_timesteps(sigmas=torch.linspace(1.0, 1 / steps, steps).tolist(), device="cpu")
    timesteps = scheduler.timesteps
    scheduler.set_begin_index(0)
    trained = scheduler.config.num_train_timesteps
    for timestep in timesteps:
        answer = velocity(latents.double(), float(timestep) / trained, spread).to(latents.dtype)
        latents = scheduler.step(answer, timestep, latents, return_dict=False)[0]
    return latents, timesteps


def error_of(solver, shift, steps):
    """The largest error of a solver's pictures; of Euler's for None."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64).reshape(1, 1, 3, 3)
    made = (solver or FlowMatchEulerDiscreteScheduler)(shift=shift)
    return float((drive(made, steps, noise)[0] - picture_of(noise)).abs().max())


def order_of(solver):
    """The power of the number of steps by which a solver's error falls, from 160 to 640 steps."""
    return math.log(error_of(solver, 1.0, 160) / error_of(solver, 1.0, 640), 4)


def moments_of(solver):
    """Check that pictures have their mean and spread, closer the more steps there are."""
    noise = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))
    off, spread = [], 0.4
    for steps in (10, 40, 160):
        pictures, _ = drive(solver(shift=3.0), steps, noise, spread=spread)
        assert abs(float(pictures.mean()) - MEAN) < 0.01
        off.append(abs(float(pictures.std()) / spread - 1))
    assert off[2] < 0.06
    assert off[2] < off[1] < off[0]
    # Other pictures than the deterministic ones: of the first noise, hardly anything is left.
    both = torch.stack([pictures.flatten(), noise.flatten()])
    assert abs(float(torch.corrcoef(both)[0, 1])) < 0.1
