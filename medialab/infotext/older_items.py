"""Items of older versions and other programs, converted to A1111's current form.

Sizes in several forms, the "First pass size" of the first hires fix, ControlNet's two forms before
1.1.4xx, and LoRAs of the extension Additional Networks.

Source: AUTOMATIC1111 modules/infotext_utils.py restore_old_hires_fix_params, modules/processing.py
old_hires_fix_first_pass_dimensions; sd-webui-controlnet, scripts/controlnet.py of 2023;
sd-webui-additional-networks.
"""

import math
import re

from medialab.infotext.items import GivenLoRA, RawInfotext
from medialab.prompts import tagged_loras

_SIZE = re.compile(
    r"[(\[]?\s*['\"]?(\d{1,9})['\"]?\s*[xX×*,]\s*['\"]?(\d{1,9})['\"]?\s*[)\]]?"
    r"(?:\s*px)?(?:\s*\(\d{1,4}:\d{1,4}\))?"
)
_UNIT = re.compile(r"ControlNet(?:[ -](\d))?(?: (?!\d)(.+))?", re.IGNORECASE)
_PART = re.compile(r"\s{0,3}([\w /]{1,60}): (\([^)]*\)|[^,]*)(?:,|$)")
_PAIR = re.compile(r"\(?\s*([\d.]+)\s*,\s*([\d.]+)\s*\)?")
_ADDED = re.compile(r"AddNet (?:Model|Module|Weight)(?: [AB])? (\d)", re.IGNORECASE)
_ADDED_NAME = re.compile(r"(.+?)\(([0-9a-f]{8,64})\)")
# Parts of a control unit, in lower case -> their current names.
_PARTS = {
    **dict.fromkeys(("module", "preprocessor"), "Module"),
    "model": "Model",
    "weight": "Weight",
    "resize mode": "Resize Mode",
    **dict.fromkeys(("guidance start", "starting step"), "Guidance Start"),
    **dict.fromkeys(("guidance end", "ending step", "guidance strength"), "Guidance End"),
    "pixel perfect": "Pixel Perfect",
    "control mode": "Control Mode",
}
_FIRST_PASS = 512 * 512  # pixels of the first pass in the first version of the hires fix
_BLOCK = 64
_MOST_PAIRS = 200  # pairs of name and weight; a picture has some ten


def modernise(raw: RawInfotext) -> None:
    """Convert the items of a text to their current form, in place."""
    for key in [key for key in raw.items if key.startswith("Hires ")]:
        if raw.items[key].casefold().startswith("use same "):  # Forge's word for "not set"
            del raw.items[key]
    _sizes(raw.items)
    _first_pass(raw.items)
    _control(raw.items)
    _additional_networks(raw)
    _loras_beside(raw)


def _sizes(items: dict[str, str]) -> None:
    sides = [items.get(name, "") for name in ("Width", "Height")]
    if all(side.isdecimal() for side in sides):
        size = f"{sides[0]}x{sides[1]}"
        if items.setdefault("Size", size) == size:
            del items["Width"], items["Height"]
    for name in ("Size", "First pass size", "Hires resize"):
        if found := _SIZE.fullmatch(items.get(name, "")):
            items[name] = f"{found[1]}x{found[2]}"


def _first_pass(items: dict[str, str]) -> None:
    first, whole = (_SIZE.fullmatch(items.get(name, "")) for name in ("First pass size", "Size"))
    if first is None or whole is None or "Hires resize" in items or "Hires upscale" in items:
        return
    width, height = int(whole[1]), int(whole[2])
    sides = int(first[1]), int(first[2])
    if not all(sides) and width and height:
        scale = math.sqrt(_FIRST_PASS / (width * height))
        sides = (
            math.ceil(scale * width / _BLOCK) * _BLOCK,
            math.ceil(scale * height / _BLOCK) * _BLOCK,
        )
    del items["First pass size"]
    items["Size"] = f"{sides[0]}x{sides[1]}"
    if sides != (width, height):
        items["Hires resize"] = f"{width}x{height}"


