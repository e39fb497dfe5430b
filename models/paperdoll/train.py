"""Train a paperdoll model: `python -m models.paperdoll.train vae|base|judge --steps N`.

The same command runs on a CPU or a GPU and goes on where it stopped; `base` needs a finished `vae`
and writes the checkpoint. See training.py for what is kept where.
"""

import argparse
from dataclasses import replace

import torch

from models.paperdoll import family
from models.paperdoll.base import train_base
from models.paperdoll.judge import train_judge
from models.paperdoll.vae import train_vae

RECIPES = {"vae": train_vae, "base": train_base, "judge": train_judge}


def main(arguments: list[str] | None = None) -> None:
    """Train the model named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=RECIPES)
    parser.add_argument("--size", choices=family.SIZES, default="tiny")
    parser.add_argument(
        "--steps", type=int, required=True, help="steps in all, those already made included"
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
    torch.set_num_threads(given.threads)
    size = family.SIZES[given.size]
    if given.batch:
        size = replace(size, batch=given.batch)
    RECIPES[given.model](size, given.steps, torch.device(given.device), warm=given.warm)


if __name__ == "__main__":
    main()
