"""The recipe of paperdoll-flow: prompt encoder and transformer, by flow matching on latents."""

import random as stdlib_random
import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import AutoencoderKL, ZImagePipeline, ZImageTransformer2DModel
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import Qwen3Model

from models.paperdoll import family, flow_parts, world
from models.paperdoll.base import SAMPLE_PROMPTS
from models.paperdoll.draw import draw
from models.paperdoll.flow_batches import MULTIPLE, fill_up, predict
from models.paperdoll.latents import some_without_words, weights_of_parts
from models.paperdoll.muon import Muon
from models.paperdoll.training import Trainer, contact_sheet, to_tensor

GUIDANCE = 4.0  # in our numbers: 1 is none
# Sides in pixels, and how often a step is made at each: the hires fix works above the native size.
# Their tokens are multiples of 32, so that none only fills up.
SIDES = ((family.NATIVE_SIZE, 0.9), (2 * family.NATIVE_SIZE, 0.1))
_SHELF = 512  # pictures of the native size in a file of the cache, and as many pixels of others
_SHELVES = {"cpu": 24, "cuda": 200}  # the most files
_STEPS_A_SHELF = 150  # after which a further one is drawn
_COMPLETE = 0.4  # share of captions that name every attribute, as the evaluator's do
_CAPITAL = 0.15  # share of captions that begin with a capital letter
_LARGEST_WEIGHT = 4.0  # of a small part
_MEAN_NOISE = 0.4  # of the noise level's logit: layout and colours are settled at high noise


