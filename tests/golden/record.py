"""What is kept of a golden picture, and how far another is from it.

Floating point differs in its last bits between processors and libraries. Where all facts are those
of the record, every byte must be the same; elsewhere a picture 8 pixels a side must be near.
"""

import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path

import numpy as np
import torch

FILE = Path(__file__).with_name("golden.json")
SIDE = 8  # pixels of a thumbnail's side
MOST_LEVELS = 4  # of 255, between thumbnails of pictures that other processors make
LIBRARIES = (
    *("diffusers", "numpy", "onnxruntime", "opencv-python-headless", "pillow"),
    *("safetensors", "scipy", "spandrel", "torchsde", "transformers"),
)


def facts_here(threads):
    """What decides the last bits of a picture, by name."""
    return {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "threads": threads,
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def _processor():
    """The processor's maker, name and model: matrix libraries choose their ways by them."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor()
    first = listing.read_text().partition("\n\n")[0].splitlines()
    told = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first)
    }
    names = ("model name", "cpu family", "model", "CPU implementer", "CPU part")
    return ", ".join(told[name] for name in names if name in told)


def entry(image):
    """What the record says of one picture."""
    digest = hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()
    return {"size": list(image.size), "sha256": digest, "thumbnail": _thumbnail(image).hex()}


def _thumbnail(image):
    """The means of 8 × 8 areas in whole levels, as bytes (8, 8, RGB)."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.int64)
    rows = [np.array_split(row, SIDE, axis=1) for row in np.array_split(pixels, SIDE, axis=0)]
    means = [[area.mean(axis=(0, 1)).round() for area in row] for row in rows]
    return np.array(means, dtype=np.uint8).tobytes()


def difference(name, kept, made, *, by_bytes):
    """A sentence that says how a case's pictures differ from those of the record; None: not at all.

    Args:
        name: the case's.
        kept, made: what `entry` says of each picture, of the record and of now.
        by_bytes: whether every byte must be the same, not the thumbnails near.
    """
    if len(kept) != len(made):
        return f"{name}: {len(made)} pictures instead of {len(kept)}"
    told = []
    for number, (before, after) in enumerate(zip(kept, made, strict=True), start=1):
        place = f"{name}, picture {number} of {len(made)}"
        if before["size"] != after["size"]:
            told.append(f"{place}: {after['size']} pixels instead of {before['size']}")
            continue
        thumbnails = (
            np.frombuffer(bytes.fromhex(one["thumbnail"]), np.uint8).astype(int)
            for one in (before, after)
        )
        distance = np.abs(np.subtract(*thumbnails))
        far = f"the thumbnail is off by {distance.max()} levels at most, {distance.mean():.2f} mean"
        if by_bytes and before["sha256"] != after["sha256"]:
            told.append(f"{place}: other bytes; {far}")
        elif distance.max() > MOST_LEVELS:
            told.append(f"{place}: {far}; {MOST_LEVELS} are allowed")
    return "\n".join(told) or None


def read():
    """The record: facts, and the pictures of each case."""
    return json.loads(FILE.read_text())


def write(found):
    """Write the record, one line a picture."""
    lines = []
    for name, pictures in found["pictures"].items():
        told = ",\n      ".join(json.dumps(one) for one in pictures)
        lines.append(f"    {json.dumps(name)}: [\n      {told}\n    ]")
    cases = ",\n".join(lines)
    facts = json.dumps(found["facts"], indent=4).replace("\n}", "\n  }")
    FILE.write_text(f'{{\n  "facts": {facts},\n  "pictures": {{\n{cases}\n  }}\n}}\n')
