"""The wheels that a bare machine with CUDA torch needs for `make gpu`, as pinned requirements.

`python -m tests.gpu.carry > carry.txt` prints what this environment has of the program's own
requirements and of the tests', and of all that those require, without torch and what comes with it:

    pip download --no-deps --only-binary=:all: --python-version 3.12 \\
        --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \\
        --platform manylinux2014_x86_64 --dest wheels -r carry.txt
    pip install --no-index --no-deps --target installed wheels/*     # there
    PYTHONPATH="$PWD/installed" make gpu

The version is that of the Python there, not of the one here. Names that follow are on that machine
already: `python -m tests.gpu.carry numpy scipy`.
"""

import sys
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "media-lab-studio"
TESTS = ("pytest", "pytest-timeout", "hypothesis", "packaging", "onnx")
COMES_WITH_CUDA = "torch"


def required(names, there=()):
    """Return the pins of distributions and of all that they require here, by name."""
    left_out = {canonicalize_name(one) for one in (COMES_WITH_CUDA, PROGRAM, *there)}
    found, waiting = {}, list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found or name in left_out:
            continue
        found[name] = metadata.version(name)
        waiting += _direct(name)
    return dict(sorted(found.items()))


def _direct(name):
    """Return the names that a distribution requires on this platform, without its extras."""
    needs = map(Requirement, metadata.requires(name) or [])
    return [one.name for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]


def main(there):
    """Print the pins, one a line."""
    for name, version in required([*_direct(PROGRAM), *TESTS], there).items():
        print(f"{name}=={version}")


if __name__ == "__main__":
    main(sys.argv[1:])
