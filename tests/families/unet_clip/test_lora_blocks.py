"""Blocks of a UNet by the names that users know."""

import pytest

from medialab.errors import ConfigError
from medialab.families.unet_clip.lora_blocks import block_of, read_block_weights


@pytest.mark.parametrize(
    ("path", "block"),
    [
        ("down_blocks.0.attentions.0.proj_in", "IN01"),
        ("down_blocks.2.attentions.1.proj_in", "IN08"),
        ("mid_block.attentions.0.proj_in", "MID"),
        ("up_blocks.1.attentions.0.proj_in", "OUT03"),
        ("up_blocks.3.attentions.2.proj_in", "OUT11"),
        ("down_blocks.0.downsamplers.0.conv", "IN03"),
        ("time_embedding.linear_1", None),
        ("conv_out", None),
        ("conv_in", "IN00"),
    ],
)
def test_blocks_have_the_names_that_users_know(path, block):
    assert block_of(path) == block


def test_a_list_of_block_weights_needs_a_known_length():
    assert read_block_weights("1," + "0.5," * 15 + "0")["OUT11"] == 0
    with pytest.raises(ConfigError, match="give 12, 17, 20, 26 numbers"):
        read_block_weights("1,2,3")
