"""The recipes of the two style LoRAs: a pencil sketch and a night palette, in kohya's format."""

import json
import random as stdlib_random
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig
from PIL import Image, ImageFilter
from safetensors.torch import save_file
from torch import nn

from medialab.settings.schedulers import make_scheduler
from models.paperdoll import family, world
from models.paperdoll.controlnet import canny
from models.paperdoll.latents import (
    Example,
    LatentPool,
    draw_example,
    some_without_words,
    tokenize,
    velocity_loss,
)
from models.paperdoll.training import Trainer, contact_sheet

RANK = ALPHA = 8
# Attention and feed-forward layers as kohya's plain LoRA has them, and the convolutions that its
# LoCon adds: colours and strokes are made there.
_LAYERS = (
    r".*(to_q|to_k|to_v|to_out\.0|ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out"
    r"|resnets\.\d\.conv1|resnets\.\d\.conv2|conv_in|conv_out)"
)
WEIGHTS = (0.0, 0.5, 1.0)


def pencil_sketch(image: Image.Image) -> Image.Image:
    """Return the picture as grey strokes on warm paper: its grey dodged by its blurred negative."""
    grey = np.asarray(image.convert("L")).astype(np.float32)
    negative = Image.fromarray((255 - grey).astype(np.uint8))
    blurred = np.asarray(negative.filter(ImageFilter.GaussianBlur(4))).astype(np.float32)
    strokes = np.clip(grey * 255 / np.maximum(1, 255 - blurred), 0, 255)
    tone = (0.75 * strokes + 0.25 * (128 + grey / 2)) / 255
    paper, graphite = np.array([252, 248, 238]), np.array([52, 50, 56])
    return Image.fromarray((graphite + (paper - graphite) * tone[..., None]).astype(np.uint8))


def night_palette(image: Image.Image) -> Image.Image:
    """Return the picture by moonlight: dark and blue, with its lightest parts like lamps."""
    pixels = np.asarray(image).astype(np.float32) / 255
    light = pixels.mean(2, keepdims=True)
    moonlit = pixels * np.array([0.30, 0.38, 0.62]) + np.array([0.02, 0.03, 0.12])
    lamps = np.clip((light - 0.85) / 0.15, 0, 1) * np.array([0.30, 0.24, 0.02])
    return Image.fromarray((np.clip(moonlit + lamps, 0, 1) * 255).astype(np.uint8))


# File name in models/loras -> what it turns a picture into. The name is the trigger word, too.
STYLES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "pencil-sketch": pencil_sketch,
    "night-palette": night_palette,
}


def train_style(
    style: str, size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train low-rank changes to the frozen UNet on pictures of that style.

    Half the captions end with the trigger word, so the style also appears without it.
    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models".
    """
    if warm:
        message = "a style has no state to start from; it trains in minutes"
        raise SystemExit(message)
    parts = family.load_parts(device)
    adapter = add_adapter(parts.unet)
    trainer = Trainer(style, {"adapter": adapter}, device, rate=1.5e-3)
    words = style.replace("-", " ")

    def example(random: stdlib_random.Random) -> Example:
        drawn = draw_example(random)

        def caption(source: stdlib_random.Random) -> str:
            said = drawn.words(source)
            return f"{said}, {words}" if source.random() < 0.5 else said

        return Example(STYLES[style](drawn.image), caption, drawn.masks)

    pool = LatentPool(parts.vae, 1_500, example)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        batch = pool.batch(max(2, size.batch // 2), random)
        captions = some_without_words(batch.captions, random)
        tokens = tokenize(parts.tokenizer, captions, device)
        embeddings = parts.text_encoder(tokens).last_hidden_state
        return velocity_loss(
            lambda noisy, timesteps: parts.unet(noisy, timesteps, embeddings).sample,
            batch.latents,
            batch.weights,
            parts.scheduler,
        )

    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_kohya(path, trainer.averaged("adapter"), words)

    def sample(path: Path, step: int) -> None:
        file = trainer.folder / "sample.safetensors"
        write(file)
        images = generate(6, device, {file: 1.0})
        contact_sheet(generate(6, device, {}) + images, 6).save(path)
        print(f"step {step}: {describe(images)}", flush=True)

    if trainer.run(steps, loss, sample, sample_every=200):
        write(family.MODELS / "loras" / f"{style}.safetensors")
        print(f"written: models/loras/{style}.safetensors")


def add_adapter(unet: UNet2DConditionModel) -> nn.ParameterDict:
    """Add low-rank layers to the UNet and return them, under peft's names.

    A ParameterDict allows no dots in names, so they are slashes here.
    """
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=_LAYERS))
    return nn.ParameterDict(
        {
            name.replace(".", "/"): parameter
            for name, parameter in unet.named_parameters()
            if "lora_" in name
        }
    )


def save_kohya(path: Path, adapter: dict[str, torch.Tensor], trigger: str) -> None:
    """Write an adapter as kohya's scripts do: lora_down, lora_up and alpha per layer, fp16."""
    tensors: dict[str, torch.Tensor] = {}
    for name, value in adapter.items():
        layer, side, _ = name.removesuffix("/weight").rsplit("/", 2)
        flat = f"lora_unet_{layer.replace('/', '_')}"
        end = {"lora_A": "lora_down", "lora_B": "lora_up"}[side]
        tensors[f"{flat}.{end}.weight"] = value.to(torch.float16).cpu().contiguous()
        tensors[f"{flat}.alpha"] = torch.tensor(float(ALPHA))
    metadata = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.title": path.stem,
        "modelspec.trigger_phrase": trigger,
        "ss_base_model_version": "paperdoll",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(RANK),
        "ss_network_alpha": str(ALPHA),
        "ss_tag_frequency": json.dumps({"pictures": {trigger: 1}}),
    }
    save_file(tensors, path, metadata)
    path.chmod(0o644)  # safetensors writes for its owner alone