def _control(items: dict[str, str]) -> None:
    """Convert ControlNet's units to the form "ControlNet 0: Module: …, Model: …"."""
    units: dict[int, dict[str, str]] = {}
    for key in [key for key in items if key[:10].casefold() == "controlnet"]:
        found = _UNIT.fullmatch(key)
        if found is None:
            continue
        number, part = int(found[1] or 0), found[2]
        value = items.pop(key)
        parts = {part: value} if part else {one[1]: one[2] for one in _PART.finditer(value)}
        if not parts:
            items[key] = value
        units.setdefault(number, {}).update(_modern(parts))
    for number, parts in units.items():
        if parts.pop("enabled", "True") == "True" and parts:
            items[f"ControlNet {number}"] = ", ".join(f"{one}: {parts[one]}" for one in parts)


def _modern(parts: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part, value in parts.items():
        name = " ".join(part.replace("_", " ").split())
        pair = _PAIR.fullmatch(value.strip())
        if name.casefold() == "starting/ending" and pair:
            found |= {"Guidance Start": pair[1], "Guidance End": pair[2]}
        elif name.casefold() == "enabled":
            found["enabled"] = value
        else:
            found[_PARTS.get(name.casefold(), name)] = value.strip()
    return found


def _loras_beside(raw: RawInfotext) -> None:
    """Read LoRAs outside the prompt: SD.Next's list, Fooocus' "Lora weights", numbered items."""
    items = raw.items
    tagged = {tag.name for tag in tagged_loras(raw.prompt)}
    for pair in items.pop("LoRA networks", "").split(",", _MOST_PAIRS)[:_MOST_PAIRS]:
        name, weight = pair.rpartition(":")[::2]
        if name.strip() not in tagged:  # SD.Next lists those of the prompt's tags too
            _add_lora(raw, name, weight)
    for pair in items.pop("Lora weights", "").split(",", _MOST_PAIRS)[:_MOST_PAIRS]:
        _add_lora(raw, *pair.rpartition(":")[::2])
    hashes = [items["Lora hashes"]] if items.get("Lora hashes") else []
    for key in [key for key in items if re.fullmatch(r"Lora \d{1,2}", key)]:
        number = key.removeprefix("Lora ")
        name = items.pop(key)
        _add_lora(raw, name, items.pop(f"Lora Weight {number}", "1"))
        if sha := items.pop(f"Lora Hash {number}", ""):
            hashes.append(f"{name}: {sha}")
    if hashes:
        items["Lora hashes"] = ", ".join(hashes)


def _add_lora(raw: RawInfotext, name: str, weight: str) -> None:
    try:
        lora = GivenLoRA(name.strip(), float(weight))
    except ValueError:
        if name.strip():
            raw.items[f"LoRA {name.strip()}"] = weight
        return
    if lora.name:
        raw.loras.append(lora)


def _additional_networks(raw: RawInfotext) -> None:
    """Read LoRAs of the extension Additional Networks, with their hashes."""
    items = raw.items
    hashes = [items["Lora hashes"]] if items.get("Lora hashes") else []
    for key in [key for key in items if key.startswith("AddNet Model ")]:
        number = key.removeprefix("AddNet Model ")
        name = _ADDED_NAME.fullmatch(items[key])
        weights = [items.get(f"AddNet Weight{end} {number}") for end in (" A", " B", "")]
        try:
            weight = float(next((one for one in weights if one is not None), "1"))
        except ValueError:
            continue
        if name is None or items.get(f"AddNet Module {number}", "LoRA") != "LoRA":
            continue
        raw.loras.append(GivenLoRA(name[1], weight))
        hashes.append(f"{name[1]}: {name[2]}")
        for one in [one for one in items if (own := _ADDED.fullmatch(one)) and own[1] == number]:
            del items[one]
    if hashes:
        items["Lora hashes"] = ", ".join(hashes)
        items.pop("AddNet Enabled", None)
