"""Model files of one tensor, for tests that read headers alone."""

import json
import math

from medialab.files.headers import BITS

READER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


def write_lora(path, width=768, rank=4, fill=0, metadata=None):
    """A LoRA of one fp16 tensor; its header says the family, its body is `fill`."""
    size = rank * width * 2
    entry = {"dtype": "F16", "shape": [rank, width], "data_offsets": [0, size]}
    noted = {"__metadata__": metadata} if metadata else {}
    text = json.dumps({**noted, READER: entry}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes([fill]) * size)
    return path


def write_tensors(path, tensors, metadata=None, dtype="F16"):
    """Write a file of these tensors, whose data are a hole in the file: of any size in no time.

    Args:
        path: The file.
        tensors: By name the shape, or the format and the shape.
        metadata: The header's metadata.
        dtype: The format of tensors that have none.
    """
    entries, at = {}, 0
    for name, given in tensors.items():
        kind, shape = given if given and isinstance(given[0], str) else (dtype, given)
        size = math.prod(shape) * BITS[kind] // 8
        entries[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    if metadata:
        entries["__metadata__"] = metadata
    text = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)
    return path
