"""A box becomes the shape of what is in it (SAM and its kin)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from medialab.vision.base import Detection, NetworkDetector, shaped

if TYPE_CHECKING:
    from PIL import Image


class MaskRefiner(NetworkDetector):
    """A model that is shown a box and gives the shape in it (SAM, SAM-HQ, SAM 2).

    It names nothing, so it finds nothing by itself.
    """

    def find(self, _image: "Image.Image", *_words: str) -> list[Detection]:
        """Nothing: it must be shown where to look."""
        return []

    def refined(self, image: "Image.Image", found: Detection) -> Detection:
        """The find with the shape that the model is surest of within the find's box.

        Where it sees nothing in the box, the find is given back as it was.
        """
        import numpy as np
        import torch

        inputs = self._processor(
            images=image.convert("RGB"),
            input_boxes=[[[float(edge) for edge in found.box.edges]]],
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode():
            outputs = self._network(**inputs, multimask_output=True)
        sizes = [inputs["original_sizes"].cpu()]
        if "reshaped_input_sizes" in inputs:
            sizes.append(inputs["reshaped_input_sizes"].cpu())
        (masks,) = self._processor.post_process_masks(outputs.pred_masks.cpu(), *sizes)
        surest = int(outputs.iou_scores.reshape(-1).argmax())
        inside = masks.reshape(-1, *masks.shape[-2:])[surest].numpy().astype(bool)
        allowed = np.zeros_like(inside)
        allowed[found.box.top : found.box.bottom, found.box.left : found.box.right] = True
        shape = shaped(found.label, found.confidence, inside & allowed)
        return found if shape is None else replace(found, box=shape.box, mask=shape.mask)
