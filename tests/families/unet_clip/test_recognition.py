"""UNets are told apart by names that one alone has, and by the width of the text that they read."""

import pytest

from medialab.families import FAMILIES
from medialab.families.unet_clip.recognition import (
    family_of_config,
    family_of_layers,
    family_of_width,
    is_unet,
    variant_of_config,
    variant_of_header,
)
from medialab.files.headers import Header

BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0"
EVERY = list(FAMILIES.values())


def family_of(shapes):
    return family_of_layers("\n".join(["", *shapes, ""]), Header(shapes, {}), EVERY)


@pytest.mark.parametrize(
    ("names", "expected"),
    [("\ndown_blocks.0.x\n", True), ("\nmiddle_block.1\n", True), ("\nlayers.0.x\n", False)],
)
def test_a_unet_is_told_by_its_blocks(names, expected):
    assert is_unet(names) is expected


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        ({f"{BLOCK}.attn2.to_k.weight": (320, 768)}, "sd15"),
        ({f"{BLOCK}.attn2.processor.to_k.lora_A.weight": (8, 2048)}, "sdxl"),
        ({f"{BLOCK}.attn2.to_k.weight": (320, 999)}, "unknown"),
        ({f"other.{BLOCK[14:]}.attn2.to_k.weight": (320, 768)}, None),
        ({f"{BLOCK}.attn2.to_k.weight": (768,)}, None),
        ({"down_blocks.2.attentions.0.transformer_blocks.4.attn1.to_q.weight": (8, 8)}, "sdxl"),
        ({"down_blocks.2.attentions.0.transformer_blocks.3.attn1.to_q.weight": (8, 8)}, None),
        ({"lora_te2_text_model.alpha": ()}, "sdxl"),
        ({f"{BLOCK}.attn2.to_k.weight": (320, 768), "roberta.x": (1,)}, "unknown"),
        ({f"{BLOCK}.attn2.to_k.diff": (320, 768), f"{BLOCK}.attn2.on_input": ()}, None),
    ],
)
def test_layers_tell_the_family_or_leave_it_open(shapes, family):
    assert family_of(shapes) == family


@pytest.mark.parametrize(
    ("width", "family"), [(768, "sd15"), (1024, "sd2"), (2048, "sdxl"), (999, None)]
)
def test_a_width_of_text_is_one_familys(width, family):
    assert family_of_width(width, EVERY) == family


@pytest.mark.parametrize(
    ("name", "config", "family"),
    [
        ("ControlNetModel", {"cross_attention_dim": 768}, "sd15"),
        ("AutoencoderKL", {"cross_attention_dim": 768}, None),
        ("UNet2DConditionModel", {"cross_attention_dim": [768, 768]}, None),
        ("UNet2DConditionModel", {"cross_attention_dim": True}, None),
        ("UNet2DConditionModel", {}, None),
    ],
)
def test_a_config_tells_its_family_where_its_class_and_width_do(name, config, family):
    assert family_of_config(name, config, EVERY) == family


@pytest.mark.parametrize("name", ["conv_in.weight", "input_blocks.0.0.weight"])
def test_the_channels_of_the_first_layer_tell_a_variant_in_every_naming(name):
    header = Header({name: (320, 9, 3, 3)}, {})
    assert variant_of_header(FAMILIES["sd15"], header) == "inpaint"
    assert variant_of_header(FAMILIES["sd15"], Header({name: (9,)}, {})) == ""


def test_a_config_whose_channels_are_no_number_tells_no_variant():
    assert variant_of_config(FAMILIES["sd15"], {"in_channels": "9"}) == ""
