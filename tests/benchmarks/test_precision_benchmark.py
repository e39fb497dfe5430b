"""How far settings that need less memory are from float32, in levels of grey, family by family.

`REAL_SIZE=1 pytest -s tests/benchmarks/test_precision_benchmark.py` prints the table that
docs/performance.md has: paperdoll, SD1.5 in its real size with random weights (4 GB of disk, some
minutes), and every other family that draws in tiny shapes with random weights, whose figures tell
that a family computes soundly, not how its trained models look. Nothing here depends on speed.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from medialab.families import RUNNING
from tests.benchmarks.levels import grey_levels
from tests.benchmarks.unet_size import Ours
from tests.tiny.families import write_families

ROOT = Path(__file__).resolve().parents[2]
REAL = "REAL_SIZE" in os.environ
SETTINGS = ({"precision": "bfloat16"}, {"precision": "float32", "weight_dtype": "fp8_e4m3fn"})
# Of 255. A mean above this is another picture, or noise.
MOST_MEAN = 32
TINY = [name for name, one in RUNNING.items() if not one.finishes and name != "paperdoll"]


def compared(draw, title, keep):
    """Draw in float32 and otherwise, and print and keep a row for each."""
    exact = draw(precision="float32")
    for settings in SETTINGS:
        levels = grey_levels(exact, draw(**settings))
        name = settings.get("weight_dtype", settings["precision"])
        row = f"| {title} | {name} | {levels.mean:.2f} | {levels.most:.0f} | {levels.worst} |"
        keep(row, title=title, setting=name, **levels._asdict())
        assert levels.worst > 0, "the setting did nothing"
        assert levels.mean < MOST_MEAN, row


def drawn(bench, asked, **changes):
    return bench.execute(asked.changed(**changes), save=False).image


@pytest.mark.slow
def test_paperdoll(tmp_path, keep):
    asked = PipelineConfig(
        prompt="a close-up of the face of a smiling person with long red hair", steps=20, seed=7
    )
    with Workbench(ROOT / "models", tmp_path, device="cpu") as bench:
        compared(partial(drawn, bench, asked), "paperdoll", keep)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("name", TINY)
def test_a_family_in_tiny_shapes(name, tiny_models, tmp_path, keep):
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(tmp_path / "models", [name], paperdoll)
    asked = PipelineConfig(
        prompt="a red ball", checkpoint=name, steps=4, width=64, height=64, seed=7
    )
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        compared(partial(drawn, bench, asked), f"{name}, tiny", keep)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_sd15_of_random_weights(tmp_path, keep):
    command = [sys.executable, "-m", "tests.benchmarks.unet_size", "write", str(tmp_path), "sd15"]
    subprocess.run([*command, str(int(REAL))], check=True, cwd=ROOT)
    ours = Ours(tmp_path, "sd15")
    side, steps = (256, 4) if REAL else (64, 2)
    try:
        title = f"SD1.5, random weights, {side} px, {steps} steps"
        compared(partial(ours.draw, "a", 7, side, steps), title, keep)
    finally:
        ours.close()
