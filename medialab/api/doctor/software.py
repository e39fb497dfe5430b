"""The installed libraries: versions, and which extras of this program are there."""

import re
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata, util

from medialab.process.libraries import LIBRARIES
from medialab.process.versions import program_version

_PROGRAM = "media-lab-studio"
# Those whose version decides pixels or speed; the first need each other to be imported.
SHOWN = (
    *("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors"),
    *("numpy", "pillow", "pydantic"),
)
_FOR_DEVELOPERS = "test"
_REQUIREMENT = re.compile(r"""([\w.-]+).*?(?:;.*extra == ['"]([\w-]+)['"])?$""")


@dataclass(frozen=True)
class Software:
    """The program and its libraries.

    Attributes:
        program: this program's version.
        versions: by name; "missing" for one that is not installed.
        missing: libraries that the program requires and that are not installed.
        extras: of this program, with the libraries of each that are not installed.
        optional: libraries outside the extras, and whether each is installed.
    """

    program: str
    versions: dict[str, str]
    missing: tuple[str, ...]
    extras: dict[str, tuple[str, ...]]
    optional: dict[str, bool]


def installed_software() -> Software:
    """Look at what is installed. Cost: some ms; nothing is imported."""
    required = _required()
    versions = {name: version_of(name) or "missing" for name in SHOWN}
    absent = {
        extra: tuple(name for name in names if version_of(name) is None)
        for extra, names in required.items()
    }
    own = absent.pop("", ()) or tuple(name for name in SHOWN if versions[name] == "missing")
    absent.pop(_FOR_DEVELOPERS, None)
    found = {name: _is_there(name) for name in LIBRARIES}
    return Software(program_version(), versions, own, absent, found)


def version_of(name: str) -> str | None:
    """Return a distribution's version; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _is_there(module: str) -> bool:
    """Return whether a module can be found; not whether it works."""
    try:
        return util.find_spec(module) is not None
    except (ImportError, ValueError):  # something that cannot be a module stands in its place
        return False


def _required() -> dict[str, list[str]]:
    """Return the names that each extra requires, "" for the program itself; none in a checkout."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        lines = metadata.requires(_PROGRAM) or []
    except metadata.PackageNotFoundError:
        return found
    for line in lines:
        if read := _REQUIREMENT.match(line):
            found[read.group(2) or ""].append(read.group(1))
    return found
