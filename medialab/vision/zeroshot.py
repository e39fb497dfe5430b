"""Detection by words: boxes of whatever a text names."""

from typing import TYPE_CHECKING

from medialab.vision.base import (
    LEAST_CONFIDENCE,
    Detection,
    NetworkDetector,
    boxed,
    surest_first,
)

if TYPE_CHECKING:
    from PIL import Image


class ZeroShotDetector(NetworkDetector):
    """A zero-shot detection model (OWL-ViT, OWLv2, Grounding DINO): "face", "left hand".

    Each word is looked for by itself, so that no word takes certainty from another. Cost: one pass
    a word.
    """

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """The boxes of what each word names, surest first."""
        import torch

        seen = image.convert("RGB")
        finds = []
        for word in words:
            inputs = self._processor(
                text=[[word]], images=seen, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                outputs = self._network(**inputs.to(self._device))
            (found,) = self._processor.post_process_grounded_object_detection(
                outputs, threshold=LEAST_CONFIDENCE, target_sizes=[image.size[::-1]]
            )
            finds += [
                boxed(image, word, float(score), edges.tolist())
                for score, edges in zip(found["scores"], found["boxes"], strict=True)
            ]
        return surest_first(one for one in finds if one is not None)
