"""Instance segmentation with labels of its own: a shape for each thing."""

from typing import TYPE_CHECKING

from medialab.vision.detections import (
    LEAST_CONFIDENCE,
    Detection,
    called,
    most_confident_first,
    shaped,
)
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image


class InstanceSegmenter(NetworkModel):
    """An instance segmentation model (Mask2Former, MaskFormer, DETR with masks)."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the things of those labels with their shapes, the most confident first."""
        import torch

        labels = called(words, self._network.config.id2label)
        if not labels:
            return []
        outputs = self._outputs(image)
        with torch.inference_mode():
            (rows,) = self._processor.post_process_instance_segmentation(
                outputs, threshold=LEAST_CONFIDENCE, target_sizes=[image.size[::-1]]
            )
        numbered = rows["segmentation"].cpu().numpy()
        return most_confident_first(
            shaped(labels[one["label_id"]], float(one["score"]), numbered == one["id"])
            for one in rows["segments_info"]
            if one["label_id"] in labels
        )
