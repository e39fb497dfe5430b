"""In which pixels a saved picture and one that was just made differ, and by how much."""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from medialab.artifacts import formats
from medialab.errors import ArtifactError
from medialab.files.regular import read_regular
from medialab.stages.finish import FinishConfig

_MOST_BYTES = 2**31
_LARGEST = 255


class PixelDifferences(NamedTuple):
    """How two pictures differ.

    Attributes:
        pixels: How many pixels differ.
        of: How many there are; 0 if the pictures are of two sizes.
        largest: The largest difference of a channel, 0 to 255.
        mean: The mean difference of all channels, 0 to 255.
        difference: Black where they are equal, brighter where they differ more; the largest
            difference is white. None if they are equal, or of two sizes.
        sizes: The two sizes in words, if they are two.
    """

    pixels: int = 0
    of: int = 0
    largest: int = 0
    mean: float = 0.0
    difference: Image.Image | None = None
    sizes: str = ""


def pixel_differences(saved: Path, made: Image.Image, settings: FinishConfig) -> PixelDifferences:
    """Compare a saved picture with one that was just made.

    Where the file's format loses a part of a picture, the one that was made loses it, too, before
    they are compared.

    Args:
        saved: The picture's file.
        made: The picture.
        settings: The file format and its quality.

    Raises:
        ArtifactError: the file cannot be read as a picture.
    """
    import numpy as np

    first = _decoded(saved)
    if settings.format != "png":
        with Image.open(BytesIO(formats.encode(made, "", settings))) as lossy:
            made = lossy.convert(lossy.mode)
    if first.size != made.size:
        sizes = [" × ".join(map(str, one.size)) for one in (first, made)]
        return PixelDifferences(sizes=f"it is {sizes[0]}, the new one {sizes[1]} pixels")
    mode = "RGBA" if "A" in first.mode + made.mode else "RGB"
    one, other = (np.asarray(each.convert(mode), np.int16) for each in (first, made))
    apart = np.abs(one - other)
    pixels = int(apart.any(axis=2).sum())
    if not pixels:
        return PixelDifferences(of=first.width * first.height)
    largest = int(apart.max())
    brighter = (apart[..., :3].astype(np.float32) * (_LARGEST / largest)).round().clip(0, _LARGEST)
    return PixelDifferences(
        pixels,
        first.width * first.height,
        largest,
        float(apart.mean()),
        Image.fromarray(brighter.astype(np.uint8)),
    )


def _decoded(path: Path) -> Image.Image:
    try:
        with Image.open(BytesIO(read_regular(path, _MOST_BYTES))) as opened:
            return opened.convert(opened.mode)
    except UnidentifiedImageError as error:  # its message names an object in memory
        raise ArtifactError(f"{path.name} cannot be read as a picture any more") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ArtifactError(f"{path.name} cannot be read as a picture ({error})") from error
