"""Shapes against a weight's, however it is stored."""

import pytest
import torch

from medialab.families.lora_rows import following
from medialab.lora.deltas import of_rows
from medialab.lora.files import Layer
from medialab.lora.shapes import fits, is_packed, shape_of
from tests.tiny.loras import drawn, loha_case, lokr_case, oft_case

LEAVES = {
    "lora": {"down": drawn(4, 8), "up": drawn(12, 4)},
    "dora": {"down": drawn(4, 8), "up": drawn(12, 4), "magnitude": drawn(12, 1)},
    "loha": loha_case(12, 8)[0],
    "lokr": lokr_case(12, 8)[0],
    "full": {"diff": drawn(12, 8)},
    "oft": {"oft": oft_case(drawn(12, 8))[0]["oft_blocks"]},
}


def layer(kind):
    return Layer("transformer", "layer", LEAVES[kind])


@pytest.mark.parametrize("kind", LEAVES)
def test_a_layer_fits_a_weight_of_its_sides_and_no_other(kind):
    assert fits(layer(kind), (12, 8))
    assert not fits(layer(kind), (16, 8))
    assert fits(layer(kind), (12, 16)) == (kind == "oft")  # it shows its outputs alone
    assert not fits(layer(kind), ())


@pytest.mark.parametrize("kind", ["lora", "dora", "loha", "lokr", "full"])
def test_a_joined_layers_part_fits_the_module(kind):
    leaves, rows = of_rows(LEAVES[kind], following([2, 10], 1))
    part = Layer("transformer", "layer", leaves, rows)
    assert fits(part, (10, 8))
    assert not fits(part, (2, 8))


def test_a_packed_weight_has_the_shape_that_its_layer_computes():
    packed = torch.nn.Linear(8, 4)
    assert not is_packed(packed)
    packed.weight = torch.nn.Parameter(torch.zeros(9, dtype=torch.uint8), requires_grad=False)
    assert is_packed(packed)
    assert shape_of(packed) == (4, 8)
    eight = torch.nn.Linear(8, 4).to(torch.float8_e4m3fn)
    assert is_packed(eight)
    assert shape_of(torch.nn.Conv2d(3, 5, 2)) == (5, 3, 2, 2)
