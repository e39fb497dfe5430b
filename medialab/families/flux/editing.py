"""Editing with Flux.1 Kontext: the transformer reads the start picture beside the prompt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medialab.families.flow.editing import ReferenceEditing

if TYPE_CHECKING:
    from PIL import Image


class KontextEditing(ReferenceEditing):
    """Editing of one picture."""

    def inputs(
        self,
        pictures: "Sequence[Image.Image]",
        image_guidance_scale: float,  # noqa: ARG002 - it has no effect
    ) -> dict[str, Any]:
        """Return the pipeline's inputs, by which it keeps the picture's size.

        By itself the pipeline brings pictures to about a megapixel; here the stage has done so, or
        has been asked not to. Source: diffusers, FluxKontextPipeline's `__call__`.
        """
        (picture,) = pictures
        return {"image": picture, "max_area": picture.width * picture.height, "_auto_resize": False}
