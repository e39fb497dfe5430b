"""A pool of encoded training pictures that is constantly renewed, and the training loss."""

import random as stdlib_random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, SchedulerMixin
from PIL import Image
from transformers import CLIPTokenizer

from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.training import to_tensor

# The extra weight of a picture's small parts: a mouth is one latent in a hundred, and without
# it smiles and fingers are the last thing that is learnt.
_MOUTH, _FACE, _HANDS = 8.0, 2.0, 3.0
# Where the mouth is in a face's box: from left, top, right, bottom, as shares of it.
_MOUTH_IN_FACE = (0.25, 0.55, 0.75, 0.95)
_FIRST = 60  # batches of pictures, drawn before the first step

Guides = Literal["none", "pixels", "latents"]


@dataclass(frozen=True)
class Example:
    """One training picture, with captions, masks and an optional guide.

    `words(random)` returns a caption, another one each time; `masks` mark its small parts, which
    have a larger weight; `guide` is the picture that a ControlNet or an edit starts from.
    """

    image: Image.Image
    words: Callable[[stdlib_random.Random], str]
    masks: dict[str, Image.Image] = field(default_factory=dict)
    guide: Image.Image | None = None


class Batch(NamedTuple):
    """The data of one training step.

    Latents (n, 4, h, w), weights (n, 1, h, w), captions, and guides: (n, 4, h, w) latents or
    (n, 3, 8h, 8w) pixels in [0, 1]; None from pools without them.
    """

    latents: torch.Tensor
    weights: torch.Tensor
    captions: list[str]
    guides: torch.Tensor | None


def draw_example(random: stdlib_random.Random, side: int = family.NATIVE_SIZE) -> Example:
    """Draw a scene from the training side of the split, with its captions."""
    scene = world.draw_split(random, held_out=False)
    picture = draw(scene, side)
    return Example(picture.image, lambda source: world.caption(scene, source), picture.masks)


def weights_of_parts(masks: dict[str, Image.Image], side: int) -> torch.Tensor:
    """Return weights (1, side/8, side/8): the largest of each block of 8 x 8 pixels."""
    return F.max_pool2d(weights_of_pixels(masks, side)[None], 8)[0]


def weights_of_pixels(masks: dict[str, Image.Image], side: int) -> torch.Tensor:
    """Return weights (1, side, side): 1 outside small parts, up to 14 for a mouth."""
    weights = torch.ones(side, side)
    for name in ("left_hand", "right_hand"):
        if name in masks:
            weights[_inside(masks[name])] += _HANDS
    if "face" in masks:
        weights[_inside(masks["face"])] += _FACE
        left, top, right, bottom = masks["face"].getbbox() or (0, 0, 0, 0)
        across, down = right - left, bottom - top
        first_x, first_y, last_x, last_y = (
            int(start + share * length)
            for start, length, share in zip(
                (left, top, left, top), (across, down, across, down), _MOUTH_IN_FACE, strict=True
            )
        )
        weights[first_y : last_y + 1, first_x : last_x + 1] += _MOUTH
    return weights[None]


def _inside(mask: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(mask) > 0)


class LatentPool:
    """Encoded pictures with their captions, constantly renewed, so that none is used for long.

    `make(random)` draws one `Example` of `side` pixels; `guides` says how guides are stored.
    """

    def __init__(
        self,
        vae: AutoencoderKL,
        capacity: int,
        make: Callable[[stdlib_random.Random], Example],
        *,
        side: int = family.NATIVE_SIZE,
        guides: Guides = "none",
    ) -> None:
        self.vae, self.make, self.kind = vae, make, guides
        small = side // 8
        self.latents = torch.zeros(capacity, 4, small, small)
        self.weights = torch.zeros(capacity, 1, small, small)
        self.words: list[Callable[[stdlib_random.Random], str]] = [lambda _: ""] * capacity
        shapes = {"none": (0,), "pixels": (3, side, side), "latents": (4, small, small)}
        kept = torch.uint8 if guides == "pixels" else torch.float32
        self.guides = torch.zeros(capacity, *shapes[guides], dtype=kept)
        self.filled = 0
        self.written = 0

    def renew(self, count: int, random: stdlib_random.Random) -> None:
        """Draw and encode `count` new pictures over the oldest ones."""
        examples = [self.make(random) for _ in range(count)]
        side = 8 * self.latents.shape[-1]
        latents = self._encode([example.image for example in examples])
        guides = self._keep([example.guide for example in examples if example.guide is not None])
        for number, example in enumerate(examples):
            place = self.written % len(self.words)
            self.latents[place], self.words[place] = latents[number], example.words
            self.weights[place] = weights_of_parts(example.masks, side)
            if guides is not None:
                self.guides[place] = guides[number]
            self.written += 1
        self.filled = min(self.written, len(self.words))

    def batch(self, count: int, random: stdlib_random.Random) -> Batch:
        """Return some pictures on the VAE's device, after renewing a twelfth of that number."""
        while self.filled < min(_FIRST * count, len(self.words)):
            self.renew(10, random)
        self.renew(max(2, count // 12), random)
        places = [random.randrange(self.filled) for _ in range(count)]
        device = self.vae.device
        guides = self.guides[places].to(device) if self.kind != "none" else None
        return Batch(
            self.latents[places].to(device),
            self.weights[places].to(device),
            [self.words[place](random) for place in places],
            guides.float() / 255 if guides is not None and self.kind == "pixels" else guides,
        )

    @torch.no_grad()
    def _encode(self, images: list[Image.Image]) -> torch.Tensor:
        pixels = to_tensor(images).to(self.vae.device)
        return self.vae.encode(pixels).latent_dist.mode().cpu()

    def _keep(self, guides: list[Image.Image]) -> torch.Tensor | None:
        if self.kind == "latents":
            return self._encode(guides)
        if self.kind == "pixels":
            return torch.from_numpy(np.stack([np.asarray(one) for one in guides])).permute(
                0, 3, 1, 2
            )
        return None


def velocity_loss(
    denoise: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    latents: torch.Tensor,
    weights: torch.Tensor,
    scheduler: SchedulerMixin,
) -> torch.Tensor:
    """Return the error of `denoise(noisy, timesteps)` on the velocity, at random noise levels.

    Source: Salimans and Ho, "Progressive Distillation for Fast Sampling of Diffusion Models",
    appendix D; weighted as in Hang et al., "Efficient Diffusion Training via Min-SNR Weighting
    Strategy", gamma 5.
    """
    noise = torch.randn_like(latents)
    timesteps = torch.randint(0, 1000, (len(latents),), device=latents.device)
    wanted = scheduler.get_velocity(latents, noise, timesteps)
    got = denoise(scheduler.add_noise(latents, noise, timesteps), timesteps)
    error = (weights * F.mse_loss(got, wanted, reduction="none")).mean((1, 2, 3))
    alphas = scheduler.alphas_cumprod.to(latents.device)[timesteps]
    ratio = alphas / (1 - alphas)
    return ((ratio.clamp(max=5.0) / (ratio + 1) + 0.25) * error).mean()


def some_without_words(
    captions: list[str], random: stdlib_random.Random, share: float = 0.1
) -> list[str]:
    """Return the captions with a share of them emptied, for classifier-free guidance."""
    return ["" if random.random() < share else caption for caption in captions]


def tokenize(tokenizer: CLIPTokenizer, captions: list[str], device: torch.device) -> torch.Tensor:
    """Return token numbers (n, TOKENS), padded or truncated to the encoder's length."""
    return tokenizer(
        captions, padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids.to(device)
