"""The recipe of the 2x upscaler: a small Compact network, loaded by spandrel like any other.

Source: Wang et al., "Real-ESRGAN", whose SRVGGNetCompact this is; the class is spandrel's.
"""

import math
import random as stdlib_random
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from medialab.loading.upscalers import compact_network, load_upscaler
from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.training import Trainer, contact_sheet, to_tensor

FILE = "upscalers/paperdoll-2x.safetensors"  # below models/
SCALE = 2
_CROP = 48  # pixels of the small picture that a step sees
_FILTERS = (
    Image.Resampling.BOX,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


def make_upscaler() -> nn.Module:
    """Make the network (0.1 M weights): (n, 3, h, w) in [0, 1] to (n, 3, 2h, 2w)."""
    network = compact_network(features=40, layers=8, scale=SCALE)
    *body, last = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    for layer in body:
        # With torch's own start each layer halves what it gets, and nothing is learnt.
        nn.init.kaiming_normal_(layer.weight, a=0.25)
        nn.init.zeros_(layer.bias)
    nn.init.normal_(last.weight, std=1e-3)
    nn.init.zeros_(last.bias)
    return network


def train_upscaler(
    size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train by L1 between the enlarged picture and the same scene drawn twice as large."""
    network = make_upscaler()
    if warm:
        network.load_state_dict(load_file(family.MODELS / FILE))
    trainer = Trainer("upscaler", {"network": network}, device, rate=1e-3)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        small, large = [], []
        for _ in range(max(2, size.batch // 4)):
            high = draw(world.draw_split(random, held_out=False), 256, masks=False).image
            reduction = random.choice(_FILTERS)
            small.append(high.resize((128, 128), reduction))
            large.append(high)
        pixels = to_tensor(small).to(device)
        x, y = random.randint(0, 128 - _CROP), random.randint(0, 128 - _CROP)
        given = pixels[:, :, y : y + _CROP, x : x + _CROP].add(1).div(2)
        whole = to_tensor(large).to(device).add(1).div(2)
        wanted = whole[:, :, 2 * y : 2 * (y + _CROP), 2 * x : 2 * (x + _CROP)]
        error: torch.Tensor = (network(given) - wanted).abs().mean()
        return error

    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        weights = trainer.averaged("network")
        save_file({name: value.half().cpu().contiguous() for name, value in weights.items()}, path)
        path.chmod(0o644)  # safetensors writes for its owner alone

    def sample(path: Path, step: int) -> None:
        file = trainer.folder / "sample.safetensors"
        write(file)
        ours, lanczos, shown = compare(file, 12, device)
        contact_sheet(shown, 6).save(path)
        print(f"step {step}: {ours:.2f} dB, Lanczos {lanczos:.2f} dB", flush=True)

    if trainer.run(steps, loss, sample, sample_every=400):
        write(family.MODELS / FILE)
        print(f"written: models/{FILE}")


def compare(file: Path, count: int, device: torch.device) -> tuple[float, float, list[Image.Image]]:
    """Return PSNRs in dB of held-out renders reduced to 128 px and enlarged: ours, Lanczos's.

    The third result is the pictures to look at: Lanczos, ours, and the render for each scene.
    """
    upscaler = load_upscaler(file, str(device))
    random = stdlib_random.Random("upscaler")
    ours, theirs, shown = [], [], []
    for _ in range(count):
        high = draw(world.draw_split(random, held_out=True), 256, masks=False).image
        small = high.resize((128, 128), Image.Resampling.BICUBIC)
        lanczos = small.resize((256, 256), Image.Resampling.LANCZOS)
        larger = upscaler.enlarge(small)
        ours.append(psnr(larger, high))
        theirs.append(psnr(lanczos, high))
        shown += [lanczos, larger, high]
    return sum(ours) / count, sum(theirs) / count, shown


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two RGB pictures of one size, in dB."""
    error = float((to_tensor([one]) - to_tensor([other])).div(2).square().mean())
    return -10 * math.log10(max(error, 1e-12))


def evaluate_upscaler(count: int, device: torch.device, sheet: Path) -> str:
    """Measure the mean PSNR on held-out renders, in comparison with Lanczos."""
    ours, lanczos, shown = compare(family.MODELS / FILE, count, device)
    contact_sheet(shown[:12], 6).save(sheet)
    return "\n".join(
        [
            "| 128 px to 256 px | PSNR |",
            "|---|---|",
            f"| Lanczos | {lanczos:.2f} dB |",
            f"| paperdoll-2x | {ours:.2f} dB |",
            f"| **gain** | **{ours - lanczos:.2f} dB** |",
        ]
    )
