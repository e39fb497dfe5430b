"""Detections in pictures that the base model made, as a sheet to judge by eye.

A generated picture has no ground truth, so the command draws each detection, and a person compares
them with what the picture shows.
"""

import random as stdlib_random
import tempfile
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from medialab import PipelineConfig, Workbench
from models.paperdoll import detector, family, world
from models.paperdoll.training import contact_sheet

_ENLARGED = 2  # factor, so that hands are large enough to judge


def evaluate_finds(count: int, device: torch.device, sheet: Path) -> str:
    """Count the detections of each label; the sheet shows them, numbered."""
    random = stdlib_random.Random("finds")
    scenes: list[world.Scene] = []
    while len(scenes) < count:
        scene = world.draw_split(random, held_out=True)
        if scene.hair_colour is not None:
            scenes.append(scene)
    captions = [world.caption(scene, random, complete=True) for scene in scenes]
    segmenter = detector.load(device)
    finds = dict.fromkeys(detector.LABELS[1:], 0)
    shown: list[Image.Image] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Workbench(models=family.MODELS, outputs=folder, device=str(device)) as bench,
    ):
        for seed, caption in enumerate(captions):
            config = PipelineConfig.parse({"prompt": caption, "seed": seed})
            image = bench.execute(config, save=False).image
            found = detector.find(segmenter, image)
            for one in found:
                finds[one.label] += 1
            shown.append(_numbered(image, found, seed + 1))
    contact_sheet(shown, 10).quantize(256).save(sheet)
    rows = ["| part | finds |", "|---|---|"]
    rows += [f"| {label} | {number} |" for label, number in finds.items()]
    return "\n".join(rows)


def _numbered(image: Image.Image, found: list[detector.Detection], number: int) -> Image.Image:
    size = (_ENLARGED * image.width, _ENLARGED * image.height)
    shown = image.resize(size, Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(shown)
    for one in found:
        left, top, right, bottom = (_ENLARGED * edge for edge in one.box.edges)
        pen.rectangle((left, top, right - 1, bottom - 1), outline=detector.COLOURS[one.label])
    pen.text((4, 2), str(number), fill="black", stroke_width=2, stroke_fill="white")
    return shown
