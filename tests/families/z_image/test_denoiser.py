"""Z-Image's transformer as a denoiser: its width, its text, and its rows one by one."""

from types import SimpleNamespace

import pytest
import torch
from diffusers import ZImageTransformer2DModel

from medialab.errors import ModelRefusedError
from medialab.families.z_image.denoiser import Transformer

DENOISER = Transformer()


def make_transformer(text_width=32):
    torch.manual_seed(0)
    made = ZImageTransformer2DModel(
        in_channels=4,
        dim=96,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=4,
        n_kv_heads=4,
        cap_feat_dim=text_width,
        axes_dims=[8, 8, 8],
        axes_lens=[1024, 64, 64],
    )
    with torch.no_grad():  # made of whatever lay in memory
        made.x_pad_token.zero_()
        made.cap_pad_token.zero_()
    return made.eval()


@pytest.fixture(scope="module")
def network():
    return make_transformer()


@torch.inference_mode()
def test_rows_apart_give_what_they_give_together(network):
    generator = torch.Generator().manual_seed(1)
    latents = [torch.randn(4, 1, 8, 8, generator=generator) for _ in range(2)]
    texts = [torch.randn(length, 32, generator=generator) for length in (5, 9)]
    time = torch.tensor([0.2, 0.7])
    together = network(latents, time, texts, return_dict=False)[0]
    with DENOISER.rows_apart(network):
        apart = network(latents, time, texts, return_dict=False)[0]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert "forward" not in vars(network)


def test_a_place_of_the_latents_has_a_quarter_of_a_tokens_numbers(network):
    assert DENOISER.width(network) == 24
    assert DENOISER.trained_latents(network) == 128
    assert DENOISER.variant(network) == ""


def test_networks_that_read_text_of_one_width_read_alike(network):
    assert DENOISER.reads_alike(network, make_transformer())
    assert not DENOISER.reads_alike(network, make_transformer(text_width=64))


@pytest.mark.parametrize(
    ("dim", "places", "fits"), [(96, [0], True), (96, [0, 1], False), (64, [0], False)]
)
def test_controlnets_for_a_transformer_of_another_size_are_refused_by_name(
    network, dim, places, fits
):
    control = SimpleNamespace(config=SimpleNamespace(dim=dim, control_layers_places=places))
    if fits:
        DENOISER.check_controlnet(network, control, "z-image")
        return
    with pytest.raises(ModelRefusedError, match=r"this z-image .* choose one made for it"):
        DENOISER.check_controlnet(network, control, "z-image")
