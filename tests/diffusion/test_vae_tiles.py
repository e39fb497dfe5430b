"""A VAE in tiles for a while: what it was set to before, it is set to afterwards."""

import pytest

from medialab.diffusion.vae_tiles import LEAST, vae_in_tiles
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
