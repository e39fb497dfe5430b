"""The usual scale between a VAE's latents and a denoiser's."""

import pytest
import torch

from medialab.families.latent_codecs import SCALED, mode_of
from tests.tiny.networks import make_vae, make_vae_of_four_levels

LATENTS = torch.arange(16.0).reshape(1, 4, 2, 2)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ({"scaling_factor": 0.5}, 2.0),
        ({"scaling_factor": 0.5, "shift_factor": 1.0}, 1.5),
        (
            {"scaling_factor": 0.5, "latents_mean": [2.0] * 4, "latents_std": [4.0] * 4},
            0.25,
        ),
    ],
)
def test_a_vaes_scale_shift_and_spread_are_applied_and_taken_back(told, first):
    vae = make_vae()
    vae.register_to_config(**told)
    scaled = SCALED.scaled(vae, LATENTS)
    assert float(scaled[0, 1, 0, 0]) == first  # of 4.0
    torch.testing.assert_close(SCALED.unscaled(vae, scaled), LATENTS)


@torch.inference_mode()
def test_latents_are_scaled_in_the_dtype_that_is_asked_for():
    torch.manual_seed(0)
    vae = make_vae_of_four_levels().eval()
    pixels = torch.rand(1, 3, 32, 32) * 2 - 1
    whole = SCALED.encode(vae, pixels, torch.float32)
    assert torch.equal(whole, SCALED.scaled(vae, mode_of(vae, pixels)))
    half = SCALED.encode(vae, pixels, torch.bfloat16)
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, mode_of(vae, pixels).bfloat16() * vae.config.scaling_factor)
    assert torch.equal(SCALED.decode(vae, whole), vae.decode(whole / vae.config.scaling_factor)[0])
