"""Reading tensors from foreign files, in a format that torch can compute with.

torch has no arithmetic for float8; each of its variants is a subset of float16 or float32, and is
converted to that without loss.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from medialab.errors import ModelRefusedError
from medialab.files.headers import read_header

if TYPE_CHECKING:
    import torch

# One-byte formats with the exponent range of float32.
_WIDE_BYTES = ("float8_e8m0fnu",)


def read_tensors(
    path: Path, what: str, wanted: Callable[[str], bool] = lambda _name: True
) -> "Iterator[tuple[str, torch.Tensor]]":
    """Yield names and tensors of a safetensors file, each tensor a copy.

    Args:
        path: The file.
        what: Its name in messages, such as "LoRA 'ink'".
        wanted: Whether a tensor is read, given its name.

    Raises:
        ModelRefusedError: the file is damaged, or a tensor has an unsupported format or values that
            are not finite.
    """
    read_header(path)
    try:
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 - no dict
                if wanted(name):
                    # A copy: safetensors returns a view of the file, which would change with it.
                    yield name, as_numbers(file.get_tensor(name).clone(), what, name)
    except (OSError, SafetensorError, RuntimeError) as error:
        message = f"{what} cannot be read ({error}); copy the file again"
        raise ModelRefusedError(message) from error


def as_numbers(value: "torch.Tensor", what: str, name: str) -> "torch.Tensor":
    """Convert a tensor to a format that torch can compute with; integers are left unchanged.

    Args:
        value: Of any shape and dtype.
        what: The file's name in messages.
        name: The tensor's name in messages.

    Returns:
        float16, bfloat16 or float32, of the same shape; integers and booleans unchanged.

    Raises:
        ModelRefusedError: its format is not supported, or it holds NaN or infinity.
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
    """Refuse weights that are integers, as in a quantised model without its scales.

    Raises:
        ModelRefusedError: they are.
    """
    if not value.is_floating_point():
        kind = str(value.dtype).removeprefix("torch.")
        message = (
            f"{what} holds {kind} ({name}), a format that weights cannot have; get it in float16"
        )
        raise ModelRefusedError(message)
