"""Versions of this program and of the libraries that decide pixels."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from types import MappingProxyType

# They go in every record: another version may make other pixels.
LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")
# Those that may be absent: what runs detectors without them finds other parts, or none.
OPTIONAL = ("onnxruntime", "mediapipe")


def program_version() -> str:
    """The version of this program; "unknown" in a checkout that was never installed."""
    try:
        return metadata.version("media-lab-studio")
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def all_versions() -> Mapping[str, str]:
    """Program and libraries, by name. Cost: 10 ms, once: they are read from the disk."""
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    optional = {}
    for name in OPTIONAL:
        with suppress(metadata.PackageNotFoundError):
            optional[name] = metadata.version(name)
    return MappingProxyType({"media-lab-studio": program_version(), **libraries, **optional})
