"""Z-Image in its real size, 12 GB of denoiser and 8 GB of text encoder, on a CPU in bfloat16.

`REAL_SIZE=1 pytest -s tests/benchmarks/test_real_size_benchmark.py` needs 24 GB of memory and 45 GB
of disk, and prints what docs/performance.md has; without the word, an eightieth is tried.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parents[2]
LEAST_SHARE = 1 / 80
MOST_LEVELS = 8  # of 255


def run(*arguments):
    """Run a part of `real_size` in a process of its own; return what it printed last."""
    command = [sys.executable, "-m", "tests.benchmarks.real_size", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1] if done.stdout else ""


@pytest.mark.slow
@pytest.mark.thorough
def test_z_image_draws_what_diffusers_draws_in_its_memory(tmp_path, keep):
    share = 1 if os.environ.get("REAL_SIZE") else LEAST_SHARE
    models = tmp_path / "models"
    run("write", models, share)
    told = {
        "plain": json.loads(run("plain", models)),
        "ours": json.loads(run("ours", models, tmp_path / "outputs")),
    }
    pictures = [Image.open(models / f"{name}.png").convert("RGB") for name in told]
    levels = ImageStat.Stat(ImageChops.difference(*pictures))
    worst, mean = max(high for _, high in levels.extrema), sum(levels.mean) / 3
    # The VAE's convolutions are channels last here, and sum in another order.
    assert worst <= MOST_LEVELS, (worst, mean)
    rows = [f"apart by {worst} levels of grey at most, {mean:.2f} in the mean", ""]
    rows += ["| | load | 2 steps of 256 px | unload | peak memory |", "|---|---|---|---|---|"]
    for name, one in told.items():
        times = " | ".join(f"{one[what]:.1f} s" for what in ("load", "draw", "unload"))
        rows.append(f"| {name} | {times} | {one['peak']:.1f} GB |")
    keep("\n".join(rows), share=share, **told)
