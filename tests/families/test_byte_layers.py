"""Layers of bytes compute with the numbers that these stand for."""

import pytest
import torch

from medialab.families.byte_layers import become_bytes, can_be_bytes, unpacked


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


LAYERS = {
    "linear": (lambda: torch.nn.Linear(16, 8), (3, 16), torch.nn.functional.linear),
    "conv": (
        lambda: torch.nn.Conv2d(4, 8, 3, padding=1),
        (1, 4, 6, 6),
        lambda x, weight, bias: torch.nn.functional.conv2d(x, weight, bias, padding=1),
    ),
}


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", LAYERS)
@torch.inference_mode()
def test_a_layer_computes_as_one_whose_weight_was_multiplied_before(name, kind, dtype):
    make, shape, plain = LAYERS[name]
    torch.manual_seed(0)
    layer = make().to(dtype)
    weight = (10 * layer.weight.data.float()).to(kind)
    scale = torch.rand(8) + 0.5
    become_bytes(layer, weight, scale, dtype)
    x = noise(*shape).to(dtype)
    wide = (weight.float() * scale.reshape(-1, *[1] * (weight.ndim - 1))).to(dtype)
    assert torch.equal(layer(x), plain(x, wide, layer.bias))
    # What converts floating point leaves the bytes, and the dtype is told by the rest.
    assert not layer.weight.is_floating_point()
    assert layer.weight.element_size() == 1
    assert layer.weight.view(kind).float().equal(weight.float())


def test_a_layer_without_a_bias_tells_what_it_computes_in():
    bare, other = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2)
    for layer in (bare, other):
        become_bytes(layer, torch.ones(2, 2).to(torch.int8), torch.ones(2), torch.bfloat16)
    assert bare.compute_dtype == torch.bfloat16
    other.bias.data = other.bias.data.double()
    assert other.compute_dtype == torch.float64
    assert not can_be_bytes(torch.nn.LayerNorm(2))


def test_products_are_rounded_once():
    weight, scale = torch.tensor([[448.0]]).to(torch.float8_e4m3fn), torch.tensor([[1 / 448]])
    expected = (torch.tensor([[448.0]]) * scale).to(torch.bfloat16)
    assert unpacked(weight, scale, torch.bfloat16).equal(expected)
