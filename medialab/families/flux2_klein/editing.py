"""Editing with Flux.2 Klein: the transformer reads reference pictures beside the prompt."""

import math
from typing import TYPE_CHECKING

from medialab.families.flux2_klein.denoiser import REDUCTION

if TYPE_CHECKING:
    from PIL import Image

# Pixels: a larger picture is reduced to that area. Source: diffusers, Flux2ImageProcessor.
MOST_AREA = 1024 * 1024


def fitted_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in pixels to which a picture is reduced before its edges are cut."""
    if width * height <= MOST_AREA:
        return width, height
    scale = math.sqrt(MOST_AREA / (width * height))
    return int(width * scale), int(height * scale)


def fitted(picture: "Image.Image") -> "Image.Image":
    """Return a reference picture as the transformer reads it: reduced, and cut to whole blocks.

    Source: diffusers, Flux2KleinPipeline's `__call__`, step 4.
    """
    from PIL import Image

    size = fitted_size(*picture.size)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    width, height = (side // REDUCTION * REDUCTION for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
