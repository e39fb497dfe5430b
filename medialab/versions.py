"""Versions of this program and of the libraries that decide pixels."""

from importlib import metadata

# They go in every record: another version may make other pixels.
LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")


def program_version() -> str:
    """The version of this program; "unknown" in a checkout that was never installed."""
    try:
        return metadata.version("media-lab-studio")
    except metadata.PackageNotFoundError:
        return "unknown"


def all_versions() -> dict[str, str]:
    """Program and libraries, by name."""
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    return {"media-lab-studio": program_version(), **libraries}
