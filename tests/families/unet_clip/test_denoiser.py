"""A UNet tells by its first layer what it is made for."""

import pytest

from medialab.families.unet_clip.denoiser import UNet
from tests.tiny.networks import make_unet


@pytest.mark.parametrize(
    ("channels", "variant"),
    [(4, ""), (5, "depth"), (7, "upscale"), (8, "instruct"), (9, "inpaint"), (6, "6 channels")],
)
def test_a_denoiser_is_made_for_what_the_channels_say_that_it_reads(channels, variant):
    network = make_unet(32, in_channels=channels)
    assert UNet(text_encoders=("text_encoder",)).variant(network) == variant
