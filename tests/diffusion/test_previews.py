"""A preview shows about what the VAE would decode, without decoding."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from medialab.diffusion.previews import MOST_SHARE, LatentPreview, Pace
from medialab.families.latent_codecs import SCALED
from medialab.loading.checkpoint import load_checkpoint
from tests.tiny.networks import make_vae_of_four_levels


@pytest.fixture(scope="module")
def vae():
    """The embedded family's own, trained VAE."""
    from medialab.loading.registry import ModelRegistry
    from medialab.process.installation import base_folder

    registry = ModelRegistry(base_folder() / "models")
    yield load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu").components["vae"]
    registry.unload_all()


def test_a_preview_has_the_colours_of_the_decoded_picture(vae):
    from models.paperdoll.draw import draw
    from models.paperdoll.training import to_tensor
    from models.paperdoll.world import Scene

    scene = Scene("object", "meadow", 3, object_kind="ball", object_colour="red")
    picture = draw(scene, 128).image
    with torch.inference_mode():
        latents = vae.encode(to_tensor([picture])).latent_dist.mode() * vae.config.scaling_factor
    preview = LatentPreview(vae, SCALED).draw(latents)
    assert preview.size == (128, 128)
    small = [
        np.asarray(image.resize((16, 16), Image.Resampling.BOX)) for image in (preview, picture)
    ]
    # Grey levels of 255, on average over the picture.
    assert np.abs(small[0].astype(int) - small[1].astype(int)).mean() < 25


def test_a_channel_that_hardly_varies_does_not_blow_a_previews_colours_up():
    torch.manual_seed(0)
    vae = make_vae_of_four_levels().eval()
    with torch.no_grad():
        vae.quant_conv.weight[3] *= 3e-3
        vae.quant_conv.bias[3] = 0
    preview = LatentPreview(vae, SCALED)
    latents = torch.zeros(1, 4, 8, 8)
    grey = np.asarray(preview.draw(latents)).astype(int)
    latents[:, 3] = 1  # as a denoiser may leave it, far more than the picture it was fitted on had
    assert np.abs(np.asarray(preview.draw(latents)) - grey).max() < 8


@torch.inference_mode()
def test_latents_of_many_channels_are_fitted_on_a_larger_picture():
    class Squares:
        """Pictures of 3 channels as latents of 192: squares of 8 × 8 pixels."""

        patch = 8

        def encode(self, _vae, pixels, dtype):
            return torch.nn.functional.pixel_unshuffle(pixels, 8).to(dtype)

    preview = LatentPreview(make_vae_of_four_levels(), Squares())
    assert preview.matrix.shape == (193, 3)
    pixels = torch.full((1, 3, 64, 32), 0.5)
    drawn = preview.draw(Squares().encode(None, pixels, torch.float32))
    assert drawn.size == (32, 64)
    assert np.abs(np.asarray(drawn).astype(int) - 191).max() <= 2


def test_previews_come_a_few_times_a_second_and_take_a_small_share_of_the_time():
    pace, clock = Pace(), [step / 100 for step in range(1000)]  # ten seconds, a step in ten ms
    drawn = [now for now in clock if pace.is_due(now)]
    assert drawn == [step / 100 for step in range(0, 1000, 25)]

    slow, taken, drawn = Pace(), 0.04, []
    for now in clock:
        if slow.is_due(now):
            drawn.append(now)
            slow.took(taken)
    assert len(drawn) * taken <= MOST_SHARE * clock[-1] + taken
    assert all(0.8 <= round(after - before, 2) <= 0.81 for before, after in pairwise(drawn))
    quiet = drawn[-1] + 0.81  # the machine is quiet again
    assert slow.is_due(quiet)
    slow.took(0.001)
    assert not slow.is_due(quiet + 0.2)
    assert slow.is_due(quiet + 0.26)


@pytest.mark.parametrize("taken", [0.0001, 0.01, 0.2])
@pytest.mark.parametrize("pictures", [2, 5, 16])
def test_pictures_at_once_share_a_pace_and_each_has_its_turn_or_none_has(pictures, taken):
    """A pace for each would let sixteen take sixteen times as much."""
    pace, rounds, clock = Pace(pictures), 0, [step / 20 for step in range(2000)]
    for now in clock:
        due = [pace.is_due(now + place / 1e5, place) for place in range(1, pictures + 1)]
        assert len({*due}) == 1
        rounds += due[0]
        for _ in range(pictures * due[0]):
            pace.took(taken)
    assert rounds > 1
    assert rounds * pictures * taken <= (MOST_SHARE * clock[-1] + pictures * taken) * 1.01
    assert rounds * pictures <= clock[-1] * 4 + pictures


def test_a_map_that_is_fitted_once_makes_no_pause_longer():
    pace = Pace()
    assert pace.is_due(0)
    pace.leave_out(30.0)
    pace.took(30.001)
    assert pace.is_due(0.26)
