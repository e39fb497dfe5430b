"""The networks of the paperdoll family and their sizes, made of plain diffusers classes.

Everything is SD-compatible in shape (a KL VAE with 4 latent channels at 8x, a CLIP text encoder
and tokenizer, a UNet with cross-attention), so it works in any diffusers pipeline.
"""

import copy
import json
import random as stdlib_random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.paperdoll import world

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "models"
CHECKPOINT = MODELS / "checkpoints" / "paperdoll"
TRAINING = REPOSITORY / ".training" / "paperdoll"

_START, _END = "<|startoftext|>", "<|endoftext|>"

NATIVE_SIZE = 128  # pixels a side
LATENT_SIZE = NATIVE_SIZE // 8
SAMPLING_STEPS = 20  # of what is drawn to look at and to measure; the studio's own default
TOKENS = 40  # the longest caption takes 38 with its start and end


@dataclass(frozen=True)
class Size:
    """The size of a model: its channel counts and layers."""

    vae_channels: tuple[int, ...]
    unet_channels: tuple[int, ...]
    unet_layers: int
    text_width: int
    text_layers: int
    batch: int


SIZES = {
    # 1.2 M VAE, 8.6 M UNet: a step of the base is about a second on one core.
    "tiny": Size((32, 64, 64, 64), (64, 128, 160), 1, 128, 2, batch=32),
    # 2.4 M VAE, 16 M UNet: what 40 MB of fp16 hold, for a GPU.
    "full": Size((48, 64, 96, 96), (64, 128, 192), 2, 160, 3, batch=256),
}


def make_vae(size: Size) -> AutoencoderKL:
    """Make an 8x KL autoencoder: (n, 3, h, w) in [-1, 1] to (n, 4, h/8, w/8).

    It has no attention, so it treats all positions alike and can be trained on crops.
    """
    levels = len(size.vae_channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=size.vae_channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=16,
        sample_size=NATIVE_SIZE,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


def make_unet(size: Size, in_channels: int = 4) -> UNet2DConditionModel:
    """Make the denoiser of (n, 4, 16, 16) latents, conditioned on (n, TOKENS, text_width)."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        in_channels=in_channels,
        out_channels=4,
        layers_per_block=size.unet_layers,
        block_out_channels=size.unet_channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=size.text_width,
        attention_head_dim=8,
    )


def make_text_encoder(size: Size, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Make a CLIP text encoder for the family's own small vocabulary."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=size.text_width,
            intermediate_size=4 * size.text_width,
            num_hidden_layers=size.text_layers,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=size.text_width,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_scheduler() -> DDIMScheduler:
    """Make a scheduler of velocity prediction with SD's betas; samplers use its config."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def make_tokenizer(folder: Path) -> CLIPTokenizer:
    """Learn byte-level word pieces from captions, write them to `folder` and read them back.

    Each word that captions use is one token; any other text can be tokenized too.
    """
    random = stdlib_random.Random(0)
    captions = [world.caption(world.draw_scene(random), random) for _ in range(6_000)]
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=_END))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_CLIP_WORDS, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    learner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1200,
        special_tokens=[_START, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    learnt = json.loads(learner.to_str())["model"]
    vocabulary = dict(learnt["vocab"])
    # Every byte may also end a word; the learner adds only the endings that it saw.
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary.setdefault(f"{letter}</w>", len(vocabulary))
    merges = [tuple(pair) for pair in learnt["merges"]]
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TOKENS)
    tokenizer.save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def find_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load the tokenizer in `folder`, or make it; embeddings depend on its token numbers."""
    if not (folder / "tokenizer.json").exists():
        return make_tokenizer(folder)
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


# Words, single digits and runs of signs: CLIP's own pattern.
_CLIP_WORDS = Regex(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


def save_checkpoint(
    folder: Path,
    vae: AutoencoderKL,
    text_encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    unet: UNet2DConditionModel,
    as_pipeline: type = StableDiffusionPipeline,
) -> None:
    """Write the checkpoint as a diffusers folder: safetensors, fp16, readable by all users.

    The models themselves do not change.
    """
    pipeline = as_pipeline(
        vae=in_half(vae),
        text_encoder=in_half(text_encoder),
        tokenizer=tokenizer,
        unet=in_half(unet),
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    tidy(folder)


def save_part(folder: Path, model: nn.Module) -> None:
    """Write one model as a folder of its own: safetensors, fp16, readable by all users."""
    in_half(model).save_pretrained(folder, safe_serialization=True)
    tidy(folder)


def tidy(folder: Path) -> None:
    """Correct what `save_pretrained` wrote: this machine's paths in configs, file modes of 0600."""
    for config in folder.rglob("config.json"):
        settings = json.loads(config.read_text())
        settings.pop("_name_or_path", None)  # where it lay on the machine that trained it
        if "architectures" in settings:
            # transformers loads in the dtype its config names, diffusers in float32: let both say
            # float32, or a plain from_pretrained mixes the two and fails.
            settings["dtype"] = "float32"
        config.write_text(json.dumps(settings, indent=2) + "\n")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)


class Parts(NamedTuple):
    """The checkpoint's networks in float32, frozen, to train companions with."""

    vae: AutoencoderKL
    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    unet: UNet2DConditionModel
    scheduler: DDIMScheduler


def load_parts(device: torch.device) -> Parts:
    """Load the shipped checkpoint, frozen.

    Raises:
        SystemExit: there is none; the message names the recipe.
    """
    if not (CHECKPOINT / "model_index.json").exists():
        message = "no base checkpoint yet; train it: python -m models.paperdoll.train base"
        raise SystemExit(message)
    pipeline = StableDiffusionPipeline.from_pretrained(
        CHECKPOINT, use_safetensors=True, local_files_only=True
    ).to(device)
    for part in (pipeline.vae, pipeline.text_encoder, pipeline.unet):
        part.eval().requires_grad_(requires_grad=False)
    for part in (pipeline.vae, pipeline.unet):
        part.to(memory_format=torch.channels_last)
    return Parts(
        pipeline.vae,
        pipeline.tokenizer,
        pipeline.text_encoder,
        pipeline.unet,
        make_scheduler(),
    )


def find_vae() -> AutoencoderKL:
    """Load the base's VAE as last trained, or else the shipped one.

    Raises:
        SystemExit: there is none; the message names the recipe.
    """
    for folder in (TRAINING / "vae" / "finished", CHECKPOINT / "vae"):
        if folder.exists():
            return AutoencoderKL.from_pretrained(folder, use_safetensors=True)
    message = "no VAE of the base yet; train it: python -m models.paperdoll.train vae"
    raise SystemExit(message)


def in_half(model: nn.Module) -> nn.Module:
    """Return a float16 copy on the CPU; `nn.Module.to` is used, since diffusers' own logs."""
    return nn.Module.to(copy.deepcopy(model), "cpu", torch.float16)
