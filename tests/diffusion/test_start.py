"""What a denoising starts from, and what of a picture stays."""

import pytest
import torch
from diffusers import EulerDiscreteScheduler
from PIL import Image

from medialab.diffusion.start import Kept, begin_over_picture, is_picture, size_of
from medialab.families.unet_clip.schedulers import ADDED_NOISE

LATENTS = torch.full((1, 4, 2, 2), 3.0)
MASK = torch.tensor([[[[0.0, 0.4], [0.6, 1.0]]]])


class Pipeline:
    """What a kept place asks of a running pipeline: its scheduler, and how many steps it runs."""

    def __init__(self, steps=4):
        self.scheduler = EulerDiscreteScheduler()
        self.scheduler.set_timesteps(steps)
        self.num_timesteps = steps


def test_a_hard_mask_is_painted_where_it_is_half_white_all_the_while():
    kept = Kept(LATENTS, MASK)
    for done in (0, 0.5, 1):
        assert kept.painted(done).flatten().tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("done", "painted"),
    [
        (0, [False, False, False, True]),
        (0.5, [False, False, True, True]),
        (0.7, [False, True, True, True]),
        (1, [False, True, True, True]),
    ],
)
def test_a_soft_mask_frees_a_grey_place_for_its_share_of_the_last_steps(done, painted):
    assert Kept(LATENTS, MASK, soft=True).painted(done).flatten().tolist() == painted


def test_after_the_last_step_what_is_kept_is_the_pictures_own():
    drawn = torch.zeros(1, 4, 2, 2)
    found = Kept(LATENTS, MASK).restored(drawn, ADDED_NOISE, Pipeline(), 3, seed=1)
    assert torch.equal(found[0, 0], torch.tensor([[3.0, 3.0], [0.0, 0.0]]))


def test_before_it_is_as_noisy_as_the_next_step_expects():
    pipeline = Pipeline()
    found = Kept(LATENTS, MASK).restored(torch.zeros(1, 4, 2, 2), ADDED_NOISE, pipeline, 0, seed=1)
    noise = torch.randn(1, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    noisy = LATENTS + noise * pipeline.scheduler.sigmas[1]
    assert torch.allclose(found[..., 0, :], noisy[..., 0, :])
    assert not found[..., 1, :].any()


@pytest.mark.parametrize("forgets", [False, True])
def test_the_first_noise_alone_is_another(forgets):
    scheduler = Pipeline().scheduler
    at, noise = scheduler.timesteps[:1], torch.ones(1, 4, 2, 2)
    plain = scheduler.add_noise(LATENTS, noise, at)
    begin_over_picture(ADDED_NOISE, scheduler, None, 0.5, forgets=forgets)
    first = scheduler.add_noise(LATENTS, noise, at)
    over = 0 if forgets else LATENTS
    sigma = scheduler.init_noise_sigma if forgets else scheduler.sigmas[0]
    assert torch.allclose(first, over + 0.5 * noise * sigma)
    assert torch.equal(scheduler.add_noise(LATENTS, noise, at), plain)


def test_at_full_strength_what_is_kept_has_the_picture_under_its_noise():
    scheduler = Pipeline().scheduler
    at, noise = scheduler.timesteps[:1], torch.ones(1, 4, 2, 2)
    plain = scheduler.add_noise(LATENTS, noise, at)
    begin_over_picture(ADDED_NOISE, scheduler, Kept(LATENTS, MASK), 1.0, forgets=True)
    first = scheduler.add_noise(LATENTS, noise, at)
    assert torch.equal(first[..., 0, :], plain[..., 0, :])
    assert torch.allclose(first[..., 1, :], noise[..., 1, :] * scheduler.init_noise_sigma)


def test_latents_stand_for_so_many_pixels_a_side():
    assert size_of(Image.new("RGB", (24, 16)), 8) == (24, 16)
    assert size_of(torch.zeros(1, 4, 2, 3), 8) == (24, 16)
    assert is_picture(Image.new("RGB", (8, 8)))
    assert not is_picture(LATENTS)
    assert not is_picture(None)
