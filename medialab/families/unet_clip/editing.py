"""Editing with a UNet of 8 channels, which reads the start picture beside the latents.

Source: Brooks et al., "InstructPix2Pix: Learning to Follow Image Editing Instructions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medialab.families.base import INSTRUCT

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class PictureEditing:
    """Editing of one picture, whose own guidance scale says how closely it is kept."""

    variants: tuple[str, ...] = (INSTRUCT,)
    editions: tuple[str, ...] = ()
    most: int = 1
    fewer: Mapping[str, int] = field(default_factory=dict)
    reads_scale: bool = True

    def why_not(self, size: tuple[int, int]) -> str:  # noqa: ARG002 - it reads any
        """Return "": a picture of any size can be read."""
        return ""

    def read_area(self, size: tuple[int, int]) -> int:  # noqa: ARG002 - none adds any
        """Return 0: the picture's latents are further channels of those that are drawn."""
        return 0

    def inputs(
        self, pictures: "Sequence[Image.Image]", image_guidance_scale: float
    ) -> dict[str, Any]:
        """Return the pipeline's inputs; arguments as in `Editing.inputs`."""
        (image,) = pictures
        return {"image": image, "image_guidance_scale": image_guidance_scale}


EDITING = PictureEditing()
