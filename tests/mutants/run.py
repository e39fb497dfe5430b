"""Put small faults into a room, one at a time, and say which of them its tests do not notice.

    python -m tests.mutants.run artifacts lora          # 50 faults each, by chance
    python -m tests.mutants.run --count 100 runs/cache.py
    python -m tests.mutants.run --at 210 runs/cache.py  # every fault of that line

A room is a folder of medialab/ or one of its modules. Its tests are those of the folder of that
name in tests/, up to the first that fails: the module's own first, those that take long last;
`--tests` names others. The checkout stays as it is: a copy of it is changed. Each fault is tried in
a process that is forked with all libraries loaded.

Exit status 1 where fewer than `--least` percent are noticed.
"""

import argparse
import gc
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.mutants.equivalents import EQUIVALENT
from tests.mutants.mutations import mutants_of, sample

ROOT = Path(__file__).resolve().parents[2]
# Loaded anew each time, since a fault is in them or changes what they do; all else is loaded once.
OURS = ("conftest", "medialab", "models", "tests", "widgets", "__main__")
PASSED = 0
LONG = 1  # seconds; a test that takes longer waits for the others


class Times:
    """A plugin of pytest: how long each test takes, and those that take long at the end."""

    def __init__(self, seconds):
        self.seconds = dict(seconds)

    def pytest_runtest_logreport(self, report):
        """Count what a test took, its setup included."""
        before = self.seconds.get(report.nodeid, 0)
        self.seconds[report.nodeid] = before + report.duration

    def pytest_collection_modifyitems(self, items):
        """Keep the order of the files but for the tests that take long."""
        items.sort(key=lambda item: self.seconds.get(item.nodeid, 0) > LONG)


def main():
    """Try the faults of each room; print those that nobody noticed, and a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rooms", nargs="+", help="folders or modules of medialab/")
    parser.add_argument("--count", type=int, default=50, help="faults a room; 50")
    parser.add_argument("--at", type=int, help="every fault of this line")
    parser.add_argument("--tests", nargs="+", help="test files or folders, the likeliest first")
    parser.add_argument("--least", type=float, default=85, help="percent to be noticed; 85")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = copy_checkout(Path(folder) / "checkout")
        rows = [try_room(copy, room, asked) for room in asked.rooms]
    print("\nroom                       tried  noticed  of them too slow  percent")
    for room, tried, noticed, slow in rows:
        print(f"{room:26} {tried:5} {noticed:8} {slow:17} {100 * noticed / max(tried, 1):8.0f}")
    return int(any(100 * noticed < asked.least * tried for _, tried, noticed, _ in rows))


def copy_checkout(folder):
    """Copy what git knows of this checkout, and the files that wait to be added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def try_room(copy, room, asked):
    """Try a room's faults and print each that nobody noticed; return its row of the table."""
    top = copy / "medialab" / room
    paths = [top] if top.is_file() else sorted(top.rglob("*.py"))
    if not paths or not top.exists():
        sys.exit(f"no folder or module {room!r} in medialab/")
    every = [one for path in paths for one in mutants_of(copy, path.relative_to(copy))]
    every = [one for one in every if (str(one.path), one.operator, one.before) not in EQUIVALENT]
    if asked.at:
        chosen = [one for one in every if one.line == asked.at]
    else:
        chosen = sample(every, asked.count)
    tests = asked.tests or [f"tests/{room.removesuffix('.py').split('/')[0]}"]
    began = time.monotonic()
    status, seconds = preload(copy, tests)
    if status != PASSED:
        sys.exit(f"{room}: the tests fail before anything is changed; see the lines above")
    limit = max(60, 4 * (time.monotonic() - began))
    noticed = slow = 0
    print(f"{room}: {len(chosen)} of {len(every)} faults", flush=True)
    for mutant in chosen:
        status = try_mutant(copy, mutant, tests, limit, seconds)
        noticed, slow = noticed + (status != PASSED), slow + (status is None)
        if status == PASSED:
            told = f"  unnoticed: {mutant.path}:{mutant.line} {mutant.operator}"
            print(f"{told}\n    {mutant.before}\n    {mutant.after(copy)}", flush=True)
    return room, len(chosen), noticed, slow


def preload(copy, tests):
    """Run the tests as they are, and load here the libraries that they loaded.

    Returns their status, and how many seconds each test took.
    """
    facts = copy.parent / "facts.json"
    status = run_forked(copy, tests, 1800, facts=facts, output=None)
    if status != PASSED:
        return status, {}
    told = json.loads(facts.read_text())
    for name in told["modules"]:
        with suppress(Exception):
            importlib.import_module(name)
    gc.freeze()  # what is loaded by now stays: no test need look through it for garbage
    return status, told["seconds"]


def try_mutant(copy, mutant, tests, limit, seconds):
    """Return the status of the tests with the fault in place; None where they took too long."""
    path = copy / mutant.path
    before = path.read_text()
    path.write_text(mutant.code(copy))
    # A fault may leave size and time of a file as they were, by which a compiled one is taken.
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    try:
        return run_forked(copy, own_first(copy, mutant.path, tests), limit, seconds=seconds)
    finally:
        path.write_text(before)


def own_first(copy, path, tests):
    """Return the test files, those of the module's own name before the others."""
    files = []
    for one in tests:
        place = copy / one
        files += [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    own = [file for file in files if file.stem.startswith(f"test_{path.stem}")]
    return [str(file) for file in dict.fromkeys([*own, *files])]


def run_forked(copy, tests, limit, *, seconds=(), facts=None, output=os.devnull):
    """Run tests of the copy in a forked process; None after so many seconds."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 3
        try:
            status = _run(copy, tests, Times(seconds), facts, output)
        finally:
            os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(code)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _run(copy, tests, times, facts, output):
    """Be the forked process: see our own modules in the copy alone, and run pytest."""
    os.setpgid(0, 0)
    if output:
        descriptor = os.open(output, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)
    if not facts:  # what is compiled with a fault in it is not kept
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.path[:] = [str(copy), *(one for one in sys.path if Path(one or ".").resolve() != ROOT)]
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    import pytest

    quiet = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-m", "not thorough"]
    quiet += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = int(pytest.main([*quiet, *tests], plugins=[times]))
    if facts:
        loaded = [name for name in sys.modules if name.partition(".")[0] not in OURS]
        facts.write_text(json.dumps({"modules": loaded, "seconds": times.seconds}))
    return status


if __name__ == "__main__":
    sys.exit(main())
