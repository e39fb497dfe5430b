"""Ask the base model for held-out combinations and let the judge say what it drew.

`python -m models.paperdoll.evaluate` prints a table of accuracy per attribute and writes a contact
sheet of 64 prompts beside the model card. The judge must have been trained; its own accuracy on
held-out renders is printed beside, and below 97 % the command fails.
"""

import argparse
import random as stdlib_random
import sys
import time
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw

from medialab.samplers import make_scheduler
from models.paperdoll import family, world
from models.paperdoll.judge import accuracy, load_judge, measure

HERE = Path(__file__).resolve().parent
# The round's mean is over these; the others are printed too.
HEADLINE = ("background", "framing", "object_kind", "object_colour", "shirt", "hair_colour")
BATCH = 8
TRUSTED = 0.97  # what the judge must read of held-out renders


def held_out_scenes(count: int) -> tuple[list[world.Scene], list[str]]:
    """Scenes whose combinations were never trained on, and their complete captions."""
    random = stdlib_random.Random("evaluate")
    scenes = [world.draw_split(random, held_out=True) for _ in range(count)]
    return scenes, [world.caption(scene, random, complete=True) for scene in scenes]


def generate(
    captions: list[str], device: str, steps: int, guidance_scale: float
) -> tuple[list[Image.Image], float]:
    """A picture per caption, picture k from seed k; and the seconds that one took."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        family.CHECKPOINT, use_safetensors=True, local_files_only=True
    ).to(device)
    # The studio's own default, so that the figures are those of its pictures.
    pipeline.scheduler = make_scheduler("DPM++ 2M", "automatic", pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    images: list[Image.Image] = []
    started = time.perf_counter()
    for first in range(0, len(captions), BATCH):
        part = captions[first : first + BATCH]
        seeds = [torch.Generator().manual_seed(first + k) for k in range(len(part))]
        images += pipeline(
            part, num_inference_steps=steps, guidance_scale=guidance_scale, generator=seeds
        ).images
    return images, (time.perf_counter() - started) / len(captions)


def captioned_sheet(images: list[Image.Image], captions: list[str], columns: int) -> Image.Image:
    """Pictures in rows, each with its caption below it."""
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
    """The accuracies as a Markdown table, headline attributes first, with their mean."""
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
    """The mean over the headline attributes."""
    return sum(scores.get(question, 0.0) for question in HEADLINE) / len(HEADLINE)


def main(arguments: list[str] | None = None) -> None:
    """Generate, judge, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=320, help="captions to ask for")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sheet", type=Path, default=HERE / "contact-sheet.png")
    given = parser.parse_args(arguments)
    judge = load_judge(torch.device(given.device))
    scenes, captions = held_out_scenes(given.count)
    images, seconds = generate(captions, given.device, given.steps, given.guidance)
    on_renders = measure(judge, 1000)
    print(table(accuracy(judge, scenes, images), on_renders))
    print(
        f"{len(images)} captions of held-out combinations, {given.steps} steps, guidance "
        f"{given.guidance:g}, {seconds:.2f} s a picture in batches of {BATCH}"
    )
    captioned_sheet(images[:64], captions[:64], 8).save(given.sheet)
    if headline(on_renders) < TRUSTED:
        sys.exit(f"the judge reads under {TRUSTED:.0%} of held-out renders: train it longer")


if __name__ == "__main__":
    main()
