"""Segmentation by words: the shape of whatever a text names."""

from typing import TYPE_CHECKING

from medialab.vision.detections import Detection, connected, most_confident_first
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image

# Where the model gives a pixel at least this chance, it belongs to what the word names. CLIPSeg's
# own demonstration draws the line there.
_LEAST_CHANCE = 0.4


class ClipSegmenter(NetworkModel):
    """CLIPSeg: each pixel's chance to be what a word names; connected pixels are one detection."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the connected places of what each word names, the most confident first."""
        import torch
        import torch.nn.functional as F

        detections = []
        for word in words:
            inputs = self._processor(
                text=[word], images=[image.convert("RGB")], return_tensors="pt"
            ).to(self._device)
            with torch.inference_mode():
                scores = self._network(**inputs).logits.float()
                scores = scores.reshape(1, 1, *scores.shape[-2:])
                whole = F.interpolate(
                    scores, image.size[::-1], mode="bilinear", align_corners=False
                )
            chances = whole.sigmoid()[0, 0].cpu().numpy()
            detections += connected(word, chances >= _LEAST_CHANCE, chances)
        return most_confident_first(detections)
