"""ADetailer's items of an infotext, to and from the settings of the detailers.

ADetailer numbers its passes ("ADetailer model", "ADetailer model 2nd"), we name ours: a pass goes
to the detailer whose part its model's name tells (face_yolov8n, hand_yolov8n, person_yolov8n-seg).

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

# Our parts in the order in which they run, and how ADetailer's models are called for each.
MODELS = {"body": "person_yolov8n-seg.pt", "face": "face_yolov8n.pt", "hand": "hand_yolov8n.pt"}
SUFFIXES = ("", " 2nd", " 3rd", *(f" {number}th" for number in range(4, 16)))

_ITEM = re.compile(r"ADetailer ([\w /]+?)((?: (?:2nd|3rd|\d+th))?)$")
_PART = (("hand", "hand"), ("face", "face"), ("eyes", "face"), ("person", "body"), ("body", "body"))
# As `_named_for` says it.
_SAID_PART = re.compile(r"\((body|face|hand)\)$")
_MERGES = dict(zip(MERGES, ("None", "Merge", "Merge and Invert"), strict=True))
# What A1111 calls the checkpoint's own VAE, and the endings of others.
_NO_VAE = ("None", "Automatic", "Default (model)")
_VAE_ENDINGS = (".safetensors", ".ckpt", ".pt", ".bin")
_KEPT_BY = {"area": "Area", "confidence": "Confidence"}


def _number(value: str) -> float:
    return float(value)


def _flag(value: str) -> bool:
    if value not in {"True", "False"}:
        message = f"{value!r} is neither True nor False"
        raise ValueError(message)
    return value == "True"


def vae_name(value: str) -> str:
    """A VAE as A1111 names it, by its file, as we do; "" where it means the checkpoint's own."""
    if value in _NO_VAE:
        return ""
    return next((value.removesuffix(end) for end in _VAE_ENDINGS if value.endswith(end)), value)


def vae_file(name: str) -> str:
    """A VAE of ours as A1111 names it: it finds one by its file's whole name."""
    return f"{name}{_VAE_ENDINGS[0]}" if name else _NO_VAE[0]


def _choice(names: Mapping[str, str]) -> Callable[[str], str]:
    by_shown = {shown: name for name, shown in names.items()}
    return lambda value: by_shown[value]


# ADetailer's word -> our setting, and how it is read. Each has the same meaning and unit in both.
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
# What ADetailer writes in any case; and those it writes a switch beside, by the switch.
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
        config: The picture's.
        applied: What each stage applied, by its name, where that is known: the detector that ran,
            the prompts and the strength that were drawn stand in place of those that were asked.
    """
    items: dict[str, str] = {}
    running = [name for name in MODELS if getattr(config, name).enabled]
    for suffix, name in zip(SUFFIXES, running, strict=False):
        told = (applied or {}).get(name, {})
        items |= {f"ADetailer {key}{suffix}": value for key, value in _items(config, name, told)}
    return items


def _items(config: Any, name: str, applied: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    asked: DetailerConfig = getattr(config, name)
    settings = asked.model_copy(update=_drawn(asked, config, applied))
    defaults = DetailerConfig()
    found_by = applied.get("found_by") or ", ".join(asked.chain)
    # Nothing looked yet: others know their own models for the part.
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
    """Return prompts and strength as the finds were drawn, as far as ADetailer has words for them.

    It has one strength for all: where finds had several, the one that was asked.
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
    """Return a detector's name with the part that it looked for, where it does not say itself."""
    return model if _part_of(model) == part else f"{model} ({part})"


def _switched(key: str, value: str) -> Iterator[tuple[str, str]]:
    if key in _SWITCHES:
        yield _SWITCHES[key], "True"
    yield key, value


def read_detailers(items: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
    """Settings of the detailers that these items tell of, and the items that were used.

    What has no place here (a ControlNet by name) stays in the rest, as does a pass for a
    part that an earlier pass has taken.
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
    """The detailer that an ADetailer model is for."""
    if said := _SAID_PART.search(model):
        return said[1]
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
    # Theirs is a padding in any case, told or not.
    settings["crop"] = "padding"
    _read_sampler(items, keys, settings, read)
    return settings, read


def _read_sampler(
    items: Mapping[str, str], keys: Mapping[str, str], settings: dict[str, Any], read: list[str]
) -> None:
    """A1111's older names hold the schedule as well: "DPM++ 2M Karras"."""
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
