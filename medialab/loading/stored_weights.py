"""The bytes that a denoiser's weights take in memory, layer by layer, from its files' headers.

Weights are stored in the precision, in a byte each (`weight_dtype`), or as they are in the file.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import prod
from typing import NamedTuple

from medialab.files.gguf import FORMATS
from medialab.files.scaled_weights import SCALED

_BLOCK = re.compile(r".*?\.\d+(?=\.)")  # up to a layer's number
_WEIGHT, _BIAS = ".weight", ".bias"
_SCALE = 4  # bytes: a number of float32 for each row
_PLAIN = frozenset({"F32", "F16", "BF16", "F64"})
# Bytes and numbers of a block, by the formats of weights that stay as they are.
_KEPT = {
    **{name: (size, block) for name, block, size in FORMATS.values() if name not in _PLAIN},
    **dict.fromkeys(SCALED, (1, 1)),
}


class Weight(NamedTuple):
    """A tensor of a denoiser: its name without the file's prefix, its shape, and its format."""

    name: str
    shape: tuple[int, ...]
    format: str

    @property
    def layer(self) -> str:
        """The name of its layer."""
        return self.name.rpartition(".")[0]

    @property
    def group(self) -> str:
        """The layers that it comes to the device with: a block, or all outside of any."""
        found = _BLOCK.match(self.name)
        return found[0] if found else ""


class Counts(NamedTuple):
    """The weights of some layers.

    Attributes:
        wide: Numbers that are stored in the precision whatever is set.
        large: Numbers of matrices that a `weight_dtype` stores in a byte each.
        rows: Rows of these.
        biases: Numbers of these layers' biases.
        kept: Bytes of weights that stay as they are in the file.
    """

    wide: int = 0
    large: int = 0
    rows: int = 0
    biases: int = 0
    kept: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Return the counts of both."""
        return Counts(*(sum(pair) for pair in zip(self, other, strict=True)))

    def nbytes(self, item: int, weight_dtype: str) -> int:
        """Return the bytes in memory.

        Args:
            item: The bytes of a number of the precision.
            weight_dtype: One of WEIGHT_DTYPES.
        """
        large, biases = {
            # diffusers stores the biases of these layers like their weights.
            "fp8_e4m3fn": (self.large, self.biases),
            "int8": (self.large + self.rows * _SCALE, self.biases * item),
        }.get(weight_dtype, (self.large * item, self.biases * item))
        return self.wide * item + large + biases + self.kept


def counted(weights: Iterable[Weight], wide: str, *, stays: bool) -> Mapping[str, Counts]:
    """Return the counts of a denoiser's groups of layers.

    Args:
        weights: All of its tensors.
        wide: A pattern of names of layers that no `weight_dtype` is for.
        stays: Whether quantised weights stay as they are in the file.
    """
    every, is_wide = list(weights), re.compile(wide).search
    large = {
        one.layer
        for one in every
        if one.name.endswith(_WEIGHT) and len(one.shape) > 1 and not is_wide(one.layer)
    }
    found: dict[str, Counts] = defaultdict(Counts)
    for one in every:
        numbers = prod(one.shape)
        if stays and one.format in _KEPT and len(one.shape) > 1:
            nbytes, block = _KEPT[one.format]
            scales = one.shape[0] * _SCALE if one.format in SCALED else 0
            counts = Counts(kept=numbers * nbytes // block + scales)
        elif one.layer in large and one.name.endswith(_WEIGHT):
            counts = Counts(large=numbers, rows=one.shape[0])
        elif one.layer in large and one.name.endswith(_BIAS):
            counts = Counts(biases=numbers)
        else:
            counts = Counts(wide=numbers)
        found[one.group] = found[one.group].plus(counts)
    return found
