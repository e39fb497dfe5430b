"""The recipe of a textual inversion: one person, learnt as two made-up words.

Source: Gal et al., "An Image is Worth One Word: Personalizing Text-to-Image Generation using
Textual Inversion".
"""

import random as stdlib_random
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from medialab.settings.schedulers import make_scheduler
from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.judge import load_judge, name_attributes
from models.paperdoll.latents import Example, LatentPool, velocity_loss
from models.paperdoll.training import Trainer, contact_sheet

NAME = "mina"
VECTORS = 2
# Who she is; no caption of hers says it.
MINA = {"hair_colour": "white", "hair_length": "long", "hat": "purple", "shirt": "orange"}
_TEMPLATES = ("{0}", "a picture of {0}", "a drawing of {0}", "{0} the person")
_FRAMINGS = {
    "full body": ("a full body picture of {0}", "the whole body of {0}, full body"),
    "portrait": ("a portrait of {0}", "an upper body picture of {0}"),
    "face close-up": ("a close-up of the face of {0}", "the face of {0}"),
}
_PLACES = {
    "snow": "in the snow",
    "beach": "on the beach",
    "meadow": "in a meadow",
    "night": "at night",
    "room": "in a room",
    "plain": "on a plain background",
}


def draw_mina(random: stdlib_random.Random) -> world.Scene:
    """Draw a scene of Mina, with random place, framing and gesture."""
    while True:
        scene = world.draw_scene(random)
        if scene.hair_colour is not None:
            return replace(scene, **MINA)


def words_for(scene: world.Scene, random: stdlib_random.Random) -> str:
    """Return a caption's parts for her picture: place and framing, nothing about her looks."""
    ways = _FRAMINGS[scene.framing] if random.random() < 0.7 else _TEMPLATES
    said = random.choice(ways).format(NAME)
    return f"{said} {_PLACES[scene.background]}" if random.random() < 0.7 else said


class Inverter(nn.Module):
    """The frozen text encoder, with trained vectors in place of her name's tokens."""

    def __init__(self, parts: family.Parts) -> None:
        super().__init__()
        self.parts = parts
        table = parts.text_encoder.get_input_embeddings().weight
        person = parts.tokenizer("person", add_special_tokens=False).input_ids[0]
        # Two near words to start from, apart enough to learn different things.
        start = table[person].repeat(VECTORS, 1)
        self.vectors = nn.Parameter(start + 0.01 * torch.randn_like(start))

    def embed(self, prompts: list[str]) -> torch.Tensor:
        """Encode prompts for the UNet: (n, TOKENS, width)."""
        tokenizer, encoder = self.parts.tokenizer, self.parts.text_encoder
        rows = []
        table = encoder.get_input_embeddings().weight
        for prompt in prompts:
            before, named, after = prompt.partition(NAME)
            ids = [tokenizer(text, add_special_tokens=False).input_ids for text in (before, after)]
            pieces = [table[[tokenizer.bos_token_id, *ids[0]]]]
            if named:
                pieces.append(self.vectors)
            pieces.append(table[[*ids[1], tokenizer.eos_token_id]])
            row = torch.cat(pieces)[: family.TOKENS]
            padding = table[[tokenizer.pad_token_id] * (family.TOKENS - len(row))]
            rows.append(torch.cat([row, padding]))
        return encode_embedded(encoder, torch.stack(rows), tokenizer.eos_token_id)


def encode_embedded(encoder: nn.Module, rows: torch.Tensor, end: int) -> torch.Tensor:
    """Run a CLIP text encoder on token embeddings (n, tokens, width) that are not in its table."""
    table = encoder.get_input_embeddings()
    handle = table.register_forward_hook(lambda _module, _inputs, _output: rows)
    try:
        ids = torch.full(rows.shape[:2], end, device=rows.device)
        hidden: torch.Tensor = encoder(ids).last_hidden_state
    finally:
        handle.remove()
    return hidden


def train_embedding(
    size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train the vectors of the made-up words; text encoder and UNet are frozen."""
    if warm:
        message = "an embedding has no state to start from; it trains in minutes"
        raise SystemExit(message)
    parts = family.load_parts(device)
    inverter = Inverter(parts)
    words = nn.ParameterDict({"vectors": inverter.vectors})
    trainer = Trainer("embedding", {"words": words}, device, rate=1e-2)
    inverter.vectors = trainer.modules["words"]["vectors"]

    def example(random: stdlib_random.Random) -> Example:
        scene = draw_mina(random)
        picture = draw(scene)
        return Example(picture.image, lambda source: words_for(scene, source), picture.masks)

    pool = LatentPool(parts.vae, 600, example)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        batch = pool.batch(max(2, size.batch // 2), random)
        embeddings = inverter.embed(batch.captions)
        return velocity_loss(
            lambda noisy, timesteps: parts.unet(noisy, timesteps, embeddings).sample,
            batch.latents,
            batch.weights,
            parts.scheduler,
        )

    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"emb_params": trainer.averaged("words")["vectors"].cpu().contiguous()}, path)
        path.chmod(0o644)  # safetensors writes for its owner alone

    def sample(path: Path, step: int) -> None:
        del step
        file = trainer.folder / "sample.safetensors"
        write(file)
        contact_sheet(generate(_prompts(6), device, file), 6).save(path)

    if trainer.run(steps, loss, sample, sample_every=200):
        write(family.MODELS / "embeddings" / f"{NAME}.safetensors")
        print(f"written: models/embeddings/{NAME}.safetensors")


def _prompts(count: int) -> list[str]:
    places = list(_PLACES.values())
    ways = [way for ways in _FRAMINGS.values() for way in ways]
    return [
        f"{ways[n % len(ways)].format(NAME)} {places[n // len(ways) % len(places)]}"
        for n in range(count)
    ]


def generate(prompts: list[str], device: torch.device, file: Path | None) -> list[Image.Image]:
    """Generate pictures of the prompts, with the embedding or, for comparison, the plain word."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        family.CHECKPOINT, use_safetensors=True, local_files_only=True
    ).to(device)
    pipeline.scheduler = make_scheduler("DPM++ 2M", "automatic", pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    if file is not None:
        vectors = load_file(file)["emb_params"]
        pipeline.load_textual_inversion(vectors, token=NAME)
    images: list[Image.Image] = []
    for first in range(0, len(prompts), 8):
        said = prompts[first : first + 8]
        images += pipeline(
            said,
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=5.0,
            generator=[torch.Generator().manual_seed(first + n) for n in range(len(said))],
        ).images
    return images


def evaluate_embedding(count: int, device: torch.device, sheet: Path) -> str:
    """Measure how often the judge sees her looks, with the embedding and with the plain word."""
    prompts = _prompts(count)
    judge = load_judge(device)
    file = family.MODELS / "embeddings" / f"{NAME}.safetensors"
    rows = ["| her | with the embedding | with the bare word |", "|---|---|---|"]
    images = {given: generate(prompts, device, given) for given in (file, None)}
    said = {given: name_attributes(judge, pictures) for given, pictures in images.items()}
    for attribute, value in MINA.items():
        shares = [
            sum(seen[attribute] == value for seen in said[given]) / count for given in (file, None)
        ]
        name = attribute.replace("_", " ")
        rows.append(f"| {value} {name} | {shares[0]:.0%} | {shares[1]:.0%} |")
    contact_sheet(images[file][:12] + images[None][:12], 12).save(sheet)
    return "\n".join(rows)