def train_flow(size: family.Size, steps: int, device: torch.device, *, warm: bool = False) -> None:
    """Train prompt encoder and transformer together, by flow matching on cached latents.

    A tenth of the captions is dropped, for classifier-free guidance. Small parts have a larger
    weight, and a tenth of the steps uses pictures above the native size.

    Source: Lipman et al., "Flow Matching for Generative Modeling"; noise levels by a logit-normal
    distribution as in Esser et al., "Scaling Rectified Flow Transformers for High-Resolution Image
    Synthesis", section 3.1.

    Raises:
        SystemExit: there is no VAE yet; the message names the recipe.
    """
    vae = _find_vae(warm=warm).to(device).eval()
    tokenizer = flow_parts.find_tokenizer(
        flow_parts.checkpoint() / "tokenizer" if warm else family.TRAINING / "flow-tokenizer"
    )
    text_encoder = flow_parts.make_text_encoder(size, tokenizer)
    transformer = flow_parts.make_transformer(size)
    modules = {"text_encoder": text_encoder, "transformer": transformer}
    trainer = Trainer("flow", modules, device, rate=2e-3, optimizer=_optimizer)
    if warm:
        trainer.start_from({name: flow_parts.checkpoint() / name for name in modules})
    pictures = {
        side: Pictures(vae, trainer.folder / f"pictures-{side}", _SHELVES[device.type], side)
        for side, _ in SIDES
    }

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        side = random.choices(list(pictures), [share for _, share in SIDES])[0]
        pictures[side].extend_to(2 + trainer.step // _STEPS_A_SHELF)
        # As many latents a step at every size.
        count = max(1, size.batch * family.NATIVE_SIZE**2 // side**2)
        batch = pictures[side].batch(count, random)
        captions = [_capitalized(one, random) for one in some_without_words(batch.captions, random)]
        rows = tokenizer([flow_parts.as_message(one) for one in captions]).input_ids
        total = torch.zeros((), device=device)
        # Captions of one length in tokens, filled up, are computed at a time.
        for length in sorted({-(-len(row) // MULTIPLE) for row in rows}):
            places = [n for n, row in enumerate(rows) if -(-len(row) // MULTIPLE) == length]
            numbers, filling = fill_up([rows[n] for n in places], tokenizer.pad_token_id)
            latents, weights = batch.latents[places], batch.weights[places]
            total = total + flow_loss(
                transformer,
                read(text_encoder, numbers.to(device)),
                filling.to(device),
                latents.to(device),
                weights.to(device),
            ) * (len(places) / len(rows))
        return total

    def finished() -> tuple[Qwen3Model, ZImageTransformer2DModel]:
        encoder = flow_parts.make_text_encoder(size, tokenizer)
        denoiser = flow_parts.make_transformer(size)
        encoder.load_state_dict(trainer.averaged("text_encoder"))
        denoiser.load_state_dict(trainer.averaged("transformer"))
        return encoder, denoiser

    def sample(path: Path, step: int) -> None:
        del step
        encoder, denoiser = finished()
        pipeline = flow_parts.make_pipeline(vae, encoder.to(device), tokenizer, denoiser.to(device))
        images = generate(pipeline, list(SAMPLE_PROMPTS), range(len(SAMPLE_PROMPTS)))
        contact_sheet(images, 6).save(path)

    if not trainer.run(steps, loss, sample, sample_every=250):
        return
    encoder, denoiser = finished()
    flow_parts.save_checkpoint(flow_parts.checkpoint(), vae, encoder, tokenizer, denoiser)
    print(f"written: {flow_parts.checkpoint().relative_to(family.REPOSITORY)}")


def read(encoder: Qwen3Model, numbers: torch.Tensor) -> torch.Tensor:
    """Return text embeddings (n, tokens, width) as Z-Image reads them: before the last layer.

    Tokens see only those before them, so that filling at the end changes none.
    """
    with torch.autocast(numbers.device.type, torch.bfloat16):
        found = encoder(input_ids=numbers, output_hidden_states=True, use_cache=False)
    states: torch.Tensor = found.hidden_states[-2]
    return states


def flow_loss(
    transformer: ZImageTransformer2DModel,
    texts: torch.Tensor,
    filling: torch.Tensor,
    latents: torch.Tensor,
    weights: torch.Tensor,
) -> torch.Tensor:
    """Return the error of the predicted flow from noise to latents, at random noise levels."""
    noise = torch.randn_like(latents)
    levels = torch.sigmoid(_MEAN_NOISE + torch.randn(len(latents), device=latents.device))
    noisy = torch.lerp(latents, noise, levels[:, None, None, None])
    with torch.autocast(latents.device.type, torch.bfloat16):
        half = noisy.bfloat16(), 1 - levels, texts.bfloat16()
        found = predict(transformer, *half, filling)
    return (weights * (found.float() - (latents - noise)) ** 2).mean()


def generate(
    pipeline: ZImagePipeline, captions: list[str], seeds: range, guidance: float = GUIDANCE
) -> list:
    """Generate a picture per caption, each from its own seed, in one batch."""
    images: list = pipeline(
        list(captions),
        height=family.NATIVE_SIZE,
        width=family.NATIVE_SIZE,
        num_inference_steps=family.SAMPLING_STEPS,
        guidance_scale=guidance - 1,  # diffusers' number; its 0 is none
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
    ).images
    return images


class Batch(NamedTuple):
    """Latents (n, 16, h, w), weights (n, 1, h, w) and captions of one training step."""

    latents: torch.Tensor
    weights: torch.Tensor
    captions: list[str]


class Pictures:
    """Encoded pictures in a folder, more from time to time; each stays there for a resumed run.

    Args:
        vae: Encodes them. Another one needs another folder.
        folder: Gets safetensors files, the shelves.
        most: The number of shelves.
        side: The pictures' side in pixels.
    """

    def __init__(self, vae: AutoencoderKL, folder: Path, most: int, side: int) -> None:
        self.vae, self.folder, self.most, self.side = vae, folder, most, side
        self.size = max(1, _SHELF * family.NATIVE_SIZE**2 // side**2)
        self.shelves: list[dict[str, torch.Tensor]] = []
        self.scenes: list[world.Scene] = []
        folder.mkdir(parents=True, exist_ok=True)

    def extend_to(self, count: int) -> None:
        """Draw and encode pictures, or load them, until there are `count` shelves."""
        while len(self.shelves) < min(count, self.most):
            number = len(self.shelves)
            random = stdlib_random.Random(f"shelf {number} of {self.side}")
            scenes = [world.draw_split(random, held_out=False) for _ in range(self.size)]
            path = self.folder / f"{number:04d}.safetensors"
            if not path.exists():
                partial = path.with_suffix(".partial")
                save_file(self._encoded(scenes), partial)
                partial.rename(path)
            self.shelves.append(load_file(path))
            self.scenes += scenes

    def batch(self, count: int, random: stdlib_random.Random) -> Batch:
        """Return some of the pictures, each with one of its captions."""
        places = [divmod(random.randrange(len(self.scenes)), self.size) for _ in range(count)]
        shown = {
            name: torch.stack([self.shelves[shelf][name][n] for shelf, n in places])
            for name in ("latents", "weights")
        }
        captions = [
            world.caption(
                self.scenes[shelf * self.size + n], random, complete=random.random() < _COMPLETE
            )
            for shelf, n in places
        ]
        return Batch(shown["latents"].float(), shown["weights"].float(), captions)

    @torch.no_grad()
    def _encoded(self, scenes: list[world.Scene]) -> dict[str, torch.Tensor]:
        latents, weights = [], []
        device = self.vae.device
        for first in range(0, len(scenes), 32):
            drawn = [draw(scene, self.side) for scene in scenes[first : first + 32]]
            pixels = to_tensor([one.image for one in drawn]).to(device)
            with torch.autocast(device.type, torch.bfloat16):
                found = self.vae.encode(pixels).latent_dist.mode().float()
            found = (found - self.vae.config.shift_factor) * self.vae.config.scaling_factor
            latents.append(found.half().cpu().contiguous())
            parts = [weights_of_parts(one.masks, self.side) for one in drawn]
            weights.append(torch.stack(parts).clamp(max=_LARGEST_WEIGHT).byte())
        return {"latents": torch.cat(latents), "weights": torch.cat(weights)}


def _capitalized(caption: str, random: stdlib_random.Random) -> str:
    """Return the caption, at times with a capital letter at its beginning."""
    return caption[:1].upper() + caption[1:] if random.random() < _CAPITAL else caption


def _optimizer(modules: nn.Module, **settings: Any) -> Muon:
    """Make the optimizer: the matrices of attention and of what follows it take its own steps."""
    inner = re.compile(r"(self_attn|mlp|attention|feed_forward)\..*weight$")
    named = list(modules.named_parameters())
    matrices = [one for name, one in named if one.ndim == 2 and inner.search(name)]
    chosen = {id(one) for one in matrices}
    return Muon(matrices, [one for _, one in named if id(one) not in chosen], **settings)


def _find_vae(*, warm: bool) -> AutoencoderKL:
    folders = [family.TRAINING / "flow-vae" / "finished"]
    if warm:
        folders.append(flow_parts.checkpoint() / "vae")
    for folder in folders:
        if folder.exists():
            return AutoencoderKL.from_pretrained(folder, use_safetensors=True)
    message = "no VAE of paperdoll-flow yet; train it: python -m models.paperdoll.train flow-vae"
    raise SystemExit(message)
