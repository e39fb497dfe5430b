"""Whole pictures: diffusers' defaults, its half precision, and this studio, family by family."""

import json
import subprocess
import sys
from pathlib import Path

import torch

from tests.benchmarks.levels import grey_levels
from tests.benchmarks.unet_size import Ours, Plain
from tests.gpu.rows.device import begin_peak, once, peak, seconds

ROOT = Path(__file__).resolve().parents[3]
_STEPS, _ROUNDS = 20, 2


def sd15(place):
    """SD1.5 at 512 px."""
    return _beside(place, "sd15", 512)


def sdxl(place):
    """SDXL at 1024 px."""
    return _beside(place, "sdxl", 1024)


def _beside(place, family, real_side):
    folder, device = place.models(family), place.device
    side, steps = place.side(real_side), place.steps(_STEPS)
    found, pictures = {}, {}
    programs = {"diffusers": lambda: Plain(folder, family, device)}
    if device != "cpu":  # which has no float16
        programs["diffusers, float16"] = lambda: Plain(folder, family, device, torch.float16)
    programs["studio"] = lambda: Ours(folder, family, device)
    for name, start in programs.items():
        begin_peak(device)
        made = start()
        _, load = once(lambda made=made: made.load("a"), device)
        _, first = once(lambda made=made: made.draw("a", 1, side, steps), device)
        seeds = iter(range(100, 200))
        draw = seconds(
            lambda made=made, seeds=seeds: made.draw("a", next(seeds), side, steps), device, _ROUNDS
        )
        pictures[name] = made.draw("a", 7, side, steps)
        found[name] = {
            "load": round(load, 2),
            "first": round(first, 2),
            "steps_a_second": round(steps / draw, 2),
            "pictures_a_minute": round(60 / draw, 1),
            "peak_gb": round(peak(device), 2),
        }
        made.close()
        del made
    ratio = found["studio"]["pictures_a_minute"] / found["diffusers"]["pictures_a_minute"]
    levels = grey_levels(pictures["diffusers"], pictures["studio"])
    return found | {"times as fast": ratio, "levels apart": str(levels)}


def z_image(place):
    """Z-Image's shapes with an eighth of the layers: this studio, and diffusers' own pipeline."""
    share = 1 / 80 if place.is_small else 1 / 8
    models = place.folder / "z-image"
    found = {}
    for what in (("write", models, share), ("plain", models), ("ours", models, models / "out")):
        command = [sys.executable, "-m", "tests.benchmarks.real_size", *map(str, what)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        if what[0] != "write":
            told = json.loads(done.stdout.splitlines()[-1])
            found[what[0]] = {name: round(value, 2) for name, value in told.items()}
    return found
