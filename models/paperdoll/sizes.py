"""An evaluation of people above the native size: one head, one body, the same attributes."""

import random as stdlib_random
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from models.paperdoll import detector, family, world
from models.paperdoll.judge import accuracy, load_judge
from models.paperdoll.training import contact_sheet

_LEAST_SHARE = 0.25  # of the largest find; a doubled head is as large as the first
SCALES = (1.0, 1.5, 2.0)
_JUDGED = ("background", "framing", "shirt", "hair_colour")


def evaluate_sizes(count: int, device: torch.device, sheet: Path) -> str:
    """Enlarge held-out people with the studio's hires fix, and count faces and bodies.

    A picture is intact if the detector finds one face and one body in it; small scraps beside
    them, such as a sleeve labelled a body, do not count.
    """
    random = stdlib_random.Random("sizes")
    scenes: list[world.Scene] = []
    while len(scenes) < count:
        scene = world.draw_split(random, held_out=True)
        if scene.framing in {"portrait", "full body", "face close-up"}:
            scenes.append(scene)
    captions = [world.caption(scene, random, complete=True) for scene in scenes]
    segmenter, judge = detector.load(device), load_judge(device)
    rows = ["| refined to | whole | as asked (judge) |", "|---|---|---|"]
    shown: list[list[Image.Image]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Workbench(models=family.MODELS, outputs=folder, device=str(device)) as bench,
    ):
        for scale in SCALES:
            images = [
                bench.execute(_request(caption, seed, scale), save=False).image
                for seed, caption in enumerate(captions)
            ]
            whole = sum(is_whole(segmenter, image) for image in images) / count
            native = (family.NATIVE_SIZE, family.NATIVE_SIZE)
            reduced = [image.resize(native, Image.Resampling.LANCZOS) for image in images]
            seen = accuracy(judge, scenes, reduced)
            mean = sum(seen[question] for question in _JUDGED) / len(_JUDGED)
            rows.append(f"| {scale:g} x | {whole:.0%} of {count} | {mean:.0%} |")
            shown.append([image.resize((256, 256)) for image in images[:6]])
    contact_sheet([image for images in shown for image in images], 6).save(sheet)
    return "\n".join(rows)


def _request(caption: str, seed: int, scale: float) -> PipelineConfig:
    refiner = {"enabled": scale > 1, "scale": scale}
    return PipelineConfig.parse(
        {"prompt": caption, "seed": seed, "steps": family.SAMPLING_STEPS, "refiner": refiner}
    )


def is_whole(segmenter: detector.Segmenter, image: Image.Image) -> bool:
    """Return whether the detector finds one face and one body in a picture."""
    return all(_count(segmenter.find(image, label)) == 1 for label in ("face", "body"))


def _count(finds: list[detector.Detection]) -> int:
    """Return the number of detections that are not scraps beside the largest."""
    sizes = [np.count_nonzero(np.asarray(found.mask)) for found in finds]
    return sum(size >= _LEAST_SHARE * max(sizes) for size in sizes)
