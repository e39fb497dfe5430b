"""Layers of a UNet under the names of the original code, against the published layout of SD 1.5."""

import pytest

from medialab.families.unet_clip.lora_names import original_name, other_names

# diffusers' path -> the original's, with two layers a block.
LAYOUT = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_2": "time_embed.2",
    "down_blocks.0.resnets.0.conv1": "input_blocks.1.0.in_layers.2",
    "down_blocks.0.attentions.1.proj_in": "input_blocks.2.1.proj_in",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.3.0.op",
    "down_blocks.1.resnets.0.conv_shortcut": "input_blocks.4.0.skip_connection",
    "down_blocks.2.attentions.1.transformer_blocks.0.attn1.to_q": (
        "input_blocks.8.1.transformer_blocks.0.attn1.to_q"
    ),
    "mid_block.resnets.1.time_emb_proj": "middle_block.2.emb_layers.1",
    "mid_block.attentions.0": "middle_block.1",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.2.2.conv",
    "up_blocks.1.attentions.2.proj_out": "output_blocks.5.1.proj_out",
    "up_blocks.3.resnets.2.norm2": "output_blocks.11.0.out_layers.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


@pytest.mark.parametrize(("path", "name"), LAYOUT.items())
def test_each_kind_of_layer_has_its_first_name(path, name):
    assert original_name(path, 2) == name
    assert list(other_names("unet", path, None)) == [name]


@pytest.mark.parametrize(
    "path", ["conv_input", "down_blocks.0.norms.0", "class_embedding.linear_1"]
)
def test_what_the_original_code_did_not_have_has_no_other_name(path):
    assert original_name(path, 2) is None
    assert list(other_names("unet", path, None)) == []


def test_a_block_without_attention_is_enlarged_one_place_earlier():
    from tests.tiny.networks import make_unet

    path = "up_blocks.0.upsamplers.0.conv"
    assert list(other_names("unet", path, make_unet(32))) == ["output_blocks.1.1.conv"]


def test_the_second_text_encoder_is_known_by_openclips_names_too():
    path = "text_model.encoder.layers.3.mlp.fc1"
    (name,) = other_names("text_encoder_2", path, None)
    assert name == "text_model.encoder.layers.3.mlp.c_fc"
    assert list(other_names("text_encoder", path, None)) == []
