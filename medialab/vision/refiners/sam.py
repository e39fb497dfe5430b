"""SAM and its kin: a box becomes the shape of what is in it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from medialab.vision.detections import Detection, shaped
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image


class MaskRefiner(NetworkModel):
    """A model that is shown a box and gives the shape in it (SAM, SAM-HQ, SAM 2)."""

    def refine(self, image: "Image.Image", detection: Detection) -> Detection:
        """Return the detection with the shape that the model is most confident of in its box.

        Where the model sees nothing in the box, the detection is returned as it was.
        """
        import numpy as np
        import torch

        box = detection.box
        inputs = self._processor(
            images=image.convert("RGB"),
            input_boxes=[[[float(edge) for edge in box.edges]]],
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode():
            outputs = self._network(**inputs, multimask_output=True)
        sizes = [inputs["original_sizes"].cpu()]
        if "reshaped_input_sizes" in inputs:
            sizes.append(inputs["reshaped_input_sizes"].cpu())
        (masks,) = self._processor.post_process_masks(outputs.pred_masks.cpu(), *sizes)
        best = int(outputs.iou_scores.reshape(-1).argmax())
        inside = masks.reshape(-1, *masks.shape[-2:])[best].numpy().astype(bool)
        allowed = np.zeros_like(inside)
        allowed[box.top : box.bottom, box.left : box.right] = True
        shape = shaped(detection.label, detection.confidence, inside & allowed)
        if shape is None:
            return detection
        return replace(detection, box=shape.box, mask=shape.mask)
