"""Inputs of diffusers' ControlNet pipelines for UNets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medialab.settings.control_units import ControlUnit

if TYPE_CHECKING:
    from PIL import Image


def control_inputs(
    task: str, pictures: "Sequence[Image.Image]", units: Sequence[ControlUnit]
) -> dict[str, Any]:
    """Return the inputs of ControlNets: lists, or plain values if there is only one.

    Args:
        task: The pipeline's task.
        pictures: The control images, 8-bit RGB, one for each unit.
        units: The units' settings.
    """
    lists: dict[str, list[Any]] = {
        "image" if task == "text-to-image" else "control_image": list(pictures),
        "controlnet_conditioning_scale": [unit.weight for unit in units],
        "control_guidance_start": [unit.start for unit in units],
        "control_guidance_end": [unit.end for unit in units],
    }
    return lists if len(units) > 1 else {name: value[0] for name, value in lists.items()}
