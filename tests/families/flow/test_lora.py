"""Names of a transformer's layers in files, and the blocks that users weigh."""

import pytest
import torch

from medialab.errors import ConfigError
from medialab.families.flow.lora import TransformerLoRAs, rows_of

LORAS = TransformerLoRAs(
    names={"single.N.linear2": "blocks.N.out", "first": "begin"},
    joined={
        "single.N.linear1": ("blocks.N.to_q", "blocks.N.to_k", "blocks.N.to_v", "blocks.N.mlp")
    },
    halved={"last.1": "end.linear"},
    texts={"lora_te_": "text_encoder"},
    bare=("single.",),
    blocks=({"blocks": 2}, {"blocks": 1, "others": 3}),
    beginnings={"ocks.": "blocks."},
)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (torch.nn.Linear(4, out) for out in (4, 4, 2))
        self.mlp = torch.nn.Linear(4, 12)
        self.out = torch.nn.Linear(16, 4)


@pytest.fixture
def network():
    made = torch.nn.Module()
    made.begin = torch.nn.Linear(2, 4)
    made.blocks = torch.nn.ModuleList([Block(), Block()])
    made.end = torch.nn.Module()
    made.end.linear = torch.nn.Linear(4, 8)
    return made


def test_a_whole_layer_has_its_original_name_with_its_blocks_number(network):
    assert [*LORAS.other_names("transformer", "blocks.1.out", network)] == [
        "single.1.linear2",
        "ocks.1.out",
    ]
    assert [*LORAS.other_names("transformer", "begin", network)] == ["first"]
    assert [*LORAS.other_names("text_encoder", "begin", network)] == []


def test_a_module_of_a_joined_layer_has_the_rows_after_its_neighbours(network):
    found = {
        last: dict(LORAS.in_joined("transformer", f"blocks.1.{last}", network))["single.1.linear1"]
        for last in ("to_q", "to_v", "mlp")
    }
    assert [one.ranges for one in found.values()] == [((0, 4),), ((8, 10),), ((10, 22),)]
    assert {one.whole for one in found.values()} == {22}
    assert [*LORAS.in_joined("text_encoder", "blocks.1.to_q", network)] == []


def test_query_key_and_value_are_joined_under_diffusers_name_too(network):
    found = dict(LORAS.in_joined("transformer", "blocks.1.to_v", network))
    assert found["blocks.1.to_qkv"].ranges == ((8, 10),)


def test_a_module_with_scale_before_shift_has_the_halves_changed(network):
    ((name, rows),) = LORAS.in_joined("transformer", "end.linear", network)
    assert (name, rows.ranges) == ("last.1", ((4, 8), (0, 4)))


def test_the_rows_of_a_packed_layer_are_its_outputs():
    layer = torch.nn.Linear(8, 4)
    layer.weight = torch.nn.Parameter(torch.zeros(9, dtype=torch.uint8), requires_grad=False)
    assert rows_of(layer) == 4
    assert rows_of(torch.nn.LayerNorm(6)) == 6


def test_a_list_has_a_weight_for_each_block_of_one_of_the_sizes():
    assert LORAS.read_block_weights("0.5,1,0") == {"BASE": 0.5, "blocks.0": 1, "blocks.1": 0}
    assert LORAS.read_block_weights("1,0,0,0,2")["others.2"] == 2
    assert set(LORAS.read_block_weights("none").values()) == {0.0}
    assert set(LORAS.read_block_weights("ALL").values()) == {1.0}


@pytest.mark.parametrize("text", ["OUTALL", "1,2", "1,2,inf"])
def test_a_preset_of_other_families_and_a_list_of_another_length_are_refused(text):
    with pytest.raises(ConfigError, match=r"give 3 numbers \(text encoders, 2 blocks\) or 5 num"):
        LORAS.read_block_weights(text)


def test_a_modules_block_is_in_its_path(network):
    assert LORAS.block_of("blocks.1.to_q", network) == "blocks.1"
    assert LORAS.block_of("end.linear", network) is None
    assert LORAS.block_of("others.to_q", network) is None
