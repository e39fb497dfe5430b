"""Versions of this program and of the libraries that determine pixels."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from types import MappingProxyType

# Part of every record, since another version may make other pixels.
LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")
# Optional libraries: which detectors run, and so what is detected, depends on them.
OPTIONAL = ("onnxruntime", "ai-edge-litert", "mediapipe")


@cache
def program_version() -> str:
    """Return the version of this program; "unknown" in a checkout that was never installed."""
    try:
        return metadata.version("media-lab-studio")
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def all_versions() -> Mapping[str, str]:
    """Return the versions of the program and its libraries, by name.

    Cost: 10 ms, once, to read them from the disk.
    """
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    optional = {}
    for name in OPTIONAL:
        with suppress(metadata.PackageNotFoundError):
            optional[name] = metadata.version(name)
    return MappingProxyType({"media-lab-studio": program_version(), **libraries, **optional})
