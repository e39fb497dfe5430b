"""A flow-matching transformer as a denoiser: its width, its text, and its rows one by one."""

import pytest
import torch
from diffusers import FluxTransformer2DModel

from medialab.errors import ModelRefusedError
from medialab.families.flow.denoiser import FlowTransformer

DENOISER = FlowTransformer(text_encoders=("text_encoder",))


def make_transformer(text_width=32):
    torch.manual_seed(0)
    return FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        num_attention_heads=2,
        attention_head_dim=16,
        joint_attention_dim=text_width,
        pooled_projection_dim=8,
        axes_dims_rope=(4, 4, 8),
    ).eval()


@pytest.fixture(scope="module")
def network():
    return make_transformer()


@torch.inference_mode()
def test_rows_apart_give_what_they_give_together(network):
    generator = torch.Generator().manual_seed(1)
    inputs = {
        "hidden_states": torch.randn(2, 16, 16, generator=generator),
        "encoder_hidden_states": torch.randn(2, 5, 32, generator=generator),
        "pooled_projections": torch.randn(2, 8, generator=generator),
        "timestep": torch.tensor([0.2, 0.7]),
        "img_ids": torch.zeros(16, 3),
        "txt_ids": torch.zeros(5, 3),
        "return_dict": False,
    }
    together = network(**inputs)[0]
    with DENOISER.rows_apart(network):
        apart = network(**inputs)[0]
    torch.testing.assert_close(apart, together, rtol=1e-4, atol=1e-4)
    assert "forward" not in vars(network)


def test_a_place_of_the_latents_has_a_quarter_of_a_tokens_numbers(network):
    assert DENOISER.width(network) == 2 * 16 // 4
    assert DENOISER.trained_latents(network) == 128
    assert DENOISER.variant(network) == ""


def test_networks_that_read_text_of_one_width_read_alike(network):
    assert DENOISER.reads_alike(network, make_transformer())
    assert not DENOISER.reads_alike(network, make_transformer(text_width=64))
    unnamed = FlowTransformer(text_encoders=(), text_width="no such name")
    assert not unnamed.reads_alike(network, network)


def test_controlnets_are_refused_with_the_familys_name(network):
    with pytest.raises(ModelRefusedError, match=r"ControlNets of any .* remove the unit"):
        DENOISER.check_controlnet(network, None, "any")
