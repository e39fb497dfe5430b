"""A VAE in tiles for a while: what it was set to before, it is set to afterwards."""

import pytest
from diffusers import AutoencoderKLQwenImage

from medialab.diffusion.vae_tiles import LEAST, tile_side, vae_in_tiles
from tests.tiny.networks import make_vae_of_four_levels

SETTINGS = ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")


def settings_of(vae):
    return [getattr(vae, name) for name in SETTINGS]


def test_tiles_are_of_so_many_pixels_and_gone_afterwards():
    vae = make_vae_of_four_levels()
    before = settings_of(vae)
    with vae_in_tiles(vae, 512):
        assert settings_of(vae) == [True, 512, 64]
    assert settings_of(vae) == before


def test_a_tile_is_never_smaller_than_the_decoder_can_use():
    vae = make_vae_of_four_levels()
    with vae_in_tiles(vae, 16):
        assert settings_of(vae) == [True, 8 * LEAST, LEAST]


def test_an_error_and_tiles_within_tiles_leave_nothing_behind():
    vae = make_vae_of_four_levels()
    before = settings_of(vae)
    with pytest.raises(MemoryError), vae_in_tiles(vae, 512), vae_in_tiles(vae, 256):
        raise MemoryError
    assert settings_of(vae) == before


def test_a_vae_made_for_videos_too_has_tiles_of_its_own_settings():
    vae = AutoencoderKLQwenImage(base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    assert tile_side(vae) == 256
    with vae_in_tiles(vae, 128):
        assert vae.use_tiling
        assert tile_side(vae) == vae.tile_sample_min_width == 128
        assert vae.tile_sample_stride_height == vae.tile_sample_stride_width == 96
    assert not vae.use_tiling
    assert (tile_side(vae), vae.tile_sample_stride_width) == (256, 192)
