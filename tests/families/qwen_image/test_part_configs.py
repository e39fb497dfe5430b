"""Which configs of a Qwen-Image are opened, and what is refused before its weights are read."""

import pytest
from pydantic import ValidationError

from medialab.families.qwen_image.part_configs import (
    FrameVAEConfig,
    TransformerConfig,
    VisionLanguageConfig,
)

# Of the published Qwen-Image.
TRANSFORMER = {
    "patch_size": 2,
    "in_channels": 64,
    "out_channels": 16,
    "num_layers": 60,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 3584,
    "axes_dims_rope": [16, 56, 56],
}
LANGUAGE_MODEL = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "rms_norm_eps": 1e-6,
}
VAE = {
    "base_dim": 96,
    "z_dim": 2,
    "dim_mult": [1, 2, 4, 4],
    "num_res_blocks": 2,
    "temperal_downsample": [False, True, True],
    "latents_mean": [-0.7, 0.1],
    "latents_std": [2.8, 1.4],
}


def test_a_transformer_of_other_sizes_than_its_weights_is_refused_by_the_settings_name():
    shapes = {"img_in.weight": (3072, 64), "txt_in.weight": (3072, 3584)}
    shapes |= {
        f"transformer_blocks.{number}.attn.to_q.weight": (3072, 3072) for number in range(60)
    }
    TransformerConfig(**TRANSFORMER).check_weights(shapes)
    for name, value in (("in_channels", 9), ("joint_attention_dim", 9), ("num_layers", 59)):
        with pytest.raises(ValueError, match=name):
            TransformerConfig(**TRANSFORMER | {name: value}).check_weights(shapes)


@pytest.mark.parametrize("name", ["use_additional_t_cond", "use_layer3d_rope"])
def test_the_transformer_of_pictures_in_layers_is_refused(name):
    with pytest.raises(ValidationError, match=name):
        TransformerConfig(**TRANSFORMER | {name: True})


@pytest.mark.parametrize("prefix", ["model.", "model.language_model."])
@pytest.mark.parametrize("nested", [True, False])
def test_a_language_model_is_checked_wherever_its_settings_and_layers_stand(prefix, nested):
    config = {"text_config": LANGUAGE_MODEL} if nested else LANGUAGE_MODEL
    rules = VisionLanguageConfig.model_validate(config)
    layers = {f"{prefix}layers.{number}.norm.weight": (3584,) for number in range(28)}
    rules.check_weights(layers | {f"{prefix}embed_tokens.weight": (152064, 3584)})
    with pytest.raises(ValueError, match="vocab_size"):
        rules.check_weights({f"{prefix}embed_tokens.weight": (9, 3584)})
    with pytest.raises(ValueError, match="num_hidden_layers"):
        rules.check_weights(layers | {f"{prefix}layers.28.norm.weight": (3584,)})


def test_a_vae_has_a_mean_and_a_deviation_for_each_channel():
    rules = FrameVAEConfig(**VAE)
    rules.check_weights({"encoder.conv_in.weight": (96, 3, 3, 3, 3)})
    with pytest.raises(ValueError, match="base_dim"):
        rules.check_weights({"encoder.conv_in.weight": (32, 3, 3, 3, 3)})
    for change in ({"latents_mean": [0.1]}, {"latents_std": [0.1, 0.0]}, {"dim_mult": [1, 2]}):
        with pytest.raises(ValidationError):
            FrameVAEConfig(**VAE | change)
