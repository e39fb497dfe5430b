"""ADetailer's items of an infotext, converted to and from the settings of the detailers.

ADetailer numbers its passes ("ADetailer model", "ADetailer model 2nd"), we name ours: the name of a
pass's model (face_yolov8n, hand_yolov8n, person_yolov8n-seg) decides which detailer it becomes.

Source: Bing-su/adetailer, adetailer/args.py (ADetailerArgs.extra_params, _all_args), of the
versions before and after "mask only top k" got its method.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from medialab.errors import ConfigError
from medialab.infotext.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.stages.detailer.prompts import SEPARATOR, SKIP
from medialab.stages.detailer.settings import AUTOMATIC, MERGES, DetailerConfig

# Our detailers in the order in which they run, and ADetailer's model for each.
MODELS = {"body": "person_yolov8n-seg.pt", "face": "face_yolov8n.pt", "hand": "hand_yolov8n.pt"}
SUFFIXES = ("", " 2nd", " 3rd", *(f" {number}th" for number in range(4, 16)))

_ITEM = re.compile(r"ADetailer ([\w /]+?)((?: (?:2nd|3rd|\d+th))?)$")
_PART = (("hand", "hand"), ("face", "face"), ("eyes", "face"), ("person", "body"), ("body", "body"))
# The form that `_named_for` writes.
_NAMED_PART = re.compile(r"\((body|face|hand)\)$")
_MERGES = dict(zip(MERGES, ("None", "Merge", "Merge and Invert"), strict=True))
# A1111's words for the checkpoint's own VAE, and the extensions of others.
_NO_VAE = ("None", "Automatic", "Default (model)")
_VAE_EXTENSIONS = (".safetensors", ".ckpt", ".pt", ".bin")
_KEPT_BY = {"area": "Area", "confidence": "Confidence"}


def _number(value: str) -> float:
    return float(value)


def _flag(value: str) -> bool:
    if value not in {"True", "False"}:
        message = f"{value!r} is neither True nor False"
        raise ValueError(message)
    return value == "True"


def vae_name(value: str) -> str:
    """Convert A1111's name of a VAE, a file name, to ours; "" for the checkpoint's own."""
    if value in _NO_VAE:
        return ""
    return next((value.removesuffix(end) for end in _VAE_EXTENSIONS if value.endswith(end)), value)


def vae_file(name: str) -> str:
    """Convert our name of a VAE to A1111's, which is the whole file name."""
    return f"{name}{_VAE_EXTENSIONS[0]}" if name else _NO_VAE[0]


def _choice(names: Mapping[str, str]) -> Callable[[str], str]:
    by_shown = {shown: name for name, shown in names.items()}
    return lambda value: by_shown[value]


# ADetailer's key -> our setting, and the function that reads its value. Meaning and unit are the
# same in both.
_PLAIN: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "prompt": ("prompt", str),
    "negative prompt": ("negative_prompt", str),
    "confidence": ("confidence", _number),
    "model classes": ("words", str),
    "mask only top k": ("top_k", int),
    "mask only top k largest": ("top_k", int),  # until version 24
    "method to decide top k masks": ("top_k_by", _choice(_KEPT_BY)),
    "mask min ratio": ("min_ratio", _number),
    "mask max ratio": ("max_ratio", _number),
    "x offset": ("x_offset", int),
    "y offset": ("y_offset", int),
    "dilate erode": ("grow", int),
    "mask merge invert": ("merge", _choice(_MERGES)),
    "mask blur": ("mask_blur", int),
    "denoising strength": ("denoising_strength", _number),
    "inpaint only masked": ("only_masked", _flag),
    "inpaint padding": ("padding", int),
    "inpaint width": ("width", int),
    "inpaint height": ("height", int),
    "steps": ("steps", int),
    "CFG scale": ("guidance_scale", _number),
    "checkpoint": ("checkpoint", str),
    "VAE": ("vae", vae_name),
    "CLIP skip": ("clip_skip", int),
    "noise multiplier": ("noise_multiplier", _number),
}
_SHOWN = {"top_k_by": _KEPT_BY, "merge": _MERGES}
# Settings that ADetailer always writes; and keys that it writes together with a switch.
_ALWAYS = ("confidence", "grow", "mask_blur", "denoising_strength", "only_masked")
_SWITCHES = {
    "inpaint width": "use inpaint width height",
    "inpaint height": "use inpaint width height",
    "steps": "use separate steps",
    "CFG scale": "use separate CFG scale",
    "checkpoint": "use separate checkpoint",
    "VAE": "use separate VAE",
    "sampler": "use separate sampler",
    "noise multiplier": "use separate noise multiplier",
    "CLIP skip": "use separate CLIP skip",
}


def write_detailers(
    config: Any, applied: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, str]:
    """Return the items of the detailers that are switched on, in the order in which they run.

    Args:
        config: The picture's settings.
        applied: What each stage applied, by its name, if known: the detector that ran, and the
            prompts and the strength that were used, are written in place of the requested ones.
    """
    items: dict[str, str] = {}
    running = [name for name in MODELS if getattr(config, name).enabled]
    for suffix, name in zip(SUFFIXES, running, strict=False):
        own = (applied or {}).get(name, {})
        items |= {f"ADetailer {key}{suffix}": value for key, value in _items(config, name, own)}
    return items


