"""The GPU's benchmark: one table, one JSON file, in under eight minutes; `make gpu` runs it.

`python -m tests.gpu.bench [--device cpu] [--small] [--minutes 6.5] [--json FILE] [ROW …]`. Each row
is a function of `tests.gpu.rows`, which returns figures by name. A row that fails says why and the
next one runs; rows for which no time is left say that. On a CPU small sizes are tried.

Rows run in a process of their own, one after another. If it dies, or a row takes longer than the
`LIMITS`, or the device computes no more after a fault, another process goes on with the next row.
The JSON file is written after each row.
"""

import argparse
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch

from medialab.errors import MediaLabError
from tests.gpu.rows import LIMITS, ROWS

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "tests.gpu.bench")
LATER = "no time was left"
_LIMIT = 75  # seconds for a row without another limit
_SLOWER = 10  # how many times as long a row may take on a CPU
_BROKEN = 3  # the exit code of a process whose device computes no more
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
    TypeError,
    LookupError,
    MemoryError,
    subprocess.SubprocessError,
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
        """Return the folder of a family's checkpoints, written when they are first needed."""
        folder = self.folder / family
        if not folder.exists():
            unfinished = self.folder / f"{family}.unfinished"  # of a process that was ended
            shutil.rmtree(unfinished, ignore_errors=True)
            command = [sys.executable, "-m", "tests.benchmarks.unet_size", "write", str(unfinished)]
            whole = "0" if self.is_small else "1"
            # SDXL's rows use one checkpoint: each is 7 GB to write and to hash.
            many = "1" if family == "sdxl" else "2"
            subprocess.run([*command, family, whole, many], check=True, cwd=ROOT)
            unfinished.rename(folder)
        return folder


def measured(place, name):
    """Return a row's figures, or why it failed."""
    began, row = time.monotonic(), {"row": name}
    try:
        row |= ROWS[name](place)
    except EXPECTED as error:
        said = str(error).strip().splitlines()
        row["failed"] = f"{type(error).__name__}: {said[0] if said else ''}"[:200]
        row["where"] = _where(error)
    row["took"] = round(time.monotonic() - began, 1)
    return row


def _where(error):
    """Return the last places of this project that an error came through."""
    own = [one for one in traceback.extract_tb(error.__traceback__) if str(ROOT) in one.filename]
    return [f"{Path(one.filename).relative_to(ROOT)}:{one.lineno}" for one in own[-3:]]


def run(place, names, minutes, keep=lambda rows: None):
    """Measure the rows in other processes; return a dictionary for each.

    Args:
        place: Where they measure.
        names: The rows.
        minutes: How long all of them may take.
        keep: Called with all rows so far after each.
    """
    end = time.monotonic() + 60 * minutes
    found, left = [], list(names)
    while left:
        for row in _of_a_process(place, left, end):
            found.append(row)
            left.remove(row["row"])
            print(as_line(row), flush=True)
            keep(found)
    return found


def _of_a_process(place, names, end):
    """Yield rows that one process measures, up to one that it does not survive."""
    if time.monotonic() >= end:
        yield from ({"row": name, "failed": LATER} for name in names)
        return
    command = [*COMMAND, "--within", str(place.folder)]
    command += ["--device", place.device, *(["--small"] if place.is_small else []), *names]
    lines = queue.SimpleQueue()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as child:
        reader = threading.Thread(target=_pass_on, args=(child.stdout, lines), daemon=True)
        reader.start()
        try:
            for name in names:
                began = time.monotonic()
                if began >= end:
                    return
                limit = LIMITS.get(name, _LIMIT) * (_SLOWER if place.device == "cpu" else 1)
                limit = min(limit, end - began)
                try:
                    line = lines.get(timeout=limit)
                except queue.Empty:
                    why = f"took more than {limit:.0f} s"
                else:
                    if line is not None:
                        yield json.loads(line)
                        continue
                    if child.wait() == _BROKEN:
                        return  # it has told all rows that it measured
                    why = f"its process ended with {child.returncode}"
                yield {"row": name, "failed": why, "took": round(time.monotonic() - began, 1)}
                return
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # and what it has started
            reader.join()


def _pass_on(stream, lines):
    """Pass on the lines of a process that are rows; None at their end."""
    for line in stream:
        if line.startswith('{"row"'):
            lines.put(line)
    lines.put(None)


def _measure_within(place, names):
    """Measure rows in this process, and print each as a line of JSON."""
    for name in names:
        row = measured(place, name)
        print(json.dumps(row), flush=True)
        if "failed" in row and not _computes(place.device):
            sys.exit(_BROKEN)


def _computes(device):
    """Return whether the device still computes; a fault in a kernel ends that for a process."""
    try:
        return float(torch.ones(2, device=device).sum()) == 2
    except RuntimeError:
        return False


_UNTOLD = {"row", "took", "where"}


def as_line(row):
    """Return a row of the table in Markdown."""
    told = [f"{name} {_short(value)}" for name, value in row.items() if name not in _UNTOLD]
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
    parser.add_argument("--minutes", type=float, default=6.5)
    parser.add_argument("--json", type=Path, default=ROOT / "outputs" / "gpu.json")
    parser.add_argument("--within", type=Path, help="the folder of a run that goes on here")
    parser.add_argument("rows", nargs="*", help=", ".join(ROWS))
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.rows if name not in ROWS]:
        parser.error(f"no row {unknown[0]!r}; known: {', '.join(ROWS)}")
    is_small, names = asked.small or asked.device == "cpu", asked.rows or list(ROWS)
    if asked.within:
        _measure_within(Place(asked.device, is_small, asked.within), names)
        return []
    told = facts(asked.device)
    print(" ".join(f"{name} {value}" for name, value in told.items()))
    print("\n| what | figures | took |\n|---|---|---|", flush=True)
    asked.json.parent.mkdir(parents=True, exist_ok=True)

    def keep(rows):
        written = json.dumps({**told, "small": is_small, "rows": rows}, indent=1)
        asked.json.with_suffix(".new").write_text(written)
        asked.json.with_suffix(".new").replace(asked.json)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return run(Place(asked.device, is_small, Path(folder)), names, asked.minutes, keep)


if __name__ == "__main__":
    main()
