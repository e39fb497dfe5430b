"""Networks of Stable Diffusion's classes at tiny size, their weights by chance.

Seed torch before a call: the same seed gives the same weights.
"""

import torch
import transformers
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel


def make_unet(text_width, **settings):
    """A denoiser of two levels that reads prompt embeddings of this width."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=text_width,
        **settings,
    )


def make_xl_unet(text_width, sizes, **settings):
    """A denoiser that is told the picture's size as `sizes` numbers, as SDXL's and its refiner's.

    SDXL is told 6 (the size, the crop and the wanted size), its refiner 5.
    """
    return make_unet(
        text_width,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=1280 + sizes * 8,
        **settings,
    )


def make_vae():
    """A VAE of two levels: 2 pixels a latent, where real ones have 8."""
    return AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )


def make_vae_of_four_levels(**settings):
    """A VAE of four levels: 8 pixels a latent, as real ones."""
    sizes = {"block_out_channels": (16,) * 4, "norm_num_groups": 8} | settings
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        **sizes,
    )


def make_text_encoder(kind, width, tokenizer, **settings):
    """A text encoder of one of transformers' CLIP classes, by the class's name."""
    sizes = {
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "max_position_embeddings": tokenizer.model_max_length,
    }
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_attention_heads=4,
        projection_dim=width,
        **sizes | settings,
    )
    return getattr(transformers, kind)(config)


def make_controlnet(unet):
    """A ControlNet for a denoiser, with weights that have an effect: made, its last are zero."""
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 16))
    for name, weight in network.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return network