def _items(config: Any, name: str, applied: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    asked: DetailerConfig = getattr(config, name)
    settings = asked.model_copy(update=_drawn(asked, config, applied))
    defaults = DetailerConfig()
    found_by = applied.get("found_by") or ", ".join(asked.chain)
    # If no detector has run yet, name ADetailer's own model for the part.
    yield "model", MODELS[name] if found_by == AUTOMATIC else _named_for(found_by, name)
    for key, (field, _) in _PLAIN.items():
        value = getattr(settings, field)
        if value is None or (field not in _ALWAYS and value == getattr(defaults, field)):
            continue
        if (field == "padding" and settings.crop != "padding") or key.endswith("largest"):
            continue
        shown = ",".join(value) if isinstance(value, tuple) else str(value)
        shown = vae_file(shown) if field == "vae" else shown
        yield from _switched(key, _SHOWN.get(field, {}).get(shown, shown))
    if settings.sampler is not None:
        yield from _switched("sampler", settings.sampler)
    if settings.schedule is not None:
        yield "scheduler", settings.schedule.title()


def _drawn(asked: DetailerConfig, config: Any, applied: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prompts and the strength with which detections were repainted.

    ADetailer has one strength for all: if detections had several, the requested one is written.
    """
    rows = [row for row in applied.get("drawn", ()) if "prompt" in row or row.get("skipped")]
    if not any("prompt" in row for row in rows):
        return {}
    found: dict[str, Any] = {}
    for key in ("prompt", "negative_prompt"):
        texts = [row.get(key, SKIP if key == "prompt" else "") for row in rows]
        if any(text not in {getattr(config, key), SKIP} for text in texts):
            found[key] = texts[0] if len(set(texts)) == 1 else f" {SEPARATOR} ".join(texts)
    strengths = {row["strength"] for row in rows if "strength" in row}
    if asked.denoising_strength is None or len(strengths) == 1:
        found["denoising_strength"] = min(strengths)
    return found


def _named_for(model: str, part: str) -> str:
    """Return a detector's name, with the part that it detects unless the name already says it."""
    return model if _part_of(model) == part else f"{model} ({part})"


def _switched(key: str, value: str) -> Iterator[tuple[str, str]]:
    if key in _SWITCHES:
        yield _SWITCHES[key], "True"
    yield key, value


def read_detailers(items: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
    """Read the settings of detailers from the items of an infotext.

    Returns:
        The settings by detailer, and the keys of the items that were used. Items without an
        equivalent here (a ControlNet by name) are not used; nor is a pass for a part that has one.
    """
    passes: dict[str, dict[str, str]] = {}
    for item in items:
        if match := _ITEM.match(item):
            passes.setdefault(match[2], {})[match[1]] = item
    found: dict[str, Any] = {}
    used: set[str] = set()
    for suffix in SUFFIXES:
        keys = passes.get(suffix, {})
        part = _part_of(items.get(keys.get("model", ""), ""))
        if part is None or part in found:
            continue
        settings, read = _settings(items, keys)
        found[part] = {"enabled": True, **settings}
        switches = {_SWITCHES[key] for key in read if key in _SWITCHES} & keys.keys()
        used |= {keys[key] for key in ("model", *read, *switches)}
    return found, used


def _part_of(model: str) -> str | None:
    """Return the detailer that a model of ADetailer is for; None if its name does not say."""
    if named := _NAMED_PART.search(model):
        return named[1]
    return next((part for word, part in _PART if word in model.casefold()), None)


def _settings(
    items: Mapping[str, str], keys: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    settings: dict[str, Any] = {}
    read = []
    for key, item in keys.items():
        if key in _PLAIN:
            field, reader = _PLAIN[key]
            try:
                value = reader(items[item])
                DetailerConfig.model_validate(settings | {field: value})
            except (ValueError, KeyError):
                continue
            settings[field] = value
            read.append(key)
    # ADetailer always crops by padding, whether its text says so or not.
    settings["crop"] = "padding"
    _read_sampler(items, keys, settings, read)
    return settings, read


def _read_sampler(
    items: Mapping[str, str], keys: Mapping[str, str], settings: dict[str, Any], read: list[str]
) -> None:
    """Read the sampler, whose older names include the schedule: "DPM++ 2M Karras"."""
    if "sampler" not in keys:
        return
    try:
        sampler, schedule = parse_sampler_name(items[keys["sampler"]])
    except ConfigError:
        return
    settings["sampler"] = sampler
    read.append("sampler")
    try:
        named = parse_schedule_name(items[keys["scheduler"]]) if "scheduler" in keys else ""
    except ConfigError:
        named = ""
    for choice in (named, schedule):
        try:
            DetailerConfig.model_validate(settings | {"schedule": choice})
        except ValueError:
            continue
        settings["schedule"] = choice
        if choice == named:
            read.append("scheduler")
        return
