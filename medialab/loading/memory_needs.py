"""Memory needs, computed from headers and sizes before anything is loaded.

The size of a network's weights is exact. A VAE's needs while it computes are estimated as a number
of feature maps of its first layer, at the picture's size; the numbers were measured
(docs/performance.md). Each family estimates its denoiser's.
"""

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
from medialab.files.scaled_weights import is_beside
from medialab.listing.info import SINGLE_FILE, ModelInfo
from medialab.loading.stored_weights import Counts, Weight, counted
from medialab.process.offloading import PartSizes
from medialab.process.precisions import ITEM_BYTES, WEIGHT_DTYPES

# Copies of weights that training leaves in some checkpoints; they are never loaded.
_UNUSED = ("model_ema.",)
# Beginnings of the names of a single file's text encoders and VAE; the rest is the denoiser.
_IN_ENCODERS = ("text_encoders.", "cond_stage_model.", "conditioner.")
_IN_VAE = ("vae.", "first_stage_model.")
_ENCODERS = "text encoders"
# Before the names of a denoiser in a single file.
_OF_DENOISER = ("model.diffusion_model.", "diffusion_model.")
# Feature maps of (first layer's channels, height, width) that are alive at the peak, measured in
# float32: 5.0 to encode, 6.2 (512 px) to 8.9 (1536 px) to decode.
DECODER_MAPS = 8
ENCODER_MAPS = 5
# Bytes a pixel of a finished picture: as 8-bit, as floats of three channels, and one more of each.
PICTURE_BYTES = 40


@lru_cache(256)
def bytes_in_memory(info: ModelInfo, dtype: str) -> int:
    """Return the bytes of a model's weights as a dtype; of other formats, the files' size.

    Weights that stay as they are in the file count as that.
    """
    if info.stored:
        return part_sizes(info, (), dtype).all
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
    groups = [one.nbytes(item, weight_dtype) for one in denoiser.values()]
    return PartSizes(
        encoders=sum(texts.values()),
        largest_encoder=max(texts.values(), default=0),
        denoiser=sum(groups),
        others=others * item,
        group=max(groups, default=0),
    )


@lru_cache(256)
def _counted(info: ModelInfo) -> tuple[Mapping[str, int], Mapping[str, Counts], int]:
    """Return how many numbers a checkpoint has: by text encoder, by group of the denoiser, else."""
    family = RUNNING.get(info.family)
    if family is None:  # the loader says that it does not run
        return {}, {}, 0
    own = family.denoiser
    texts: Counter[str] = Counter()
    denoiser: list[Weight] = []
    others = 0
    for part, weight in _weights_of(info, own.part):
        if part == own.part:
            denoiser.append(weight)
        elif part in own.text_encoders or part == _ENCODERS:
            texts[part] += prod(weight.shape)
        else:
            others += prod(weight.shape)
    return texts, counted(denoiser, own.wide, stays=bool(info.stored)), others


def _weights_of(info: ModelInfo, denoiser: str) -> Iterator[tuple[str, Weight]]:
    """Yield the part of each of a checkpoint's weights, and the weight."""
    with suppress(ModelRefusedError):  # the loader says what is wrong
        if info.path.suffix.lower() == GGUF:
            header = read_gguf_header(info.path)
            for name, shape in header.shapes.items():
                yield denoiser, Weight(_without_prefix(name), shape, header.dtypes[name])
            return
        for file in _files_of(info):
            header = read_header(file)
            for name, shape in header.shapes.items():
                if name.startswith(_UNUSED) or is_beside(name):
                    continue
                part = file.parent.name if info.path.is_dir() else _part_of(name, denoiser)
                yield part, Weight(_without_prefix(name), shape, header.dtypes[name])


def _part_of(name: str, denoiser: str) -> str:
    """Return the part of a single file that a tensor is of."""
    if name.startswith(_IN_ENCODERS):
        return _ENCODERS
    return "vae" if name.startswith(_IN_VAE) else denoiser


def _without_prefix(name: str) -> str:
    return next((name.removeprefix(one) for one in _OF_DENOISER if name.startswith(one)), name)


def _numbers_in(file: Path) -> int:
    shapes = read_header(file).shapes
    return sum(
        prod(shape)
        for name, shape in shapes.items()
        if not (name.startswith(_UNUSED) or is_beside(name))
    )


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
