"""The measurement behind the step counts of the shipped presets.

Each preset is used on held-out people with several step counts. What is measured is how far a
picture is from the one of many steps, where more change nothing: the mean difference of all
channels, 0 to 255. For pictures that are drawn from noise the detector says, too, in how many there
is one face and one body.
"""

import random as stdlib_random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.presets.preset import Preset
from medialab.presets.presets import SHIPPED
from models.paperdoll import detector, family, world
from models.paperdoll.draw import draw
from models.paperdoll.edit import draw_edit
from models.paperdoll.sizes import is_whole
from models.paperdoll.training import contact_sheet

MANY = 40  # steps, beyond which a picture hardly changes
STEPS = (4, 6, 8, 12, 16, 20, 24)


class Ladder(NamedTuple):
    """A preset's step counts, measured: where they are set, and the score of each."""

    preset: str
    setting: str
    rows: list[tuple[int, float]]
    whole: list[float]


# Where each preset has its steps: of the whole picture, or of a stage.
_SETTING = {
    "Draft": "steps",
    "Quality": "steps",
    "Portrait repair": "face.steps",
    "Poster upscale": "upscaler.steps",
    "Edit": "steps",
}


def evaluate_presets(count: int, device: torch.device, sheet: Path) -> str:
    """Measure each shipped preset over several step counts, and mark its own."""
    shown: list[Image.Image] = []
    texts = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Workbench(models=family.MODELS, outputs=folder, device=str(device)) as bench,
    ):
        for name in _SETTING:
            preset = Preset.parse((SHIPPED / f"{name}.json").read_bytes(), name)
            ladder, pictures = measure(bench, preset, count)
            shown += pictures
            texts.append(_table(preset, ladder, count))
    contact_sheet(shown, len(STEPS) + 1).save(sheet)
    return "\n\n".join(texts)


def measure(bench: Workbench, preset: Preset, count: int) -> tuple[Ladder, list[Image.Image]]:
    """Return the scores of a preset by steps, and the first picture of each step count."""
    setting = _SETTING[preset.name]
    requests = _edits(bench, preset, count) if preset.name == "Edit" else _people(preset, count)
    finished = [_made(bench, request, setting, MANY) for request in requests]
    finder = detector.load(torch.device(bench.device)) if setting == "steps" else None
    rows, whole, firsts = [], [], []
    for steps in STEPS:
        made = [_made(bench, request, setting, steps) for request in requests]
        apart = [_apart(one, other) for one, other in zip(made, finished, strict=True)]
        rows.append((steps, round(sum(apart) / count, 2)))
        if finder is not None and preset.name != "Edit":
            whole.append(sum(is_whole(finder, image) for image in made) / count)
        firsts.append(made[0].resize((family.NATIVE_SIZE, family.NATIVE_SIZE)))
    firsts.append(finished[0].resize((family.NATIVE_SIZE, family.NATIVE_SIZE)))
    return Ladder(preset.name, setting, rows, whole), firsts


def _people(preset: Preset, count: int) -> list[PipelineConfig]:
    random = stdlib_random.Random("presets")
    scenes: list[world.Scene] = []
    while len(scenes) < count:
        scene = world.draw_split(random, held_out=True)
        if scene.framing in {"portrait", "full body"}:
            scenes.append(scene)
    captions = [world.caption(scene, random, complete=True) for scene in scenes]
    return [
        preset.applied(PipelineConfig(prompt=caption, seed=seed))
        for seed, caption in enumerate(captions)
    ]


def _edits(bench: Workbench, preset: Preset, count: int) -> list[PipelineConfig]:
    random = stdlib_random.Random("presets")
    edits = [draw_edit(random, held_out=True) for _ in range(count)]
    pictures = [draw(edit.before, family.NATIVE_SIZE, masks=False).image for edit in edits]
    return [
        preset.applied(
            PipelineConfig(prompt=edit.instructions[0], seed=seed, image=bench.keep(picture))
        )
        for seed, (edit, picture) in enumerate(zip(edits, pictures, strict=True))
    ]


def _made(bench: Workbench, request: PipelineConfig, setting: str, steps: int) -> Image.Image:
    stage, _, own = setting.rpartition(".")
    changes: Mapping[str, Any] = {own: steps}
    if stage:
        changes = {stage: getattr(request, stage).model_dump() | changes}
    return bench.execute(request.changed(**changes), save=False).image


def _apart(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of all channels of two pictures, 0 to 255."""
    first, second = (np.asarray(image.convert("RGB"), np.float32) for image in (one, other))
    return float(np.abs(first - second).mean())


def _table(preset: Preset, ladder: Ladder, count: int) -> str:
    own = preset.settings
    for name in ladder.setting.split("."):
        own = own[name]
    checkpoint = preset.settings.get("checkpoint", "paperdoll")
    rows = [
        f"{preset.name} ({ladder.setting}), {count} pictures of {checkpoint}",
        f"| steps | from the picture of {MANY} steps | one face, one body |",
        "|---|---|---|",
    ]
    for number, (steps, apart) in enumerate(ladder.rows):
        mark = "**" if steps == own else ""
        whole = f"{ladder.whole[number]:.0%}" if ladder.whole else "-"
        rows.append(f"| {mark}{steps}{mark} | {apart:.2f} | {whole} |")
    return "\n".join(rows)
