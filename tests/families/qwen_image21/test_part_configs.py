"""Which configs of a Qwen-Image 2.1 are opened, and what is refused."""

import pytest
from pydantic import ValidationError

from medialab.families.qwen_image21.part_configs import AlphaVAEConfig, TransformerConfig

# Of the published Qwen-Image 2.1.
TRANSFORMER = {
    "patch_size": 1,
    "in_channels": 64,
    "out_channels": 64,
    "num_layers": 32,
    "attention_head_dim": 128,
    "num_attention_heads": 32,
    "context_in_dim": 4096,
    "mlp_ratio": 3,
    "axes_dims_rope": [16, 56, 56],
    "causal_condition": True,
}
VAE = {
    "base_dim": 96,
    "z_dim": 2,
    "dim_mult": [1, 2, 4, 8, 8],
    "num_res_blocks": 2,
    "temperal_downsample": [False, True, True, True],
    "in_channels": 4,
    "out_channels": 4,
    "scale_factor_spatial": 16,
    "latents_mean": [-0.7, 0.1],
    "latents_std": [2.8, 1.4],
}


def test_a_transformer_of_other_sizes_than_its_weights_is_refused_by_the_settings_name():
    shapes = {"img_in.weight": (4096, 64), "txt_in.text_norm.weight": (4096,)}
    shapes |= {
        f"transformer_blocks.{number}.attn.to_q.weight": (4096, 4096) for number in range(32)
    }
    TransformerConfig(**TRANSFORMER).check_weights(shapes)
    for name, value in (("in_channels", 9), ("context_in_dim", 9), ("num_layers", 31)):
        with pytest.raises(ValueError, match=name):
            TransformerConfig(**TRANSFORMER | {name: value}).check_weights(shapes)


@pytest.mark.parametrize(
    "change",
    [{"in_channels": 3}, {"scale_factor_spatial": 8}, {"latents_std": [1.0]}, {"out_channels": 3}],
)
def test_a_vae_without_alpha_or_of_another_reduction_is_refused(change):
    AlphaVAEConfig(**VAE).check_weights({"encoder.conv_in.weight": (96, 4, 3, 3, 3)})
    with pytest.raises(ValidationError):
        AlphaVAEConfig(**VAE | change)
    with pytest.raises(ValueError, match="base_dim"):
        AlphaVAEConfig(**VAE).check_weights({"encoder.conv_in.weight": (32, 4, 3, 3, 3)})
