"""The inputs of a diffusers pipeline, besides prompts and noise."""

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import Control
from medialab.diffusion.inpaint_models import Masked, all_masked
from medialab.diffusion.latents import encode_image
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.start import blank, is_picture
from medialab.families.base import INPAINT
from medialab.families.capabilities import Followed
from medialab.pixels.resizing import padded
from medialab.settings.steps import Plan

if TYPE_CHECKING:
    from medialab.diffusion.drawing import Drawing
    from medialab.families.base import Task


def inputs_of(
    drawing: "Drawing",
    pipeline: Any,
    asked: Mapping[str, Any],
    drawn: tuple[int, int],
    steps: Plan,
) -> dict[str, Any]:
    """Return the pipeline's inputs for those that the stage passed.

    Args:
        drawing: The checkpoint on loan.
        pipeline: The diffusers pipeline, which is told the size if it can be.
        asked: The stage's inputs; the first of `pictures` is in whole blocks.
        drawn: Width and height in pixels, whole blocks.
        steps: The planned steps.
    """
    inputs = dict(asked)
    if pictures := inputs.pop("pictures"):
        editing = drawing.family.require(drawing.family.editing, "editing by instruction")
        inputs |= editing.inputs(pictures, inputs.pop("image_guidance_scale"))
    elif is_picture(inputs.get("image")):
        inputs["image"] = padded(inputs["image"], *drawn)
    if "width" in inspect.signature(type(pipeline).__call__).parameters:
        inputs["width"], inputs["height"] = drawn
    if (strength := inputs.get("strength")) is not None:
        family = drawing.family
        noising = family.require(family.noising, "starting from a picture")
        inputs["strength"] = noising.strength(steps)
        if strength >= 1:
            inputs["image"] = blank(drawing, inputs["image"])
    return inputs


def control_inputs(drawing: "Drawing", task: "Task", controls: Sequence[Control]) -> dict[str, Any]:
    """Return the pipeline's inputs for ControlNets."""
    family = drawing.family
    if not controls or family.control_following is not None:
        return {}
    inputs = family.require(family.control_inputs, "following ControlNets")
    return inputs(task, [one.shown for one in controls], [one.unit for one in controls])


def followed_controls(drawing: "Drawing", controls: Sequence[Control]) -> list[Followed]:
    """Return the ControlNets that the denoiser itself follows; none if the pipeline does.

    Raises:
        ModelRefusedError: a ControlNet is made for another denoiser.
    """
    family = drawing.family
    if family.control_following is None:
        return []
    for control in controls:
        family.denoiser.check_controlnet(drawing.denoiser, control.network, family.name)
    return [
        Followed(control.network, encode_image(drawing, control.shown), control.unit)
        for control in controls
    ]


def masked_input(
    drawing: "Drawing", options: DenoisingOptions, drawn: tuple[int, int]
) -> Masked | None:
    """Return the additional input of a denoiser made for inpainting; None for any other."""
    if drawing.variant != INPAINT:
        return None
    return options.masked or all_masked(drawing, drawn)


def rounding_notes(size: tuple[int, int], drawn: tuple[int, int], block: int) -> list[str]:
    """Return a note on the size that is drawn, if the picture's is not whole blocks.

    Args:
        size: Width and height of the picture, in pixels.
        drawn: The same in whole blocks.
        block: The side of a block in pixels.
    """
    if drawn == size:
        return []
    larger, cut = (f"{width} × {height}" for width, height in (drawn, size))
    return [f"drawn at {larger} px, in blocks of {block}, and cut to {cut}"]
