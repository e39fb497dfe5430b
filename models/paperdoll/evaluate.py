"""Evaluate the shipped models: `python -m models.paperdoll.evaluate base` and so on.

Every evaluator prints a Markdown table for the model card, and writes a sheet of pictures beside
it. Most use the judge, which must have been trained. `base` and `flow` print the judge's own
accuracy on held-out renders too, and fail if that is below 97 %.
"""

import argparse
import random as stdlib_random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from diffusers import StableDiffusionPipeline, ZImagePipeline
from PIL import Image, ImageDraw

from medialab.settings.schedulers import make_scheduler
from models.paperdoll import family, flow, flow_parts, world
from models.paperdoll.controlnet import evaluate_controlnet
from models.paperdoll.detector import evaluate_detector
from models.paperdoll.edit import evaluate_edit
from models.paperdoll.embedding import evaluate_embedding
from models.paperdoll.finds import evaluate_finds
from models.paperdoll.judge import accuracy, load_judge, measure
from models.paperdoll.lora import evaluate_lora
from models.paperdoll.presets import evaluate_presets
from models.paperdoll.sizes import evaluate_sizes
from models.paperdoll.upscaler import evaluate_upscaler

HERE = Path(__file__).resolve().parent
# The mean is over these; the others are printed too.
HEADLINE = ("background", "framing", "object_kind", "object_colour", "shirt", "hair_colour")
BATCH = 8
GUIDANCE = 5.0
TRUSTED = 0.97  # what the judge must read of held-out renders
# Draws a picture for each caption, from the seed beside it.
Draw = Callable[[list[str], range], list[Image.Image]]


def held_out_scenes(count: int) -> tuple[list[world.Scene], list[str]]:
    """Return scenes held out of training, and their complete captions."""
    random = stdlib_random.Random("evaluate")
    scenes = [world.draw_split(random, held_out=True) for _ in range(count)]
    return scenes, [world.caption(scene, random, complete=True) for scene in scenes]


def generate(captions: list[str], draw: Draw) -> tuple[list[Image.Image], float]:
    """Generate a picture per caption, picture k from seed k; also return the seconds for one."""
    images: list[Image.Image] = []
    started = time.perf_counter()
    for first in range(0, len(captions), BATCH):
        part = captions[first : first + BATCH]
        images += draw(part, range(first, first + len(part)))
    return images, (time.perf_counter() - started) / len(captions)


