"""The prediction type of Stable Diffusion 2, whose variants only one weight distinguishes.

Source: ComfyUI's comfy/supported_models.py, SD20.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from medialab.files.headers import LENGTH_FIELD, Header
from medialab.files.predictions import EPSILON, V_PREDICTION

if TYPE_CHECKING:
    import numpy as np

_FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
_TELLING_WEIGHT = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
_MOST_SPREAD_OF_EPSILON = 0.09  # standard deviation of that weight


def prediction_of_weights(path: Path, header: Header) -> str:
    """Return the prediction type of an SD 2.x file.

    Checkpoints of 768 px predict v; those of 512 px, and those with more than 4 input channels,
    predict epsilon.
    """
    channels = header.shapes.get(_FIRST_LAYER, (0, 4))[1]
    if channels != 4:
        return EPSILON
    if _TELLING_WEIGHT not in header.shapes:
        return V_PREDICTION  # diffusers' default, Stable Diffusion 2.1
    spread = float(_values(path, _TELLING_WEIGHT).std())
    return V_PREDICTION if spread > _MOST_SPREAD_OF_EPSILON else EPSILON


def _values(path: Path, name: str) -> "np.ndarray":
    """Read one tensor of a file whose header was checked, as float32; [0] for another format.

    With NumPy only: a listing must not load torch, and safetensors' own NumPy reader does not
    support bfloat16.
    """
    import numpy as np

    with path.open("rb") as file:
        length = int.from_bytes(file.read(LENGTH_FIELD), "little")
        entry = json.loads(file.read(length))[name]
        begin, end = entry["data_offsets"]
        file.seek(LENGTH_FIELD + length + begin)
        content = file.read(end - begin)
    if entry["dtype"] == "BF16":
        halves = np.frombuffer(content, "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32)
    kind = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}.get(entry["dtype"])
    return np.frombuffer(content, kind).astype(np.float32) if kind else np.zeros(1, np.float32)
