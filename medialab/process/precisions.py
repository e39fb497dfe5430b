"""The precisions that models compute in, and the one that suits a machine and a model."""

from collections.abc import Callable
from typing import Final, Literal, get_args

from medialab.errors import ConfigError
from medialab.process.threads import cpu_features

Precision = Literal["float32", "bfloat16", "float16"]
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
AskedPrecision = Literal["automatic", Precision]
AUTOMATIC: Final = "automatic"
# How weights are stored: as they compute, or in a byte each that becomes the precision layer by
# layer. ComfyUI's names, as far as it has them.
WeightDtype = Literal["default", "fp8_e4m3fn", "int8"]
WEIGHT_DTYPES: Final[tuple[WeightDtype, ...]] = get_args(WeightDtype)
ITEM_BYTES: Final[dict[str, int]] = {"float32": 4, "float16": 2, "bfloat16": 2}
# The numbers in a checkpoint from which on a processor with bfloat16 computes in it: SD1.5 has 1.07
# thousand millions. Smaller ones stay in float32, where every bit is as on other processors.
LARGE: Final = 750_000_000
# How many times faster bfloat16 has to be in `process.trials` to be chosen: 1.9 to 2.2 where it is
# computed natively, 0.03 to 0.2 where torch emulates it.
LEAST_GAIN: Final = 1.2
# Instruction sets that multiply in bfloat16: of Intel and AMD, and of Arm.
_NATIVE: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def of_device(device: str) -> Precision:
    """Return the precision that a device computes fastest in, whatever the model.

    CPUs stay at float32: without native bfloat16 they are 5 to 30 times slower in it (measured).
    Cost: torch is imported for a CUDA device only.
    """
    if not device.startswith("cuda"):
        return "float16" if device == "mps" else "float32"
    import torch

    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float16"


def computes_bfloat16(device: str) -> bool:
    """Return whether a device has instructions for bfloat16."""
    if device.startswith("cpu"):
        return not _NATIVE.isdisjoint(cpu_features())
    return of_device(device) == "bfloat16"


def chosen(
    asked: AskedPrecision,
    device: str,
    numbers: int,
    bfloat16_gain: Callable[[], float] | None = None,
) -> Precision:
    """Return the precision for a model.

    Args:
        asked: One of PRECISIONS, or "automatic": the device's own, but bfloat16 for a LARGE model
            on a processor that has instructions for it.
        device: The torch device.
        numbers: How many numbers the model's weights are.
        bfloat16_gain: Returns how many times faster than float32 this processor was found to be in
            bfloat16; without it the instructions alone decide. It is called only where they are.

    Raises:
        ConfigError: the device cannot compute in the one that was asked for.
    """
    refuse_impossible(asked, device)
    if asked != "automatic":
        return asked
    may_be_faster = device.startswith("cpu") and numbers >= LARGE and computes_bfloat16(device)
    if may_be_faster and (bfloat16_gain is None or bfloat16_gain() >= LEAST_GAIN):
        return "bfloat16"
    return of_device(device)


def refuse_impossible(asked: AskedPrecision, device: str) -> None:
    """Refuse a precision that the device cannot compute in.

    Raises:
        ConfigError: as said; the message has those that it can.
    """
    if asked != "automatic" and not can_compute(asked, device):
        message = (
            f"precision {asked} is for GPUs, this run is on {device}: choose automatic, float32 or "
            "bfloat16"
        )
        raise ConfigError(message).about("precision", (AUTOMATIC, "float32", "bfloat16"))


def can_compute(precision: str, device: str) -> bool:
    """Return whether torch has all operations of a precision on a device, slow ones included."""
    return precision in PRECISIONS and not (precision == "float16" and device.startswith("cpu"))
