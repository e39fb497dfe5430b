"""Editing with a transformer that reads reference pictures beside the prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medialab.families.base import PLAIN

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, kw_only=True)
class ReferenceEditing:
    """Editing whose pipeline takes a list of pictures.

    Attributes:
        most: The most pictures that are read, the start picture included.
        fewer: The same of editions that read fewer.
        argument: The pipeline's argument for the pictures.
        least_side: The least side in pixels that a picture may have.
        longest: The greatest ratio of a picture's sides.
        least_area: The area in pixels to which a smaller picture is enlarged.
        most_area: The area in pixels to which a larger picture is reduced; 0 if it never is.
        variants: The variants of the checkpoints that edit.
        editions: The editions of the checkpoints that edit; none for all.
        reads_scale: Whether `image_guidance_scale` has an effect: it is of InstructPix2Pix.
    """

    most: int
    fewer: Mapping[str, int] = field(default_factory=dict)
    argument: str = "image"
    least_side: int = 1
    longest: float = float("inf")
    least_area: int = 0
    most_area: int = 0
    variants: tuple[str, ...] = (PLAIN,)
    editions: tuple[str, ...] = ()
    reads_scale: bool = False

    def why_not(self, size: tuple[int, int]) -> str:
        """Return why a picture of that width and height cannot be read; "" if it can."""
        short, long = sorted(size)
        if short < self.least_side:
            return f"sides of at least {self.least_side} px can be read"
        if long > self.longest * short:
            return f"a side can be at most {self.longest:g} times the other"
        return ""

    def read_area(self, size: tuple[int, int]) -> int:
        """Return the area in pixels in which a picture of that width and height is read."""
        area = max(size[0] * size[1], self.least_area)
        return min(area, self.most_area) if self.most_area else area

    def inputs(
        self,
        pictures: "Sequence[Image.Image]",
        image_guidance_scale: float,  # noqa: ARG002 - it has no effect, and is not offered
    ) -> dict[str, Any]:
        """Return the pipeline's inputs; arguments as in `Editing.inputs`."""
        return {self.argument: list(pictures)}
