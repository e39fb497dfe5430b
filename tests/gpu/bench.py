"""The GPU's benchmark: one table, one JSON file, in under eight minutes; `make gpu` runs it.

`python -m tests.gpu.bench [--device cpu] [--small] [--minutes 7] [--json FILE] [ROW …]`. Each row
is a function of `tests.gpu.rows`, which returns figures by name. A row that fails says why and the
next one runs; rows for which no time is left say that. On a CPU small sizes are tried.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch

from medialab.errors import MediaLabError
from tests.gpu.rows import ROWS

ROOT = Path(__file__).resolve().parents[2]
LATER = "no time was left"
# What a row may fail with and leave the others running: the device's memory, an operation that this
# torch or this card lacks, a compiler that is not installed.
EXPECTED = (
    MediaLabError,
    RuntimeError,
    ValueError,
    ImportError,
    OSError,
    AttributeError,
    AssertionError,
)


class Place(NamedTuple):
    """Where rows measure: the device, real sizes or small ones, and a folder with checkpoints."""

    device: str
    is_small: bool
    folder: Path

    def side(self, real):
        """Return a picture's side in px."""
        return 64 if self.is_small else real

    def steps(self, real):
        """Return a number of steps."""
        return 2 if self.is_small else real

    def times(self, real):
        """Return how often something is done."""
        return min(real, 3) if self.is_small else real

    def models(self, family):
        """Return the folder of a family's two checkpoints, written when they are first needed."""
        folder = self.folder / family
        if not folder.exists():
            command = [sys.executable, "-m", "tests.benchmarks.unet_size", "write", str(folder)]
            whole = "0" if self.is_small else "1"
            subprocess.run([*command, family, whole], check=True, cwd=ROOT)
        return folder


def run(place, names, minutes):
    """Measure the rows; return a dictionary for each."""
    end = time.monotonic() + 60 * minutes
    found = []
    for name in names:
        began = time.monotonic()
        row = {"row": name}
        if began >= end:
            row["failed"] = LATER
        else:
            try:
                row |= ROWS[name](place)
            except EXPECTED as error:
                said = str(error).strip().splitlines()
                row["failed"] = f"{type(error).__name__}: {said[0] if said else ''}"[:200]
            row["took"] = round(time.monotonic() - began, 1)
        found.append(row)
        print(as_line(row), flush=True)
    return found


def as_line(row):
    """Return a row of the table in Markdown."""
    told = [f"{name} {_short(value)}" for name, value in row.items() if name not in {"row", "took"}]
    return f"| {row['row']} | {'; '.join(told)} | {row.get('took', 0):.0f} s |"


def _short(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def facts(device):
    """Return what was measured on."""
    found = {"torch": torch.__version__, "device": device, "cuda": torch.version.cuda}
    if device.startswith("cuda"):
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def main(arguments=None):
    """Read the arguments, measure, print the table and write the JSON file."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu.bench")
    best = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=best)
    parser.add_argument("--small", action="store_true", help="small sizes; always on a CPU")
    parser.add_argument("--minutes", type=float, default=7.0)
    parser.add_argument("--json", type=Path, default=ROOT / "outputs" / "gpu.json")
    parser.add_argument("rows", nargs="*", help=", ".join(ROWS))
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.rows if name not in ROWS]:
        parser.error(f"no row {unknown[0]!r}; known: {', '.join(ROWS)}")
    told = facts(asked.device)
    print(" ".join(f"{name} {value}" for name, value in told.items()))
    print("\n| what | figures | took |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(asked.device, asked.small or asked.device == "cpu", Path(folder))
        rows = run(place, asked.rows or list(ROWS), asked.minutes)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps({**told, "small": place.is_small, "rows": rows}, indent=1))
    return rows


if __name__ == "__main__":
    main()
