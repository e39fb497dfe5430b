"""Tensors from files of others: numbers that can be computed with, or refused by file and name.

float8 has no arithmetic in torch; each of its forms is a part of float16 or float32, and read as
that without a loss.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from medialab.errors import ModelRefusedError
from medialab.files.headers import read_header

if TYPE_CHECKING:
    import torch

# Formats of one byte that hold powers of two as far as float32 does.
_WIDE_BYTES = ("float8_e8m0fnu",)


def read_tensors(
    path: Path, what: str, wanted: Callable[[str], bool] = lambda _name: True
) -> "Iterator[tuple[str, torch.Tensor]]":
    """Each tensor of a safetensors file that is `wanted`, by name, a copy of its own.

    `what` is how messages call the file, such as "LoRA 'ink'".

    Raises:
        ModelRefusedError: the file is broken, or its numbers are of a format that nothing here
            computes with, or none.
    """
    read_header(path)
    try:
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 - no dict
                if wanted(name):
                    # A copy: what safetensors gives is the file itself, and changes with it.
                    yield name, as_numbers(file.get_tensor(name).clone(), what, name)
    except (OSError, SafetensorError, RuntimeError) as error:
        message = f"{what} cannot be read ({error}); copy the file again"
        raise ModelRefusedError(message) from error


def as_numbers(value: "torch.Tensor", what: str, name: str) -> "torch.Tensor":
    """The tensor in a format that torch computes with; whole numbers stay as they are.

    Raises:
        ModelRefusedError: it is of a format that nothing here computes with, or holds values that
            are no numbers (NaN, infinity).
    """
    import torch

    kind = str(value.dtype).removeprefix("torch.")
    if value.is_complex() or kind.startswith("float4"):
        message = f"{what} holds {kind} ({name}), which is not supported; get it in float16"
        raise ModelRefusedError(message)
    if kind.startswith("float8"):
        value = value.to(torch.float32 if kind in _WIDE_BYTES else torch.float16)
    elif value.dtype == torch.float64:
        value = value.to(torch.float32)
    if value.is_floating_point() and not bool(value.isfinite().all()):
        message = f"{what} holds NaN or infinite values ({name}); get another copy"
        raise ModelRefusedError(message)
    return value


def refuse_whole_numbers(value: "torch.Tensor", what: str, name: str) -> None:
    """Refuse weights that are counted, not measured: of a quantised model that lost its scales.

    Raises:
        ModelRefusedError: they are.
    """
    if not value.is_floating_point():
        kind = str(value.dtype).removeprefix("torch.")
        message = (
            f"{what} holds {kind} ({name}), a format that weights cannot have; get it in float16"
        )
        raise ModelRefusedError(message)
