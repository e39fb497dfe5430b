"""Detection by words: boxes of whatever a text names."""

from typing import TYPE_CHECKING

from medialab.vision.detections import (
    LEAST_CONFIDENCE,
    Detection,
    boxed,
    most_confident_first,
)
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image


class ZeroShotDetector(NetworkModel):
    """A zero-shot detection model (OWL-ViT, OWLv2, Grounding DINO): "face", "left hand".

    Each word is looked for by itself, so that no word takes confidence from another. Cost: one pass
    a word.
    """

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the boxes of what each word names, the most confident first."""
        import torch

        seen = image.convert("RGB")
        detections = []
        for word in words:
            inputs = self._processor(
                text=[[word]], images=seen, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                outputs = self._network(**inputs.to(self._device))
            (rows,) = self._processor.post_process_grounded_object_detection(
                outputs, threshold=LEAST_CONFIDENCE, target_sizes=[image.size[::-1]]
            )
            detections += [
                boxed(image, word, float(score), edges.tolist())
                for score, edges in zip(rows["scores"], rows["boxes"], strict=True)
            ]
        return most_confident_first(detections)
