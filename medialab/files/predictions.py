"""The prediction type of a checkpoint's denoiser, and whether its schedule ends in pure noise.

A single file has it in marker tensors, in metadata of the ModelSpec standard, or in that of kohya's
trainer; a diffusers folder has it in its scheduler's config. Markers count first: merging copies
metadata from anywhere, but a marker is added on purpose.

Source: the keys `v_pred` and `ztsnr` as ComfyUI reads them (comfy/supported_models.py, SDXL; its
SD20 tells SD2's variants by one weight); ModelSpec 1.0.0, `modelspec.prediction_type`; kohya
sd-scripts' library/train_util.py, `ss_v_parameterization` and `ss_zero_terminal_snr`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.headers import LENGTH_FIELD, Header

if TYPE_CHECKING:
    import numpy as np

EPSILON, V_PREDICTION, FLOW = "epsilon", "v_prediction", "flow_prediction"

# Trainers' and mergers' words, with underscores -> diffusers' word.
_WORDS = {
    **dict.fromkeys(("epsilon", "eps", "epsilon_prediction", "noise"), EPSILON),
    **dict.fromkeys(("v", "v_pred", "vpred", "v_prediction", "v_parameterization"), V_PREDICTION),
}
# Words that mean "not given".
_NOT_GIVEN = ("", "none", "null", "unknown")
_LONGEST_WORD = 40  # characters of an unknown word that are shown
_MARKER, _ZERO_MARKER = "v_pred", "ztsnr"
# Tensors of models trained with EDM's noise (CosXL, Playground 2.5), which no sampler supports.
_EDM_MARKERS = ("edm_vpred.sigma_max", "edm_mean", "edm_std")
# Families with variants that differ by what they predict, of one shape.
_WITH_A_TELLING_WEIGHT = "sd2"
_TELLING_WEIGHT = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
_MOST_SPREAD_OF_EPSILON = 0.09  # standard deviation of that weight


class Trained(NamedTuple):
    """A denoiser's prediction type, and whether it was trained down to pure noise."""

    prediction_type: str = EPSILON
    zero_terminal_snr: bool = False

    def in_scheduler(self) -> dict[str, Any]:
        """Return the corresponding settings of a diffusers scheduler."""
        zero = {"rescale_betas_zero_snr": True} if self.zero_terminal_snr else {}
        return {"prediction_type": self.prediction_type, **zero}


def training_of_file(path: Path, header: Header, family: str) -> Trained:
    """Determine it for a single-file checkpoint.

    From its header; for SD2, whose variants have the same shapes, also from one small weight.

    Args:
        path: The file.
        header: Its header.
        family: Its family, as recognised from the header.

    Raises:
        ModelRefusedError: it was trained with EDM's noise.
    """
    if marker := next((name for name in _EDM_MARKERS if name in header.shapes), None):
        message = (
            f"{path.name} was trained with EDM's noise (it holds {marker!r}), which no sampler "
            "here supports; choose another checkpoint"
        )
        raise ModelRefusedError(message)
    metadata = header.metadata
    zero = _ZERO_MARKER in header.shapes or _is_true(metadata.get("ss_zero_terminal_snr"))
    if _MARKER in header.shapes:
        return Trained(V_PREDICTION, zero)
    word = _word(metadata.get("modelspec.prediction_type", ""))
    if word is None and "ss_v_parameterization" in metadata:
        word = V_PREDICTION if _is_true(metadata["ss_v_parameterization"]) else EPSILON
    if word is None and "768-v" in metadata.get("modelspec.architecture", ""):
        word = V_PREDICTION
    if word is None and family == _WITH_A_TELLING_WEIGHT:
        word = _of_sd2(path, header)
    return Trained(word or EPSILON, zero)


def training_of_scheduler(config: Mapping[str, Any]) -> Trained:
    """Read it from a diffusers scheduler's config; those of 2022 do not have it, and mean epsilon.

    Raises:
        ModelRefusedError: the scheduler makes EDM's noise.
    """
    name = str(config.get("_class_name", ""))
    if name.startswith("EDM"):
        message = f"its scheduler {name} makes EDM's noise, which no sampler here supports"
        raise ModelRefusedError(message)
    if "FlowMatch" in name:
        return Trained(FLOW)
    zero = config.get("rescale_betas_zero_snr") is True
    return Trained(str(config.get("prediction_type", EPSILON)), zero)


def _word(text: str) -> str | None:
    """Return diffusers' word for a prediction type; an unknown one unchanged, None if not given.

    An unknown one does not count as epsilon: a run refuses it, unless the setting overrides it.
    """
    plain = re.sub(r"[\s_-]+", "_", text.strip().casefold())
    return None if plain in _NOT_GIVEN else _WORDS.get(plain, plain[:_LONGEST_WORD])


def _of_sd2(path: Path, header: Header) -> str:
    """Determine it for SD 2.x: at 768 px it is v, at 512 px and with more channels epsilon."""
    channels = header.shapes.get("model.diffusion_model.input_blocks.0.0.weight", (0, 4))[1]
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


def _is_true(word: str | None) -> bool:
    return (word or "").strip().casefold() in {"true", "1", "yes"}
