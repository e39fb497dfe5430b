"""Depth: how near each pixel is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialab.vision.roles import Estimator

if TYPE_CHECKING:
    from PIL import Image

    from medialab.pixels.geometry import Box


class DepthEstimator(Estimator):
    """A depth estimation model."""

    architectures = ("ForDepthEstimation",)
    auto_class = "AutoModelForDepthEstimation"
    needs = "tells how near things are"

    def estimate(self, image: "Image.Image", boxes: "Sequence[Box]" = ()) -> "Image.Image":
        """Return how near each pixel is: 8-bit grey as RGB, the nearest white, the picture's size.

        Boxes change nothing: depth is of the whole picture.
        """
        import numpy as np
        from PIL import Image

        del boxes
        nearness = self._outputs(image).predicted_depth[0].float().cpu().numpy()
        least, most = float(nearness.min()), float(nearness.max())
        levels = (nearness - least) * (255 / (most - least) if most > least else 0.0)
        grey = Image.fromarray(levels.round().astype(np.uint8))
        return grey.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")
