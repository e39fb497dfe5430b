"""Preprocessors without a model: the control image that a ControlNet receives of a picture.

Edges are detected by OpenCV, which comes with the extra `control`. Names and defaults are those of
A1111's ControlNet extension. Preprocessors with a model are in `medialab.vision.estimators`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from medialab.process.libraries import check_installed, require

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Canny's thresholds on the gradient, in grey levels: above the first one, a pixel may continue an
# edge; above the second, it starts one.
CANNY_LOW, CANNY_HIGH = 100, 200
# In pixels of a picture whose short side is 512: sigma of soft edges, width of a scribble's pen.
_SOFTNESS, _PEN = 2.0, 3
_REFERENCE_SIDE = 512
_TILE_BLUR = 4  # factor of the reduction that a tile ControlNet was trained to sharpen


def canny(image: "Image.Image") -> "Image.Image":
    """Return white edges on black, one pixel wide."""
    return _white_on_black(_edges(image))


def scribble(image: "Image.Image") -> "Image.Image":
    """Return thick white strokes along the edges, like a scribble by hand."""
    cv2, np = require("cv2"), _numpy()
    pen = np.ones((_scaled(image, _PEN),) * 2, np.uint8)
    thick = cv2.dilate(_edges(image), pen)
    return _white_on_black(thick)


def soft_edge(image: "Image.Image") -> "Image.Image":
    """Return edges as grey levels in proportion to the gradient."""
    cv2, np = require("cv2"), _numpy()
    grey = cv2.GaussianBlur(np.array(image.convert("L")), (0, 0), max(0.5, _width(image)))
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    strength = cv2.magnitude(across, down)
    most = float(strength.max())
    levels = strength * (255 / most) if most > 0 else strength
    return _white_on_black(levels.round().astype(np.uint8))


def tile(image: "Image.Image") -> "Image.Image":
    """Return the picture without its finest detail, for the model to add it anew."""
    from PIL import Image

    small = image.resize(
        (max(1, image.width // _TILE_BLUR), max(1, image.height // _TILE_BLUR)),
        Image.Resampling.BOX,
    )
    return small.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")


def invert(image: "Image.Image") -> "Image.Image":
    """Return the picture with its colours inverted: black lines on white become white on black."""
    from PIL import ImageOps

    return ImageOps.invert(image.convert("RGB"))


def none(image: "Image.Image") -> "Image.Image":
    """Return the picture unchanged: it already is a control image."""
    return image.convert("RGB")


# Each takes a picture and returns one of the same size, 8-bit RGB.
AS_IT_IS = "none"  # the picture is used without preprocessing
PREPROCESSORS: "Mapping[str, Callable[[Image.Image], Image.Image]]" = {
    AS_IT_IS: none,
    "canny": canny,
    "scribble": scribble,
    "soft edge": soft_edge,
    "tile": tile,
    "invert": invert,
}
NEEDS_OPENCV = frozenset({"canny", "scribble", "soft edge"})


def check_library(preprocessor: str) -> None:
    """Check, before anything is drawn, that the library a preprocessor needs is installed.

    Raises:
        MissingLibraryError: it is not; the message says how to install it.
    """
    if preprocessor in NEEDS_OPENCV:
        check_installed("cv2")


def _edges(image: "Image.Image") -> "np.ndarray":
    pixels = _numpy().array(image.convert("RGB"))
    found: np.ndarray = require("cv2").Canny(pixels, CANNY_LOW, CANNY_HIGH)
    return found


def _white_on_black(levels: "np.ndarray") -> "Image.Image":
    from PIL import Image

    return Image.fromarray(levels).convert("RGB")


def _width(image: "Image.Image") -> float:
    return _SOFTNESS * min(image.size) / _REFERENCE_SIDE


def _scaled(image: "Image.Image", pixels: int) -> int:
    """Scale a length in pixels from a picture whose short side is 512 to this one, at least 2."""
    return max(2, round(pixels * min(image.size) / _REFERENCE_SIDE))


def _numpy() -> Any:
    import numpy as np

    return np
