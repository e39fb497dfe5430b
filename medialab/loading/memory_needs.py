"""Memory needs, computed from headers and sizes before anything is loaded.

The size of a network's weights is exact. A VAE's needs while it computes are estimated as a number
of feature maps of its first layer, at the picture's size; the numbers were measured
(docs/performance.md). Each family estimates its denoiser's.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.files.folder_parts import folders_read
from medialab.files.headers import read_header
from medialab.files.part_configs import weight_files
from medialab.listing.info import SINGLE_FILE, ModelInfo
from medialab.process.precisions import ITEM_BYTES

# Copies of weights that training leaves in some checkpoints; they are never loaded.
_UNUSED = ("model_ema.",)
# Feature maps of (first layer's channels, height, width) that are alive at the peak, measured in
# float32: 5.0 to encode, 6.2 (512 px) to 8.9 (1536 px) to decode.
DECODER_MAPS = 8
ENCODER_MAPS = 5
# Bytes a pixel of a finished picture: as 8-bit, as floats of three channels, and one more of each.
PICTURE_BYTES = 40


@lru_cache(256)
def bytes_in_memory(info: ModelInfo, dtype: str) -> int:
    """Return the bytes of a model's weights as a dtype; of other formats, the files' size."""
    return numbers_in(info) * ITEM_BYTES[dtype] or info.size_bytes


@lru_cache(256)
def numbers_in(info: ModelInfo) -> int:
    """Return how many numbers a model's weights are; 0 where no header tells."""
    try:
        return sum(_numbers_in(file) for file in _files_of(info))
    except ModelRefusedError:  # the loader says what is wrong
        return 0


def _numbers_in(file: Path) -> int:
    shapes = read_header(file).shapes
    return sum(prod(shape) for name, shape in shapes.items() if not name.startswith(_UNUSED))


def _files_of(info: ModelInfo) -> Iterator[Path]:
    """Yield the files whose weights are read: of a folder, each loaded part's plain variant."""
    if info.path.is_file():
        if info.path.suffix.lower() == SINGLE_FILE:
            yield info.path
        return
    for folder in sorted(folders_read(info.path) or {info.path}):
        variants: dict[str, list[Path]] = {}
        for file in weight_files(folder):
            middle = file.name.split(".")[1:-1]
            variants.setdefault(middle[0].partition("-")[0] if middle else "", []).append(file)
        if variants:
            yield from variants[min(variants)]


def decoding_bytes(width: int, height: int, channels: int, item_bytes: int) -> int:
    """Return the bytes that a VAE needs to decode a picture, besides its weights.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        channels: of the VAE's first layer.
        item_bytes: bytes a number of its dtype.
    """
    return width * height * channels * item_bytes * DECODER_MAPS


def encoding_bytes(width: int, height: int, channels: int, item_bytes: int) -> int:
    """Return the bytes that a VAE needs to encode a picture; see `decoding_bytes`."""
    return width * height * channels * item_bytes * ENCODER_MAPS
