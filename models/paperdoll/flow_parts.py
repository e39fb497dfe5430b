"""The networks of paperdoll-flow, of Z-Image's shape: plain diffusers and transformers classes.

A transformer trained by flow matching, a KL VAE with 16 latent channels at 8x, and a small Qwen3 as
the prompt encoder. The folder opens in diffusers' ZImagePipeline.
"""

import json
import random as stdlib_random
from pathlib import Path

from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

from models.paperdoll import family, world

CHANNELS = 16
SHIFT = 3.0  # of the schedule's noise levels, as Z-Image's
# A head's width is shared by three axes: the caption's, rows, columns.
HEADS, AXES = 5, (8, 12, 12)
_LONGEST = (512, 64, 64)  # positions on each axis; 64 rows of tokens are 1,024 px
_LAYERS = 4

_END, _START, _STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
# As Qwen3's own, without roles, tools and thoughts.
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_vae(size: family.Size) -> AutoencoderKL:
    """Make an 8x KL autoencoder: (n, 3, h, w) in [-1, 1] to (n, 16, h/8, w/8).

    Its levels are those of the base's VAE, whose weights it starts from.
    """
    levels = len(size.vae_channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=size.vae_channels,
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=16,
        sample_size=family.NATIVE_SIZE,
        mid_block_add_attention=False,
        scaling_factor=1.0,
        shift_factor=0.0,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def make_transformer(size: family.Size) -> ZImageTransformer2DModel:
    """Make the denoiser of (16, 1, h, w) latents; a token stands for 2 x 2 of them."""
    return ZImageTransformer2DModel(
        in_channels=CHANNELS,
        dim=HEADS * sum(AXES),
        n_layers=_LAYERS,
        n_refiner_layers=1,
        n_heads=HEADS,
        n_kv_heads=HEADS,
        cap_feat_dim=size.text_width,
        axes_dims=list(AXES),
        axes_lens=list(_LONGEST),
    )


def make_text_encoder(size: family.Size, tokenizer: Qwen2Tokenizer) -> Qwen3Model:
    """Make a language model for the captions' vocabulary.

    Z-Image reads the layer before the last, so that one of the two layers is never used.
    """
    heads = 4
    encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=size.text_width,
            intermediate_size=2 * size.text_width,
            num_hidden_layers=2,
            num_attention_heads=heads,
            num_key_value_heads=heads // 2,
            head_dim=size.text_width // heads,
            max_position_embeddings=512,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    encoder.set_attn_implementation("eager")  # the fused one's backward pass is slow on a CPU
    return encoder


def make_scheduler() -> FlowMatchEulerDiscreteScheduler:
    """Make a scheduler of flow matching with a fixed shift; samplers use its config."""
    return FlowMatchEulerDiscreteScheduler(shift=SHIFT)


def make_tokenizer(folder: Path) -> Qwen2Tokenizer:
    """Learn byte-level word pieces from captions, write them to `folder` and read them back.

    Each word of the captions is a token, with a space before it or not, and in either case at the
    beginning of a caption; any other text can be tokenized too.
    """
    random = stdlib_random.Random(0)
    captions = [world.caption(world.draw_scene(random), random) for _ in range(6_000)]
    marks = ["user\n", "assistant\n"] * 1_000
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=1200,
        special_tokens=[_END, _START, _STOP],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    capitals = [caption[0].upper() + caption[1:] for caption in captions]
    learner.train_from_iterator([*captions, *capitals, *marks], trainer)
    learnt = json.loads(learner.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        pad_token=_END,
        eos_token=_STOP,
        extra_special_tokens=[_START],
        chat_template=_CHAT,
        model_max_length=512,
    )
    tokenizer.save_pretrained(folder)
    return Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)


def find_tokenizer(folder: Path) -> Qwen2Tokenizer:
    """Load the tokenizer in `folder`, or make it; embeddings depend on its token numbers."""
    if not (folder / "tokenizer.json").exists():
        return make_tokenizer(folder)
    return Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)


def as_message(caption: str) -> str:
    """Return a caption as a chat message with its marks, as ZImagePipeline passes it on."""
    return f"{_START}user\n{caption}{_STOP}\n{_START}assistant\n"


def checkpoint() -> Path:
    """Return the folder of the shipped checkpoint."""
    return family.CHECKPOINT.with_name("paperdoll-flow")


def make_pipeline(
    vae: AutoencoderKL,
    text_encoder: Qwen3Model,
    tokenizer: Qwen2Tokenizer,
    transformer: ZImageTransformer2DModel,
) -> ZImagePipeline:
    """Make diffusers' pipeline of the parts, without a progress bar."""
    pipeline = ZImagePipeline(
        scheduler=make_scheduler(),
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=transformer,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def save_checkpoint(
    folder: Path,
    vae: AutoencoderKL,
    text_encoder: Qwen3Model,
    tokenizer: Qwen2Tokenizer,
    transformer: ZImageTransformer2DModel,
) -> None:
    """Write the checkpoint as a diffusers folder: safetensors, fp16, readable by all users.

    The models themselves do not change.
    """
    half = family.in_half(vae), family.in_half(text_encoder)
    pipeline = make_pipeline(*half, tokenizer, family.in_half(transformer))
    pipeline.save_pretrained(folder, safe_serialization=True)
    family.tidy(folder)
    index = folder / "model_index.json"
    # The studio begins with the steps and the guidance of Z-Image's base, not of its Turbo.
    told = json.loads(index.read_text()) | {"_edition": "base"}
    index.write_text(json.dumps(told, indent=2) + "\n")
