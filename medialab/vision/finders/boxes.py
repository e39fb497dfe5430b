"""Object detection with labels of its own: boxes."""

from typing import TYPE_CHECKING

from medialab.vision.detections import (
    LEAST_CONFIDENCE,
    Detection,
    boxed,
    called,
    most_confident_first,
)
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image


class BoxDetector(NetworkModel):
    """An object detection model (YOLOS, RT-DETR, D-FINE and others): boxes with a label."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the boxes of those labels, the most confident first."""
        import torch

        labels = called(words, self._network.config.id2label)
        if not labels:
            return []
        outputs, sizes = self._outputs(image), torch.tensor([image.size[::-1]])
        (rows,) = self._processor.post_process_object_detection(outputs, LEAST_CONFIDENCE, sizes)
        return most_confident_first(
            boxed(image, labels[int(number)], float(score), edges.tolist())
            for score, number, edges in zip(
                rows["scores"], rows["labels"], rows["boxes"], strict=True
            )
            if int(number) in labels
        )
