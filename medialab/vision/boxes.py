"""Object detection with labels of its own: boxes."""

from typing import TYPE_CHECKING

from medialab.vision.base import (
    LEAST_CONFIDENCE,
    Detection,
    NetworkDetector,
    boxed,
    called,
    surest_first,
)

if TYPE_CHECKING:
    from PIL import Image


class BoxDetector(NetworkDetector):
    """An object detection model (YOLOS, RT-DETR, D-FINE and others): boxes with a label."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """The boxes of those labels, surest first."""
        import torch

        labels = called(words, self._network.config.id2label)
        if not labels:
            return []
        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            outputs = self._network(**inputs)
        sizes = torch.tensor([image.size[::-1]])
        (found,) = self._processor.post_process_object_detection(outputs, LEAST_CONFIDENCE, sizes)
        finds = [
            boxed(image, labels[int(number)], float(score), edges.tolist())
            for score, number, edges in zip(
                found["scores"], found["labels"], found["boxes"], strict=True
            )
            if int(number) in labels
        ]
        return surest_first(one for one in finds if one is not None)
