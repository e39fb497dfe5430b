"""Versions of this program and of the libraries that decide pixels."""

from contextlib import suppress
from functools import cache
from importlib import metadata

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


def all_versions() -> dict[str, str]:
    """Program and libraries, by name."""
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    return {"media-lab-studio": program_version(), **libraries, **_optional()}


@cache
def _optional() -> dict[str, str]:
    """Looked for once: searching for what is not there costs a walk over all that is."""
    found = {}
    for name in OPTIONAL:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
