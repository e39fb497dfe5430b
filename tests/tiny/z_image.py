"""A tiny Z-Image of diffusers' and transformers' own classes, its weights by chance."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImageControlNetModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

_TEXT_WIDTH = 64
_HEADS, _AXES = 4, (8, 8, 8)  # a head is as wide as its three axes together
_LEVELS = (16, 16, 16, 16)  # three times halved: 8 pixels a latent, as the real one
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_TRAINED_ON = ("a red ball", "a blue hat on a table", "user", "assistant", "\n", "(red:1.3)")
# The shape of Qwen3's own, without tools, roles and thoughts.
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer() -> Qwen2Tokenizer:
    """Make Qwen's tokenizer, of some three hundred tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TRAINED_ON, trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    return Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        pad_token=_SPECIAL[0],
        eos_token=_SPECIAL[2],
        extra_special_tokens=[_SPECIAL[1]],
        chat_template=_CHAT,
        model_max_length=512,
    )


def make_pipeline(text_width: int = _TEXT_WIDTH) -> ZImagePipeline:
    """Make a pipeline; the same weights each time."""
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=_HEADS * sum(_AXES),
        n_layers=2,
        n_refiner_layers=1,
        n_heads=_HEADS,
        n_kv_heads=_HEADS,
        cap_feat_dim=text_width,
        axes_dims=list(_AXES),
        axes_lens=[1024, 64, 64],
    )
    with torch.no_grad():  # made of whatever lay in memory
        transformer.x_pad_token.zero_()
        transformer.cap_pad_token.zero_()
    text_encoder = Qwen3Model(
        Qwen3Config(
            hidden_size=text_width,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
            vocab_size=len(tokenizer),
            max_position_embeddings=512,
        )
    )
    vae = AutoencoderKL(
        block_out_channels=_LEVELS,
        down_block_types=("DownEncoderBlock2D",) * len(_LEVELS),
        up_block_types=("UpDecoderBlock2D",) * len(_LEVELS),
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=8,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        transformer=transformer.eval(),
    )


def write_z_image(folder: Path) -> None:
    """Write a tiny Z-Image as a diffusers folder."""
    make_pipeline().save_pretrained(folder, safe_serialization=True)


def make_controlnet(*, reads: int = 16, width: int = _HEADS * sum(_AXES)) -> ZImageControlNetModel:
    """Make a ControlNet for the second layer; `reads` is 33 for those of version 2."""
    torch.manual_seed(1)
    made = ZImageControlNetModel(
        control_layers_places=[0, 1],
        control_refiner_layers_places=[0],
        control_in_dim=reads,
        add_control_noise_refiner=None if reads == 16 else "control_noise_refiner",
        dim=width,
        n_refiner_layers=1,
        n_heads=_HEADS,
        n_kv_heads=_HEADS,
    )
    with torch.no_grad():  # zeros before training
        for name, weight in made.named_parameters():
            if "before_proj" in name or "after_proj" in name:
                weight.normal_(std=0.2)
    return made.eval()
