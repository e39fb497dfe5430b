"""Finds that no model makes: a mask that was given, and the middle of the picture."""

from typing import TYPE_CHECKING

from medialab.detectors.base import Detection, connected
from medialab.geometry import Box
from medialab.masks import of_box

if TYPE_CHECKING:
    from PIL import Image


def centre_crop(image: "Image.Image", label: str) -> Detection:
    """What is left when nothing finds anything: the middle half of the picture."""
    width, height = image.size
    box = Box(width // 4, height // 4, width - width // 4, height - height // 4)
    return Detection(label, 0.0, box, of_box(box, width, height))


def given_mask(mask: "Image.Image", label: str) -> list[Detection]:
    """Each connected white place of a mask, as if it had been found."""
    import numpy as np

    inside = np.asarray(mask.convert("L")) > 127
    return connected(label, inside, inside.astype(np.float32))
