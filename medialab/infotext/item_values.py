"""Reads the values of an infotext's items as settings, by A1111's keys and our own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from medialab.infotext.foreign_json import parse_object
from medialab.infotext.hashes import without_hash
from medialab.infotext.keys import AFTER, BEFORE, STAGES, Items
from medialab.infotext.spellings import STORED
from medialab.process.precisions import WEIGHT_DTYPES

EXACT = {"prompt": "Exact prompt", "negative_prompt": "Exact negative prompt"}

_SIZE = re.compile(r"(\d{1,9})x(\d{1,9})")
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}[.,][0-9]{1,20}")


def is_read(key: str) -> bool:
    """Return whether items of this key become settings."""
    return key in _READERS


def read_item(key: str, items: Items) -> dict[str, Any]:
    """Return the settings in an item; none if its value is not a known one.

    Args:
        key: the item's, which `is_read`.
        items: all items.
    """
    value = items[key]
    for form in dict.fromkeys((value, _plain_number(value))):
        try:
            return _READERS[key](form, items)
        except ValueError:
            continue
    return {}


def _plain_number(value: str) -> str:
    """Return a number with a decimal point (not 7,5) and no zero decimals (not 20.0)."""
    if not _NUMBER.fullmatch(value):
        return value
    whole, _, decimals = value.replace(",", ".").partition(".")
    return f"{whole}.{decimals}" if decimals.strip("0") else whole


def _read_others(value: str) -> dict[str, Any]:
    return dict(parse_object(value) or {})


def _clip_skip(value: str) -> int:
    """Read clip skip; ComfyUI and others count from the end: -2 is A1111's 2."""
    return abs(int(value))


def _weight_dtype(value: str) -> dict[str, Any]:
    """Read how weights were stored, as Forge names it: "float8-e4m3fn (fp16 LoRA)"."""
    name = value.casefold().partition("(")[0].strip().replace("-", "_").replace("float8", "fp8")
    name = WEIGHT_DTYPES[0] if name == "automatic" else name
    return {"weight_dtype": name} if name in WEIGHT_DTYPES else {}


def _fp8_weight(value: str) -> dict[str, Any]:
    """Read A1111's switch: "Enable", "Enable for SDXL" or "Disable"."""
    enabled, disabled = value.casefold().startswith("enable"), value.casefold() == "disable"
    return {"weight_dtype": WEIGHT_DTYPES[enabled]} if enabled or disabled else {}


def _read_size(value: str) -> dict[str, Any]:
    size = _SIZE.fullmatch(value)
    return {"width": int(size[1]), "height": int(size[2])} if size else {}


_BASE_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "Steps": lambda value: {"steps": int(value)},
    "CFG scale": lambda value: {"guidance_scale": float(value)},
    "Distilled CFG Scale": lambda value: {"distilled_guidance_scale": float(value)},
    "Skip Early CFG": lambda value: {"guidance_start": float(value)},
    "Seed": lambda value: {"seed": int(value)},
    "Size": _read_size,
    "Model": lambda value: {"checkpoint": without_hash(value)},
    "Clip skip": lambda value: {"clip_skip": _clip_skip(value)},
    STORED: _weight_dtype,
    "FP8 weight": _fp8_weight,
    "Emphasis": lambda value: {"emphasis": value.casefold()},
    "Sharpen": lambda value: {"sharpen": float(value)},
    "Prediction type": lambda value: {"prediction_type": value},
    STAGES: _read_others,
    EXACT["prompt"]: lambda value: {"prompt": value},
    EXACT["negative_prompt"]: lambda value: {"negative_prompt": value},
}


def _ignoring_others(
    read: Callable[[str], dict[str, Any]],
) -> Callable[[str, Items], dict[str, Any]]:
    return lambda value, _items: read(value)


_READERS: Mapping[str, Callable[[str, Items], dict[str, Any]]] = {
    **{key: _ignoring_others(read) for key, read in _BASE_READERS.items()},
    **{key.name: key.read for key in (*BEFORE, *AFTER)},
}


# Items whose content is also in our own item, if that is there.
ALSO_IN_OURS = {"Denoising strength", *(key.name for key in AFTER)}
