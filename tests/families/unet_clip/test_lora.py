"""The parts of a checkpoint that LoRA files speak of, and the blocks that users weigh."""

import pytest

from medialab.families.unet_clip.lora import UNetClipLoRAs
from tests.tiny.networks import make_unet

LORAS = UNetClipLoRAs()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("lora_unet_mid_block", "unet"),
        ("lora_te_text_model", "text_encoder"),
        ("lora_te1_text_model", "text_encoder"),
        ("lora_te2_text_model", "text_encoder_2"),
        ("text_encoder_2.text_model", "text_encoder_2"),
        ("text_encoder.text_model", "text_encoder"),
        ("model.diffusion_model.out", "unet"),
    ],
)
def test_the_first_prefix_that_fits_is_the_parts_own(name, part):
    prefixes = LORAS.keys.prefixes
    assert next(prefixes[one] for one in prefixes if name.startswith(one)) == part


def test_names_and_blocks_count_by_the_networks_own_layers():
    unet = make_unet(32)
    path = "down_blocks.1.resnets.0.conv1"
    assert list(LORAS.other_names("unet", path, unet)) == ["input_blocks.3.0.in_layers.2"]
    assert LORAS.block_of(path, unet) == "IN03"
    assert LORAS.block_of("mid_block.attentions.0.proj_in", unet) == "MID"