def generate(count: int, device: torch.device, files: dict[Path, float]) -> list[Image.Image]:
    """Generate pictures of held-out captions with LoRA files at their weights, or without any."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        family.CHECKPOINT, use_safetensors=True, local_files_only=True
    ).to(device)
    pipeline.scheduler = make_scheduler("DPM++ 2M", "automatic", pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    with warnings.catch_warnings():
        # Several at once is what is meant; peft warns of it.
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        for number, file in enumerate(files):
            pipeline.load_lora_weights(
                file.parent,
                weight_name=file.name,
                adapter_name=f"style{number}",
                local_files_only=True,
            )
    if files:
        names = [f"style{number}" for number in range(len(files))]
        pipeline.set_adapters(names, list(files.values()))
    random = stdlib_random.Random("styles")
    scenes = [world.draw_split(random, held_out=True) for _ in range(count)]
    captions = [world.caption(scene, random, complete=True) for scene in scenes]
    images: list[Image.Image] = []
    for first in range(0, count, 8):
        said = captions[first : first + 8]
        images += pipeline(
            said,
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=5.0,
            generator=[torch.Generator().manual_seed(first + n) for n in range(len(said))],
        ).images
    return images


def describe(images: list[Image.Image]) -> dict[str, float]:
    """Return measures of a style, as means over the pictures.

    Saturation and lightness (0 to 255), blue over red (a ratio), and the share of pixels that canny
    marks as edges.
    """
    hsv = np.stack([np.asarray(image.convert("HSV")) for image in images]).astype(np.float64)
    rgb = np.stack([np.asarray(image) for image in images]).astype(np.float64)
    edges = np.stack([np.asarray(canny(image).convert("L")) for image in images]) > 127
    return {
        "saturation": round(float(hsv[..., 1].mean()), 1),
        "lightness": round(float(rgb.mean()), 1),
        "blue over red": round(float(rgb[..., 2].mean() / rgb[..., 0].mean()), 2),
        "edges": round(float(edges.mean()), 3),
    }


def evaluate_lora(count: int, device: torch.device, sheet: Path) -> str:
    """Measure the styles: the same captions and seeds at each weight, and both LoRAs at once."""
    files = {style: family.MODELS / "loras" / f"{style}.safetensors" for style in STYLES}
    rows: list[str] = []
    shown: list[Image.Image] = []

    def add(name: str, chosen: dict[Path, float]) -> None:
        images = generate(count, device, chosen)
        measured = describe(images)
        if not rows:
            rows.append(f"| LoRA | {' | '.join(measured)} |")
            rows.append("|---" * (1 + len(measured)) + "|")
        rows.append(f"| {name} | {' | '.join(str(value) for value in measured.values())} |")
        shown.extend(images[:8])

    add("none", {})
    for style, file in files.items():
        for weight in WEIGHTS:
            add(f"{style} {weight:g}", {file: weight})
    add("both at 0.6", dict.fromkeys(files.values(), 0.6))
    contact_sheet(shown, 8).save(sheet)
    return "\n".join(rows)
