"""What a ControlNet is shown of a picture: its edges, its depth, itself.

Edges are found by OpenCV, which comes with the extra `control`; depth and pose by a model
of models/detectors. Names and defaults as in A1111's ControlNet extension.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from medialab.process.libraries import check_installed, require

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Grey levels between which a gradient may be an edge, and above which it is one.
CANNY_LOW, CANNY_HIGH = 100, 200
# Pixels: how far softened edges reach, of a picture of 512; and how wide a scribble's pen is.
_SOFTNESS, _PEN = 2.0, 3
_REFERENCE_SIDE = 512
_TILE_BLUR = 4  # times smaller and back: what a tile ControlNet was trained to sharpen


def canny(image: "Image.Image") -> "Image.Image":
    """White edges on black, one pixel wide."""
    return _white_on_black(_edges(image))


def scribble(image: "Image.Image") -> "Image.Image":
    """Thick strokes along the edges, as a person would scribble them."""
    cv2, np = require("cv2"), _numpy()
    pen = np.ones((_scaled(image, _PEN),) * 2, np.uint8)
    thick = cv2.dilate(_edges(image), pen)
    return _white_on_black(thick)


def soft_edge(image: "Image.Image") -> "Image.Image":
    """Edges that fade, by the strength of the gradient."""
    cv2, np = require("cv2"), _numpy()
    grey = cv2.GaussianBlur(np.array(image.convert("L")), (0, 0), max(0.5, _width(image)))
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    strength = cv2.magnitude(across, down)
    most = float(strength.max())
    levels = strength * (255 / most) if most > 0 else strength
    return _white_on_black(levels.round().astype(np.uint8))


def tile(image: "Image.Image") -> "Image.Image":
    """The picture without its finest detail, which is to be drawn anew."""
    from PIL import Image

    small = image.resize(
        (max(1, image.width // _TILE_BLUR), max(1, image.height // _TILE_BLUR)),
        Image.Resampling.BOX,
    )
    return small.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")


def invert(image: "Image.Image") -> "Image.Image":
    """Black lines on white, as a person draws them, as white on black."""
    from PIL import ImageOps

    return ImageOps.invert(image.convert("RGB"))


def none(image: "Image.Image") -> "Image.Image":
    """The picture as it is: it was prepared elsewhere."""
    return image.convert("RGB")


# Of a picture to one of the same size, 8-bit RGB.
AS_IT_IS = "none"  # the picture is shown unprepared
PREPROCESSORS: "Mapping[str, Callable[[Image.Image], Image.Image]]" = {
    AS_IT_IS: none,
    "canny": canny,
    "scribble": scribble,
    "soft edge": soft_edge,
    "tile": tile,
    "invert": invert,
}
NEEDS_OPENCV = frozenset({"canny", "scribble", "soft edge"})
DEPTH, POSE = "depth", "pose"
# Those that need a model, which their unit names -> what such a model does.
BY_MODEL = {DEPTH: "tells how near things are", POSE: "tells how people stand"}


def check_library(preprocessor: str) -> None:
    """Raise before anything is drawn if a preprocessor's library is absent.

    Raises:
        MissingLibraryError: the text says how to install it.
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
    """Pixels of a picture of the usual size, for this one."""
    return max(2, round(pixels * min(image.size) / _REFERENCE_SIDE))


def _numpy() -> Any:
    import numpy as np

    return np
