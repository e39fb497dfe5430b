"""Instance segmentation with labels of its own: a shape for each thing."""

from typing import TYPE_CHECKING

from medialab.vision.base import (
    LEAST_CONFIDENCE,
    Detection,
    NetworkDetector,
    called,
    shaped,
    surest_first,
)

if TYPE_CHECKING:
    from PIL import Image


class InstanceSegmenter(NetworkDetector):
    """An instance segmentation model (Mask2Former, MaskFormer, DETR with masks)."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """The things of those labels with their shapes, surest first."""
        import torch

        labels = called(words, self._network.config.id2label)
        if not labels:
            return []
        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            outputs = self._network(**inputs)
            (found,) = self._processor.post_process_instance_segmentation(
                outputs, threshold=LEAST_CONFIDENCE, target_sizes=[image.size[::-1]]
            )
        numbered = found["segmentation"].cpu().numpy()
        finds = [
            shaped(labels[one["label_id"]], float(one["score"]), numbered == one["id"])
            for one in found["segments_info"]
            if one["label_id"] in labels
        ]
        return surest_first(one for one in finds if one is not None)
