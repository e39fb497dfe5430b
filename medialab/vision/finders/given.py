"""Finders without a model: the places of a mask that was given, and the middle of the picture."""

from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.vision.detections import LEAST_SHARE, Detection

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Levels above which a mask is white, and above which it is painted at all.
_WHITE, _FAINT = 127, 31
# Cells a side of the grid on which specks are near each other.
_CELLS = 32


class Middle:
    """Finds the middle half of any picture; for when nothing else finds anything."""

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the middle half under each word, with no confidence."""
        width, height = image.size
        box = Box(width // 4, height // 4, width - width // 4, height - height // 4)
        return [Detection(word, 0.0, box, box_mask(box, width, height)) for word in words]


class GivenMask:
    """Finds the white places of a mask, which has the size of the pictures it is asked about.

    A place is what is connected; specks that lie near each other are one. What is grey (a stroke
    of a faint brush) counts where no white is in it. Nothing that a person painted is left out, but
    for what is nearly black, as a JPEG's blocks are.
    """

    def __init__(self, mask: "Image.Image") -> None:
        self._mask = mask

    def find(self, _image: "Image.Image", *words: str) -> list[Detection]:
        """Return the places under each word with full confidence: large ones first, then specks."""
        places = _places_in(self._mask) if words else []
        return [Detection(word, 1.0, box, shape) for word in words for box, shape in places]


def _places_in(mask: "Image.Image") -> "list[tuple[Box, Image.Image]]":
    """Return the box and the shape of each place of a mask."""
    import numpy as np
    from scipy import ndimage

    levels = np.asarray(mask.convert("L"))
    touching = np.ones((3, 3))
    faint, count = ndimage.label(levels > _FAINT, structure=touching)
    has_white = np.zeros(count + 1, bool)
    has_white[faint[levels > _WHITE]] = True
    inside = (levels > _WHITE) | ((faint > 0) & ~has_white[faint])
    numbered, _ = ndimage.label(inside, structure=touching)
    sizes = np.bincount(numbered.ravel())
    is_speck = sizes < LEAST_SHARE * levels.size
    is_speck[0] = False
    places = np.where(is_speck[numbered], 0, numbered)
    return [*_boxed_parts(places), *_boxed_parts(_clustered(is_speck[numbered]))]


def _boxed_parts(numbered: "np.ndarray") -> "list[tuple[Box, Image.Image]]":
    """Return the box and the shape of each number of (h, w) places; 0 is none."""
    import numpy as np
    from PIL import Image
    from scipy import ndimage

    height, width = numbered.shape
    parts = []
    for number, place in enumerate(ndimage.find_objects(numbered), 1):
        if place is None:
            continue
        rows, columns = place
        part = np.where(numbered[place] == number, 255, 0).astype(np.uint8)
        mask = Image.new("L", (width, height), 0)
        mask.paste(Image.fromarray(part), (columns.start, rows.start))
        box = Box(columns.start, rows.start, columns.stop, rows.stop)
        parts.append((box, mask))
    return parts


def _clustered(specks: "np.ndarray") -> "np.ndarray":
    """Return numbers for (h, w) specks, the same for those that touch on a coarse grid."""
    import numpy as np
    from scipy import ndimage

    height, width = specks.shape
    rows = np.arange(height) * min(height, _CELLS) // height
    columns = np.arange(width) * min(width, _CELLS) // width
    cells = np.zeros((rows[-1] + 1, columns[-1] + 1), bool)
    at = np.nonzero(specks)
    cells[rows[at[0]], columns[at[1]]] = True
    numbered, _ = ndimage.label(cells, structure=np.ones((3, 3)))
    return np.where(specks, numbered[rows][:, columns], 0)
