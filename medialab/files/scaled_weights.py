"""Weights of eight bits with scales beside them, as a file's header and its marks tell them.

A weight's numbers are those in the file times its scale, which is one number or one for each row.
Source: ComfyUI QUANTIZATION.md, comfy/quant_ops.py and comfy/utils.py `convert_old_quants`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.headers import Header

# Formats of weights that scales belong to, and the formats of such scales.
SCALED = {"F8_E4M3": "fp8 e4m3", "F8_E5M2": "fp8 e5m2"}
_OF_SCALES = ("F32", "F16", "BF16")
_WEIGHT = ".weight"
_SCALES = (".scale_weight", ".weight_scale")
# Of two steps, of smoothing, of blocks: how numbers come from these is not known here.
_UNREAD = (".weight_scale_2", ".weight_scale_inv", ".pre_quant_scale", ".scale_bias")
# How a layer is quantised, in JSON, in a tensor of bytes; of the whole file, in its metadata.
MARK, METADATA = ".comfy_quant", "_quantization_metadata"
LARGEST_MARK = 2**16  # bytes
# A mark that a whole network has scales; and scales of what comes in, which is not quantised here.
_WHOLE = re.compile(r"(?:^|\.)scaled_fp8$")
_OF_INPUTS = (".scale_input", ".input_scale")
_FORMATS = ("float8_e4m3fn", "float8_e4m3fn_rowwise", "float8_e5m2")
# What a mark may say besides the format without changing the numbers.
_HARMLESS = ("format", "full_precision_matrix_mult", "orig_dtype", "orig_shape")
_NUMBER = re.compile(r"\d+")


def weight_of(name: str) -> str | None:
    """Return the name of the weight that a tensor scales; None if it is no scale."""
    layer = next((name.removesuffix(one) for one in _SCALES if name.endswith(one)), None)
    return None if layer is None else f"{layer}{_WEIGHT}"


def is_beside(name: str) -> bool:
    """Return whether a tensor tells how weights are quantised, and is none itself."""
    return (
        weight_of(name) is not None
        or name.endswith((MARK, *_OF_INPUTS))
        or _WHOLE.search(name) is not None
    )


def scales_in(header: Header) -> dict[str, str]:
    """Return the name of each scaled weight's scale, by the weight's name."""
    found = ((weight_of(name), name) for name in header.shapes)
    return {weight: name for weight, name in found if weight is not None}


def fault_of_scales(header: Header) -> str | None:
    """Return why scaled weights cannot be read, after the file's name; None if they can.

    A weight without a scale, where those of other blocks have one, counts as damaged.
    """
    shapes, formats = header.shapes, header.dtypes
    for name in shapes:
        if name.endswith(_UNREAD):
            return f"is quantised in a way that is not supported ({name}); get it in float16"
    scales = scales_in(header)
    for weight, name in scales.items():
        if weight not in shapes:
            return f"has a scale ({name}) and no weight for it; download it again"
        if formats[weight] not in SCALED:
            return (
                f"is quantised as {formats[weight]}, with scales beside its weights ({name}), "
                f"which is not supported; get it as scaled fp8, or in float16"
            )
        rows = shapes[weight][:1]
        one_each = (rows, rows + (1,) * (len(shapes[weight]) - 1))
        if formats[name] not in _OF_SCALES or (
            prod(shapes[name]) != 1 and shapes[name] not in one_each
        ):
            return (
                f"has a scale of {formats[name]} {list(shapes[name])} ({name}) for a weight of "
                f"{list(shapes[weight])}, where one number, or one for each row, is read; "
                "get another one, or in float16"
            )
    return _missing(header, scales) or _told(header)


def _missing(header: Header, scales: Mapping[str, str]) -> str | None:
    kinds = {_NUMBER.sub("N", weight) for weight in scales}
    marked = {f"{name.removesuffix(MARK)}{_WEIGHT}" for name in header.shapes if MARK in name}
    for name, format_ in header.dtypes.items():
        if name in scales:
            continue
        if name in marked or (format_ in SCALED and _NUMBER.sub("N", name) in kinds):
            return f"lacks the scale of {name}; download it again"
    whole = next(filter(_WHOLE.search, header.shapes), None)
    if whole is not None and not scales:
        return f"says that it has scales ({whole}) and has none; download it again"
    return None


def _told(header: Header) -> str | None:
    """Return what the metadata says of a layer that is not read here; None if nothing."""
    if METADATA not in header.metadata:
        return None
    try:
        layers = json.loads(header.metadata[METADATA])["layers"]
        for name, told in layers.items():
            check_mark(name, told)
    except ModelRefusedError as error:
        return f"cannot be read: {error}"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return f"says in its metadata ({METADATA}) nothing that is read here; get it in float16"
    return None


def check_mark(layer: str, told: Any) -> None:
    """Refuse a layer that is quantised in another way than by scales.

    Args:
        layer: Its name.
        told: What the file says of it, as JSON's.

    Raises:
        ModelRefusedError: the message names the layer and what is said.
    """
    if not isinstance(told, dict) or told.get("format") not in _FORMATS:
        said = told.get("format") if isinstance(told, dict) else told
        message = f"{layer} is quantised as {said!r}; read are {', '.join(_FORMATS)}"
        raise ModelRefusedError(message)
    for name, value in told.items():
        if value and name not in _HARMLESS:
            message = f"{layer} is quantised with {name} = {value!r}, which is not supported"
            raise ModelRefusedError(message)


def precision_of_scaled(header: Header, names: Iterable[str]) -> str:
    """Return the formats of these scaled weights in words: "fp8 e4m3 with scales"."""
    formats = dict.fromkeys(header.dtypes[name] for name in names)
    return f"{' and '.join(SCALED[one] for one in formats)} with scales"
