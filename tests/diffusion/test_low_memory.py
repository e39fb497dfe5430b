"""Fallbacks that need less memory: their order, what each does, and that nothing stays on."""

import torch

from medialab.diffusion.low_memory import denoiser_fallbacks, has_rows_apart, vae_fallbacks
from medialab.diffusion.vae_tiles import LEAST

ROWS = "prompts one after another"
TILES, SMALLER = "VAE in tiles", "VAE in smaller tiles"
AWAY = "parts on the CPU while they rest"


def test_the_gentlest_comes_first_and_the_vaes_tiles_only_where_it_encodes(loaded):
    def names(fallbacks):
        return [one.name for one in fallbacks]

    drawing = loaded["sd15"]
    assert names(denoiser_fallbacks(drawing, [], encodes=False)) == [ROWS, AWAY]
    assert names(denoiser_fallbacks(drawing, [], encodes=True)) == [ROWS, TILES, SMALLER, AWAY]
    assert names(vae_fallbacks(drawing)) == [TILES, SMALLER, AWAY]


def test_on_a_cpu_there_is_nowhere_else_to_rest(loaded):
    assert vae_fallbacks(loaded["sd15"])[-1].enter is None


@torch.inference_mode()
def test_rows_apart_give_what_they_give_together_and_end_with_the_work(loaded):
    drawing = loaded["sd15"]
    unet = drawing.denoiser
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(1))
    together = unet(latents, 500, encoder_hidden_states=text)[0]
    assert not has_rows_apart(unet)
    with denoiser_fallbacks(drawing, [], encodes=False)[0].enter():
        assert has_rows_apart(unet)
        apart = unet(latents, 500, encoder_hidden_states=text, return_dict=False)[0]
    torch.testing.assert_close(apart, together, rtol=1e-4, atol=1e-4)
    assert not has_rows_apart(unet)


def test_smaller_tiles_are_half_of_diffusers_own(loaded):
    vae = loaded["sd15"].vae
    side, reduction = vae.tile_sample_min_size, loaded["sd15"].reduction
    tiles, smaller, _ = vae_fallbacks(loaded["sd15"])
    with tiles.enter():
        assert (vae.use_tiling, vae.tile_sample_min_size) == (
            True,
            max(side, LEAST * reduction),
        )
    with smaller.enter():
        assert vae.tile_sample_min_size == max(side // 2, LEAST * reduction)
    assert (vae.use_tiling, vae.tile_sample_min_size) == (False, side)
