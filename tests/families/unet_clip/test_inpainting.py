"""A UNet made for inpainting reads the mask and what stays beside the latents."""

import pytest
import torch

from medialab.families.unet_clip.inpainting import INPAINTING
from tests.tiny import networks

MASK = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
STAYS = torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
TEXT = torch.rand(2, 5, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def unet():
    torch.manual_seed(0)
    return networks.make_unet(32, in_channels=9).eval()


def ask(unet, latents):
    return unet(latents, 500, encoder_hidden_states=TEXT)[0]


@torch.inference_mode()
@pytest.mark.parametrize("side", [8, 4])
def test_each_row_reads_them_and_a_smaller_one_their_upper_left(unet, side):
    latents = torch.rand(2, 4, side, side, generator=torch.Generator().manual_seed(4))
    with INPAINTING.reading(unet, MASK, STAYS):
        found = ask(unet, latents)
    more = [part[..., :side, :side].expand(2, -1, -1, -1) for part in (MASK, STAYS)]
    assert torch.equal(found, ask(unet, torch.cat([latents, *more], dim=1)))
    assert "forward" not in vars(unet)
