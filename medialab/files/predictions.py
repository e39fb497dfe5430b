"""The prediction type of a checkpoint's denoiser, and whether its schedule ends in pure noise.

A single file has it in marker tensors, in metadata of the ModelSpec standard, or in that of kohya's
trainer; a diffusers folder has it in its scheduler's config. Markers count first: merging copies
metadata from anywhere, but a marker is added on purpose.

Source: the keys `v_pred` and `ztsnr` as ComfyUI reads them (comfy/supported_models.py); ModelSpec
1.0.0, `modelspec.prediction_type`; kohya
sd-scripts' library/train_util.py, `ss_v_parameterization` and `ss_zero_terminal_snr`.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.headers import Header

EPSILON, V_PREDICTION, FLOW = "epsilon", "v_prediction", "flow_prediction"

# Trainers' and mergers' words, with underscores -> diffusers' word.
_WORDS = {
    **dict.fromkeys(("epsilon", "eps", "epsilon_prediction", "noise"), EPSILON),
    **dict.fromkeys(("v", "v_pred", "vpred", "v_prediction", "v_parameterization"), V_PREDICTION),
    **dict.fromkeys(("flow", "flow_matching", "flow_prediction", "rf", "rectified_flow"), FLOW),
}
# Words that mean "not given".
_NOT_GIVEN = ("", "none", "null", "unknown")
_LONGEST_WORD = 40  # characters of an unknown word that are shown
_MARKER, _ZERO_MARKER = "v_pred", "ztsnr"
# Tensors of models trained with EDM's noise (CosXL, Playground 2.5), which no sampler supports.
_EDM_MARKERS = ("edm_vpred.sigma_max", "edm_mean", "edm_std")


class Trained(NamedTuple):
    """A denoiser's prediction type, and whether it was trained down to pure noise."""

    prediction_type: str = EPSILON
    zero_terminal_snr: bool = False

    def in_scheduler(self) -> dict[str, Any]:
        """Return the corresponding settings of a diffusers scheduler."""
        zero = {"rescale_betas_zero_snr": True} if self.zero_terminal_snr else {}
        return {"prediction_type": self.prediction_type, **zero}


def training_of_file(
    path: Path,
    header: Header,
    told_by_weights: Callable[[Path, Header], str] | None = None,
    otherwise: str = EPSILON,
) -> Trained:
    """Determine it for a model in a single file.

    Args:
        path: The file.
        header: Its header.
        told_by_weights: Reads the prediction type from the weights, where the header has none.
        otherwise: The prediction type if nothing says another; "" for unknown.

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
    if word is None and told_by_weights is not None:
        word = told_by_weights(path, header)
    return Trained(word or otherwise, zero)


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


def _is_true(word: str | None) -> bool:
    return (word or "").strip().casefold() in {"true", "1", "yes"}
