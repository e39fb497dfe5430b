"""A request's listing of models of given facts, without files: for what reads those facts alone."""

from pathlib import Path

from medialab.listing.info import FOLDER_OF_KIND, ModelInfo
from medialab.listing.snapshot import Snapshot


def info(name, kind, family="sd15", **facts):
    """Return the entry of a model; its path is not there."""
    path = Path("/nowhere", FOLDER_OF_KIND[kind], f"{name}.safetensors")
    return ModelInfo(name, kind, family, facts.pop("format", "diffusers"), path, 0, **facts)


def listing_of(*infos):
    """Return a listing of these models; the SHA-256 of each is its name in hexadecimals."""
    return Snapshot(
        Path("/nowhere"),
        lambda kind: [one for one in infos if one.kind == kind],
        lambda _name, _kind: None,
        lambda one: hash_of(one.name),
    )


def hash_of(name):
    """Return what stands for the SHA-256 of the model of this name."""
    return name.encode().hex().ljust(64, "0")
