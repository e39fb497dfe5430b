"""Weights that are stored smaller become what the block says, and theirs again after it."""

import gguf
import pytest
import torch
from diffusers.hooks import apply_layerwise_casting
from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter

from medialab.loading.compute_dtypes import computing_in
from medialab.loading.int8_weights import store_in_int8
from medialab.process.retries import in_float32


def in_float8():
    layer = torch.nn.Sequential(torch.nn.Linear(32, 8)).to(torch.bfloat16)
    apply_layerwise_casting(layer, torch.float8_e4m3fn, torch.bfloat16, skip_modules_pattern=())
    return layer


def in_bytes():
    layer = torch.nn.Sequential(torch.nn.Linear(32, 8, bias=False)).to(torch.bfloat16)
    store_in_int8(layer)
    return layer


def in_gguf():
    layer = GGUFLinear(32, 8, compute_dtype=torch.bfloat16)
    kind = gguf.GGMLQuantizationType.Q8_0
    rows = gguf.quants.quantize(torch.randn(8, 32).numpy(), kind)
    layer.weight = GGUFParameter(torch.from_numpy(rows), quant_type=kind)
    return torch.nn.Sequential(layer)


@pytest.mark.parametrize("make", [in_float8, in_gguf])
def test_a_layer_computes_in_what_comes_in_within_the_block(make):
    layer = make()
    rows = torch.randn(3, 32)
    before = {name: (one.dtype, one.clone()) for name, one in layer.state_dict().items()}
    plain = layer(rows.bfloat16())
    with pytest.raises(RuntimeError, match="dtype"):
        layer(rows)
    with in_float32(layer), computing_in(torch.float32, layer):
        found = layer(rows)
    assert found.dtype == torch.float32
    assert torch.allclose(found, plain.float(), atol=0.1)
    assert torch.equal(layer(rows.bfloat16()), plain)
    after = layer.state_dict()
    assert all(after[name].dtype == dtype for name, (dtype, _) in before.items())
    assert all(
        torch.equal(after[name].view(torch.uint8), one.view(torch.uint8))
        for name, (_, one) in before.items()
    )


def test_a_layer_of_bytes_says_that_it_computes_in_what_the_block_says():
    layer = in_bytes()[0]
    with computing_in(torch.float32, layer):
        assert layer.compute_dtype == torch.float32
        assert layer(torch.randn(3, 32)).dtype == torch.float32
    assert layer.compute_dtype == torch.bfloat16


def test_it_is_as_before_after_an_error():
    layer = in_float8()
    with pytest.raises(ZeroDivisionError), computing_in(torch.float32, layer):
        raise ZeroDivisionError
    assert layer(torch.randn(3, 32, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_network_without_such_weights_stays_as_it_is():
    layer = torch.nn.Linear(32, 8)
    with computing_in(torch.bfloat16, layer):
        assert layer(torch.randn(3, 32)).dtype == torch.float32
