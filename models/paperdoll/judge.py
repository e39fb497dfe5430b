"""The judge: a small classifier of a picture's attributes, trained on renders alone.

The evaluators use it on generated pictures. It must first classify held-out renders almost without
errors; otherwise its answers on other pictures mean nothing.
"""

import random as stdlib_random
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from safetensors.torch import load_file
from torch import nn

from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.training import Trainer, part, to_tensor

RENDERS = 1000  # that the judge itself is measured on
# What the judge names: the attribute of a Scene and its values. It says something of every
# attribute; who asks leaves out what a scene does not have.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "background": world.BACKGROUNDS,
    "framing": world.FRAMINGS,
    "object_kind": world.OBJECTS,
    "object_colour": world.OBJECT_COLOURS,
    "shirt": world.CLOTH_COLOURS,
    "hair_colour": world.HAIR_COLOURS,
    "hair_length": world.HAIR_LENGTHS,
    "expression": world.EXPRESSIONS,
    "hat": ("none", *world.CLOTH_COLOURS),
    "trousers": world.CLOTH_COLOURS,
    "pose": world.POSES,
    "gesture": world.GESTURES,
}


class Judge(nn.Module):
    """A network from pictures (n, 3, 128, 128) in [-1, 1] to a row of scores per question."""

    def __init__(self) -> None:
        super().__init__()
        # Channels in and out, kernel, stride: 128 px come down to 4 x 4 places in few operations.
        shapes = ((3, 40, 8, 4), (40, 80, 3, 2), (80, 128, 3, 2), (128, 160, 3, 2))
        layers: list[nn.Module] = []
        for before, after, kernel, stride in shapes:
            padding = (kernel - stride + 1) // 2
            layers += [nn.Conv2d(before, after, kernel, stride, padding), nn.GroupNorm(8, after)]
            layers += [nn.SiLU()]
        # The places are kept apart: where a colour is tells a shirt from trousers.
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.1), nn.LazyLinear(256))
        self.heads = nn.ModuleDict(
            {question: nn.Linear(256, len(values)) for question, values in QUESTIONS.items()}
        )
        self.features(torch.zeros(1, 3, family.NATIVE_SIZE, family.NATIVE_SIZE))

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return scores (n, values) per question."""
        seen = F.silu(self.features(pixels))
        return {question: head(seen) for question, head in self.heads.items()}


def answer(scene: world.Scene, question: str) -> str | None:
    """Return the right answer, or None if the question does not apply to the scene.

    Shirts are not asked for in face close-ups (they are barely visible), and gestures only in
    hand close-ups.
    """
    if question == "hat":
        return None if scene.hair_colour is None else scene.hat or "none"
    if question == "shirt" and scene.framing == "face close-up":
        return None
    if question == "gesture" and scene.framing != "hand close-up":
        return None
    value: str | None = getattr(scene, question)
    return value


@torch.no_grad()
def name_attributes(judge: Judge, images: list[Image.Image]) -> list[dict[str, str]]:
    """Return the judge's answers for each picture, one value per question."""
    device = next(judge.parameters()).device
    scores = judge(to_tensor(images).to(device))
    places = {question: rows.argmax(1).tolist() for question, rows in scores.items()}
    return [
        {question: QUESTIONS[question][place[n]] for question, place in places.items()}
        for n in range(len(images))
    ]


def accuracy(
    judge: Judge, scenes: list[world.Scene], images: list[Image.Image]
) -> dict[str, float]:
    """Return the share of right answers per question, over the scenes it applies to."""
    right: dict[str, list[bool]] = {question: [] for question in QUESTIONS}
    for start in range(0, len(images), 64):
        part = slice(start, start + 64)
        for scene, said in zip(scenes[part], name_attributes(judge, images[part]), strict=True):
            for question in QUESTIONS:
                wanted = answer(scene, question)
                if wanted is not None:
                    right[question].append(said[question] == wanted)
    return {question: sum(seen) / len(seen) for question, seen in right.items() if seen}


def train_judge(size: family.Size, steps: int, device: torch.device, *, warm: bool = False) -> None:
    """Train by cross-entropy on renders, with random blur and noise like generated pictures."""
    if warm:
        message = "the judge has no shipped weights to start from; it trains in minutes"
        raise SystemExit(message)
    judge = Judge()
    trainer = Trainer("judge", {"judge": judge}, device, rate=2e-3)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        scenes = [world.draw_split(random, held_out=False) for _ in range(2 * size.batch)]
        pixels = to_tensor([_roughened(scene, random) for scene in scenes]).to(device)
        pixels = pixels + torch.randn_like(pixels) * random.choice((0.0, 0.02, 0.06))
        judge.train()
        scores = judge(pixels)
        losses = []
        for question, values in QUESTIONS.items():
            answers = [answer(scene, question) for scene in scenes]
            known = [n for n, value in enumerate(answers) if value is not None]
            if known:
                wanted = torch.tensor([values.index(str(answers[n])) for n in known], device=device)
                losses.append(F.cross_entropy(scores[question][known], wanted))
        return torch.stack(losses).sum()

    def sample(path: Path, step: int) -> None:
        del path
        averaged = Judge().to(device)
        averaged.load_state_dict(trainer.averaged("judge"))
        scores = measure(averaged.eval(), RENDERS // 2)
        worst = min(scores, key=lambda question: scores[question])
        mean = sum(scores.values()) / len(scores)
        print(f"step {step}: held-out renders {mean:.1%}, {worst} {scores[worst]:.1%}", flush=True)

    trainer.run(steps, loss, sample, sample_every=500)


def measure(judge: Judge, count: int | None = None) -> dict[str, float]:
    """Return the judge's accuracy per question on `count` held-out renders."""
    random = stdlib_random.Random("judge")
    scenes = [world.draw_split(random, held_out=True) for _ in range(count or RENDERS)]
    images = [draw(scene, family.NATIVE_SIZE, masks=False).image for scene in scenes]
    return accuracy(judge, scenes, images)


def load_judge(device: torch.device) -> Judge:
    """Load the judge as last trained: its averaged weights.

    Raises:
        FileNotFoundError: it was never trained; the message names the command.
    """
    path = family.TRAINING / "judge" / "state.safetensors"
    if not path.exists():
        message = "no judge yet; train it: python -m models.paperdoll.train judge --steps 2200"
        raise FileNotFoundError(message)
    judge = Judge().to(device)
    judge.load_state_dict(part(load_file(path, device=str(device)), "average/judge."))
    return judge.eval()


def _roughened(scene: world.Scene, random: stdlib_random.Random) -> Image.Image:
    """Return the scene's render, softened by a random amount."""
    image = draw(scene, family.NATIVE_SIZE, masks=False).image
    radius = random.choice((0.0, 0.0, 0.7, 1.3, 2.0))
    return image.filter(ImageFilter.GaussianBlur(radius)) if radius else image
