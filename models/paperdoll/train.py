"""Train paperdoll models: `python -m models.paperdoll.train` lists the recipes, a name runs one.

The same command runs on a CPU or a GPU, and resumes where it stopped. `all` runs the recipes in
their order: each needs the ones before it. See training.py for the files that are written.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import torch

from models.paperdoll import family
from models.paperdoll.base import train_base
from models.paperdoll.controlnet import train_controlnet
from models.paperdoll.detector import train_detector
from models.paperdoll.edit import train_edit
from models.paperdoll.embedding import train_embedding
from models.paperdoll.flow import train_flow
from models.paperdoll.flow_vae import train_flow_vae
from models.paperdoll.judge import train_judge
from models.paperdoll.lora import train_style
from models.paperdoll.upscaler import train_upscaler
from models.paperdoll.vae import train_vae


class Recipe(NamedTuple):
    """A recipe: its result, its training function, and the steps of the shipped weights."""

    makes: str
    train: Callable[..., Any]
    steps: int


RECIPES = {
    "vae": Recipe("pictures to latents and back; `base` ships it", train_vae, 7_600),
    "base": Recipe("text encoder and UNet: checkpoints/paperdoll", train_base, 6_500),
    "judge": Recipe("names what a picture shows; asked by the evaluators", train_judge, 2_200),
    "detector": Recipe("finds faces, hands, bodies: detectors/paperdoll", train_detector, 3_300),
    "upscaler": Recipe("twice the size: upscalers/paperdoll-2x", train_upscaler, 1_600),
    "controlnet": Recipe("follows edges: controlnet/paperdoll-canny", train_controlnet, 900),
    "edit": Recipe("edits by instruction: checkpoints/paperdoll-edit", train_edit, 2_400),
    "pencil-sketch": Recipe("a style LoRA in grey", partial(train_style, "pencil-sketch"), 350),
    "night-palette": Recipe("a style LoRA in blue", partial(train_style, "night-palette"), 350),
    "mina": Recipe("a person as two words: embeddings/mina", train_embedding, 300),
    "flow-vae": Recipe("the base's VAE with 16 channels; `flow` ships it", train_flow_vae, 500),
    "flow": Recipe("Z-Image's shape: checkpoints/paperdoll-flow", train_flow, 3_000),
}


def main(arguments: list[str] | None = None) -> None:
    """Train the model named on the command line, or list the recipes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", nargs="?", choices=[*RECIPES, "all"])
    parser.add_argument("--size", choices=family.SIZES, default="tiny")
    parser.add_argument(
        "--steps",
        type=int,
        help="steps in all, those already made included; the recipe's own. "
        "1 writes what it has learnt so far",
    )
    parser.add_argument("--batch", type=int, help="pictures a step; the size's own if not given")
    parser.add_argument(
        "--warm", action="store_true", help="start from the shipped weights, not from nothing"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--threads", type=int, default=1, help="CPU threads; one each is fastest on a busy machine"
    )
    given = parser.parse_args(arguments)
    if given.recipe is None:
        print(listing())
        return
    torch.set_num_threads(given.threads)
    size = family.SIZES[given.size]
    if given.batch:
        size = replace(size, batch=given.batch)
    for name in RECIPES if given.recipe == "all" else [given.recipe]:
        recipe = RECIPES[name]
        print(f"{name}: {recipe.makes}", flush=True)
        steps = given.steps or recipe.steps
        recipe.train(size, steps, torch.device(given.device), warm=given.warm)


def listing() -> str:
    """Return the recipes, one per line, in the order they are run."""
    rows = [f"  {name:15}{recipe.makes} ({recipe.steps} steps)" for name, recipe in RECIPES.items()]
    return "\n".join(["recipes, in the order in which they need each other:", *rows])


if __name__ == "__main__":
    main()
