"""Depth estimation: finds no parts, but tells ControlNets how near each pixel is."""

from typing import TYPE_CHECKING

from medialab.vision.base import Detection, NetworkDetector

if TYPE_CHECKING:
    from PIL import Image


class DepthEstimator(NetworkDetector):
    """A depth estimation model. It finds no parts, but tells how near each pixel is."""

    def find(self, _image: "Image.Image", *_words: str) -> list[Detection]:
        """Nothing: a depth model names no parts."""
        return []

    def depth(self, image: "Image.Image") -> "Image.Image":
        """How near each pixel is: 8-bit grey as RGB, the nearest white, the picture's size."""
        import numpy as np
        import torch
        from PIL import Image

        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            nearness = self._network(**inputs).predicted_depth[0].float().cpu().numpy()
        least, most = float(nearness.min()), float(nearness.max())
        levels = (nearness - least) * (255 / (most - least) if most > least else 0.0)
        grey = Image.fromarray(levels.round().astype(np.uint8))
        return grey.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")