def draw_base(device: torch.device) -> Draw:
    """Load the base model; return what draws captions with it."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        family.CHECKPOINT, use_safetensors=True, local_files_only=True
    ).to(device)
    # The studio's own default, so that the figures are those of its pictures.
    pipeline.scheduler = make_scheduler("DPM++ 2M", "automatic", pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)

    def draw(captions: list[str], seeds: range) -> list[Image.Image]:
        images: list[Image.Image] = pipeline(
            captions,
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=GUIDANCE,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        ).images
        return images

    return draw


def draw_flow(device: torch.device) -> Draw:
    """Load paperdoll-flow; return what draws captions with it.

    Raises:
        SystemExit: it is not there; the message names the command that writes it.
    """
    folder = flow_parts.checkpoint()
    if not (folder / "model_index.json").exists():
        message = "no paperdoll-flow yet; write it: python -m models.paperdoll.train flow"
        raise SystemExit(message)
    pipeline = ZImagePipeline.from_pretrained(
        folder, use_safetensors=True, local_files_only=True
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    return partial(flow.generate, pipeline)


def captioned_sheet(images: list[Image.Image], captions: list[str], columns: int) -> Image.Image:
    """Lay out pictures in rows, each with its caption below it."""
    cell, text = family.NATIVE_SIZE + 12, 62
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * cell, rows * (cell + text)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (image, said) in enumerate(zip(images, captions, strict=True)):
        left, top = number % columns * cell + 6, number // columns * (cell + text) + 6
        sheet.paste(image, (left, top))
        for row, line in enumerate(_wrapped(said, 27)[:6]):
            below = top + family.NATIVE_SIZE + 2 + 10 * row
            pen.text((left, below), line, fill="black", font_size=9)
    return sheet


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def table(on_pictures: dict[str, float], on_renders: dict[str, float]) -> str:
    """Return the accuracies as a Markdown table, headline attributes first, with their mean."""
    order = [*HEADLINE, *(question for question in on_pictures if question not in HEADLINE)]
    rows = ["| attribute | generated | judge on held-out renders |", "|---|---|---|"]
    for question in order:
        if question in on_pictures:
            name = question.replace("_", " ")
            rows.append(f"| {name} | {on_pictures[question]:.0%} | {on_renders[question]:.1%} |")
    means = [headline(scores) for scores in (on_pictures, on_renders)]
    rows.append(f"| **mean of the first six** | **{means[0]:.1%}** | **{means[1]:.1%}** |")
    return "\n".join(rows)


def headline(scores: dict[str, float]) -> float:
    """Return the mean over the headline attributes."""
    return sum(scores.get(question, 0.0) for question in HEADLINE) / len(HEADLINE)


def evaluate_checkpoint(
    load: Callable[[torch.device], Draw],
    guidance: float,
    count: int,
    device: torch.device,
    sheet: Path,
) -> str:
    """Measure a checkpoint with the judge, on combinations held out of training.

    Raises:
        SystemExit: the judge itself is not accurate enough on held-out renders.
    """
    judge, draw = load_judge(device), load(device)
    scenes, captions = held_out_scenes(count)
    images, seconds = generate(captions, draw)
    on_renders = measure(judge)
    captioned_sheet(images[:64], captions[:64], 8).save(sheet)
    if headline(on_renders) < TRUSTED:
        sys.exit(f"the judge reads under {TRUSTED:.0%} of held-out renders: train it longer")
    made = f"{len(images)} captions of held-out combinations, {family.SAMPLING_STEPS} steps"
    return (
        f"{table(accuracy(judge, scenes, images), on_renders)}\n"
        f"{made}, guidance {guidance:g}, {seconds:.2f} s a picture in batches of {BATCH}"
    )


class Evaluator(NamedTuple):
    """An evaluation: `measure(count, device, sheet)` returns the table; `sheet` is a file name."""

    measure: Callable[[int, torch.device, Path], str]
    count: int
    sheet: str


EVALUATORS = {
    "base": Evaluator(partial(evaluate_checkpoint, draw_base, GUIDANCE), 240, "contact-sheet.png"),
    "flow": Evaluator(
        partial(evaluate_checkpoint, draw_flow, flow.GUIDANCE), 240, "flow-sheet.png"
    ),
    "sizes": Evaluator(evaluate_sizes, 48, "sizes-sheet.png"),
    "detector": Evaluator(evaluate_detector, 400, "detector-sheet.png"),
    "finds": Evaluator(evaluate_finds, 50, "finds-sheet.png"),
    "upscaler": Evaluator(evaluate_upscaler, 64, "upscaler-sheet.png"),
    "controlnet": Evaluator(evaluate_controlnet, 64, "controlnet-sheet.png"),
    "edit": Evaluator(evaluate_edit, 200, "edit-sheet.png"),
    "lora": Evaluator(evaluate_lora, 24, "lora-sheet.png"),
    "presets": Evaluator(evaluate_presets, 4, "presets-sheet.png"),
    "embedding": Evaluator(evaluate_embedding, 36, "embedding-sheet.png"),
}


def main(arguments: list[str] | None = None) -> None:
    """Measure the model named on the command line, and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=EVALUATORS)
    parser.add_argument("--count", type=int, help="pictures to measure; the evaluator's own number")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sheet", type=Path, help="where the pictures go; beside the model card")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    evaluator = EVALUATORS[given.model]
    sheet = given.sheet or HERE / evaluator.sheet
    print(evaluator.measure(given.count or evaluator.count, torch.device(given.device), sheet))


if __name__ == "__main__":
    main()
