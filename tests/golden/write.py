"""Write golden.json anew, or say what differs from it.

    python -m tests.golden.write            # after a change that is meant to change pictures
    python -m tests.golden.write --compare  # writes nothing; exit status 1 where any byte differs

Run it in the checkout's folder. `--threads 2` computes with so many threads of the CPU; the record
is of one.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import transformers

from tests.golden import cases, record


def main():
    """Make all pictures; write the record or compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--compare", action="store_true", help="write nothing, say what differs")
    parser.add_argument("--threads", type=int, default=1, help="threads of the CPU; 1")
    asked = parser.parse_args()
    transformers.logging.disable_progress_bar()
    made = make_all(asked.threads)
    facts = record.facts_here(asked.threads)
    if not asked.compare:
        record.write({"facts": facts, "pictures": made})
        return 0
    kept = record.read()
    for name in facts:
        if facts[name] != kept["facts"].get(name):
            print(f"{name}: {facts[name]} instead of {kept['facts'].get(name)}")
    unlike = [
        told
        for name, pictures in made.items()
        if (told := record.difference(name, kept["pictures"][name], pictures, by_bytes=True))
    ]
    print("\n".join([*unlike, f"{len(unlike)} of {len(made)} cases differ"]))
    return int(bool(unlike))


def make_all(threads):
    """What the record says of each case's pictures, by the case's name."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cases.open_studio(Path(folder), threads) as studio,
    ):
        return {name: _made(studio, name) for name in cases.NAMES}


def _made(studio, name):
    began = time.perf_counter()
    pictures = [record.entry(image) for image in studio.make(name)]
    print(f"{time.perf_counter() - began:5.2f} s  {name}", file=sys.stderr)
    return pictures


if __name__ == "__main__":
    sys.exit(main())
