"""The recipe of the ControlNet: it follows white edges on black."""

import random as stdlib_random
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from PIL import Image
from scipy.ndimage import distance_transform_edt

from medialab.settings.schedulers import make_scheduler
from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.latents import (
    Example,
    LatentPool,
    draw_example,
    some_without_words,
    tokenize,
    velocity_loss,
)
from models.paperdoll.training import Trainer, contact_sheet

FOLDER = "controlnet/paperdoll-canny"  # below models/
# Canny's two thresholds, of 255: the field's usual ones.
_LOW, _HIGH = 100, 200
_NEAR = 2  # pixels within which two edges are one
_WITHOUT_WORDS = 0.3  # captions dropped, so that the edges alone are heeded too


def canny(image: Image.Image) -> Image.Image:
    """Return white edges on black, RGB, as canny preprocessors make them."""
    edges = cv2.Canny(np.asarray(image), _LOW, _HIGH)
    return Image.fromarray(edges).convert("RGB")


def scribbled(edges: Image.Image, random: stdlib_random.Random) -> Image.Image:
    """Return the edges as if drawn by hand: sometimes thicker, sometimes with gaps."""
    lines = np.array(edges)
    if thickness := random.choice((0, 0, 2, 3)):
        lines = cv2.dilate(lines, np.ones((thickness, thickness), np.uint8))
    for _ in range(random.choice((0, 0, 1, 3))):
        height, width = lines.shape[:2]
        x, y = random.randrange(width), random.randrange(height)
        lines[y : y + height // 8, x : x + width // 8] = 0
    return Image.fromarray(lines)


def make_controlnet(parts: family.Parts) -> ControlNetModel:
    """Copy the UNet's encoder; its zero convolutions change nothing at first."""
    return ControlNetModel.from_unet(
        parts.unet, conditioning_channels=3, conditioning_embedding_out_channels=(16, 32, 64, 128)
    )


def train_controlnet(
    size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train the ControlNet to steer the frozen base model by a picture's edges.

    Source: Zhang et al., "Adding Conditional Control to Text-to-Image Diffusion Models".
    """
    parts = family.load_parts(device)
    controlnet = make_controlnet(parts).to(memory_format=torch.channels_last)
    controlnet.requires_grad_(requires_grad=True)
    trainer = Trainer("controlnet", {"controlnet": controlnet}, device, rate=1e-3)
    if warm:
        trainer.start_from({"controlnet": family.MODELS / FOLDER})

    def example(random: stdlib_random.Random) -> Example:
        drawn = draw_example(random)
        return Example(drawn.image, drawn.words, drawn.masks, scribbled(canny(drawn.image), random))

    pool = LatentPool(parts.vae, 3_000, example, guides="pixels")

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        batch = pool.batch(size.batch, random)
        captions = some_without_words(batch.captions, random, _WITHOUT_WORDS)
        tokens = tokenize(parts.tokenizer, captions, device)
        embeddings = parts.text_encoder(tokens).last_hidden_state

        def denoise(noisy: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            down, middle = controlnet(noisy, timesteps, embeddings, batch.guides, return_dict=False)
            velocity: torch.Tensor = parts.unet(
                noisy,
                timesteps,
                embeddings,
                down_block_additional_residuals=down,
                mid_block_additional_residual=middle,
            ).sample
            return velocity

        return velocity_loss(denoise, batch.latents, batch.weights, parts.scheduler)

    def finished() -> ControlNetModel:
        averaged = make_controlnet(parts)
        averaged.load_state_dict(trainer.averaged("controlnet"))
        return averaged.to(device).eval()

    def sample(path: Path, step: int) -> None:
        scenes = held_out(12)
        edges = [canny(draw(scene, masks=False).image) for scene in scenes]
        images = generate(parts, finished(), scenes, edges, strength=1.0)
        contact_sheet([one for pair in zip(edges, images, strict=True) for one in pair], 8).save(
            path
        )
        print(f"step {step}: edge agreement {mean_agreement(edges, images):.0%}", flush=True)

    if trainer.run(steps, loss, sample, sample_every=300):
        family.save_part(family.MODELS / FOLDER, finished())
        print(f"written: models/{FOLDER}")


def held_out(count: int) -> list[world.Scene]:
    """Return scenes that were held out of training."""
    random = stdlib_random.Random("controlnet")
    return [world.draw_split(random, held_out=True) for _ in range(count)]


def generate(
    parts: family.Parts,
    controlnet: ControlNetModel,
    scenes: list[world.Scene],
    edges: list[Image.Image],
    *,
    strength: float,
) -> list[Image.Image]:
    """Generate a picture for each scene's caption along the edges; strength 0 ignores them."""
    pipeline = StableDiffusionControlNetPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        controlnet=controlnet,
        scheduler=make_scheduler("DPM++ 2M", "automatic", parts.scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    random = stdlib_random.Random("captions")
    images: list[Image.Image] = []
    for first in range(0, len(scenes), 8):
        some = slice(first, first + 8)
        captions = [world.caption(scene, random, complete=True) for scene in scenes[some]]
        images += pipeline(
            captions,
            image=edges[some],
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=5.0,
            controlnet_conditioning_scale=strength,
            generator=[torch.Generator().manual_seed(first + n) for n in range(len(captions))],
        ).images
    return images


def mean_agreement(edges: list[Image.Image], images: list[Image.Image]) -> float:
    """Return the mean `agreement` of the pictures' edges with the given ones."""
    shares = [agreement(wanted, canny(image)) for wanted, image in zip(edges, images, strict=True)]
    return sum(shares) / len(shares)


def agreement(wanted: Image.Image, got: Image.Image) -> float:
    """Return the F1 score of two edge pictures: 1 if all edges match within two pixels."""
    first, second = (np.asarray(edges.convert("L")) > 127 for edges in (wanted, got))
    if not first.any() or not second.any():
        return 0.0
    recall = float((distance_transform_edt(~second)[first] <= _NEAR).mean())
    precision = float((distance_transform_edt(~first)[second] <= _NEAR).mean())
    return 2 * recall * precision / max(1e-9, recall + precision)


def evaluate_controlnet(count: int, device: torch.device, sheet: Path) -> str:
    """Measure edge agreement on held-out scenes, with and without the ControlNet."""
    parts = family.load_parts(device)
    controlnet = ControlNetModel.from_pretrained(
        family.MODELS / FOLDER, use_safetensors=True, local_files_only=True
    ).to(device)
    scenes = held_out(count)
    edges = [canny(draw(scene, masks=False).image) for scene in scenes]
    rows = ["| ControlNet's weight | edge agreement (F1 within 2 px) |", "|---|---|"]
    drawn: dict[float, list[Image.Image]] = {}
    for strength in (0.0, 0.5, 1.0):
        drawn[strength] = generate(parts, controlnet, scenes, edges, strength=strength)
        rows.append(f"| {strength:g} | {mean_agreement(edges, drawn[strength]):.0%} |")
    triples = list(zip(edges, drawn[0.0], drawn[1.0], strict=True))[:16]
    contact_sheet([image for triple in triples for image in triple], 12).save(sheet)
    return "\n".join(rows)
