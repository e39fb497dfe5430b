"""Memory needs, computed from headers and sizes before anything is loaded.

The size of a network's weights is exact. A VAE's needs while it computes are estimated as a number
of feature maps of its first layer, at the picture's size; the numbers were measured
(docs/performance.md). Each family estimates its denoiser's.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from math import prod
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.files.folder_parts import folders_read
from medialab.files.gguf import SUFFIX as GGUF
from medialab.files.gguf import read_gguf_header
from medialab.files.headers import read_header
from medialab.files.part_configs import weight_files
from medialab.listing.info import SINGLE_FILE, ModelInfo
from medialab.process.offloading import PartSizes
from medialab.process.precisions import ITEM_BYTES, WEIGHT_DTYPES

# Copies of weights that training leaves in some checkpoints; they are never loaded.
_UNUSED = ("model_ema.",)
# Beginnings of the names of a single file's text encoders and VAE; the rest is the denoiser.
_IN_ENCODERS = ("text_encoders.", "cond_stage_model.", "conditioner.")
_IN_VAE = ("vae.", "first_stage_model.")
_ENCODERS = "text encoders"
_BLOCK = re.compile(r".*?\.\d+(?=\.)")  # up to a layer's number
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


def part_sizes(
    info: ModelInfo, encoders: Sequence[ModelInfo], dtype: str, weight_dtype: str = WEIGHT_DTYPES[0]
) -> PartSizes:
    """Return the bytes of a checkpoint's parts in memory, from headers alone.

    Args:
        info: The checkpoint as it is listed.
        encoders: The text encoders that its file lacks.
        dtype: The precision.
        weight_dtype: How the denoiser is stored.
    """
    item = ITEM_BYTES[dtype]
    own, denoiser, others = _counted(info)
    texts = {f"{one.path}": numbers_in(one) * item or one.size_bytes for one in encoders}
    texts |= {part: numbers * item for part, numbers in own.items()}
    stored = item if weight_dtype == WEIGHT_DTYPES[0] else 1
    whole, largest = sum(denoiser.values()), max(denoiser.values(), default=0)
    if info.path.suffix.lower() == GGUF:  # its weights stay as they are in the file
        largest, whole, stored = (
            round(info.size_bytes * largest / max(whole, 1)),
            info.size_bytes,
            1,
        )
    return PartSizes(
        encoders=sum(texts.values()),
        largest_encoder=max(texts.values(), default=0),
        denoiser=whole * stored,
        others=others * item,
        group=largest * stored,
    )


@lru_cache(256)
def _counted(info: ModelInfo) -> tuple[Mapping[str, int], Mapping[str, int], int]:
    """Return how many numbers a checkpoint has: by text encoder, by group of the denoiser, else."""
    own = RUNNING[info.family].denoiser
    texts: Counter[str] = Counter()
    denoiser: Counter[str] = Counter()
    others = 0
    for part, name, numbers in _weights_of(info, own.part):
        if part == own.part:
            denoiser[_group_of(name)] += numbers
        elif part in own.text_encoders or part == _ENCODERS:
            texts[part] += numbers
        else:
            others += numbers
    return texts, denoiser, others


def _weights_of(info: ModelInfo, denoiser: str) -> Iterator[tuple[str, str, int]]:
    """Yield part, name in it, and number of numbers, of each of a checkpoint's tensors."""
    with suppress(ModelRefusedError):  # the loader says what is wrong
        if info.path.suffix.lower() == GGUF:
            for name, shape in read_gguf_header(info.path).shapes.items():
                yield denoiser, name, prod(shape)
            return
        for file in _files_of(info):
            for name, shape in read_header(file).shapes.items():
                if name.startswith(_UNUSED):
                    continue
                part = file.parent.name if info.path.is_dir() else _part_of(name, denoiser)
                yield part, name, prod(shape)


def _part_of(name: str, denoiser: str) -> str:
    """Return the part of a single file that a tensor is of."""
    if name.startswith(_IN_ENCODERS):
        return _ENCODERS
    return "vae" if name.startswith(_IN_VAE) else denoiser


def _group_of(name: str) -> str:
    """Return the layers that a tensor comes to the device with: a block, or all outside of any."""
    found = _BLOCK.match(name)
    return found[0] if found else ""


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
