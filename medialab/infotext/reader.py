"""Interprets an infotext (A1111's or ours) or another program's JSON as settings.

An item that cannot become a setting is returned in `rest` with the reason: nothing is dropped or
replaced silently. Whatever the text, the only exception is `ConfigError`.

Source: AUTOMATIC1111 modules/infotext_utils.py parse_generation_parameters; civitai's metadata
parser.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, shown
from medialab.infotext.adetailer import read_detailers, vae_name
from medialab.infotext.civitai import RESOURCES, read_resources
from medialab.infotext.control_items import unread_parts
from medialab.infotext.foreign_json import parse_object
from medialab.infotext.foreign_texts import read_object
from medialab.infotext.hashes import hashes_in, without_hash
from medialab.infotext.items import A1111, GRAPH, LONGEST, RawInfotext, split_infotext
from medialab.infotext.keys import AFTER, BEFORE, Items, merged
from medialab.infotext.mojibake import mend_letters, mend_order
from medialab.infotext.older_items import modernise
from medialab.infotext.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.infotext.spellings import STORED
from medialab.process.precisions import WEIGHT_DTYPES
from medialab.settings.loras import MOST_LORAS
from medialab.settings.samplers import SCHEDULES

EXACT = {"prompt": "Exact prompt", "negative_prompt": "Exact negative prompt"}
# Our own item: settings of other stages, as JSON.
STAGES = "Media Lab stages"
OURS = "this studio"
UNKNOWN = "unknown"  # the value of a setting that the source does not say

_HALVES = re.compile("[\\ud800-\\udfff]+")
_SIZE = re.compile(r"(\d{1,9})x(\d{1,9})")
# Words in "Version" or "App" -> the program that writes them.
_WRITERS = {
    "Media Lab Studio": OURS,
    "Fooocus": "Fooocus",
    "SD.Next": "SD.Next",
    "ComfyUI": "a node of ComfyUI",
}
_FORGE = re.compile(r"(?:f\d|neo)", re.IGNORECASE)  # its versions are f2.0.1v1.10.1, its fork's neo
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}[.,][0-9]{1,20}")
# Parts of an error's message that are replaced by plainer words.
_FIELD = re.compile(r"^[a-z_0-9.]+=")
_LIMIT = re.compile(r"Input should be (greater|less) than or equal to ")
_LONGEST_REASON = 300  # characters; a value may be as long as the text
# A LoRA's tag in the HTML source of a web page.
_HTML = re.compile(r"&lt;(?:lora|lyco|hypernet):", re.IGNORECASE)


@dataclass(frozen=True)
class Parsed:
    """The content of an infotext.

    Attributes:
        settings: Settings that `PipelineConfig.parse` accepts together.
        rest: Items as written that are not a setting here or have an invalid value.
        why: Reasons for items in `rest`, where there is more to say than that.
        notes: What was changed while reading, in words for the user.
        program: The program that wrote the text.
        hashes: Hashes of models, by "checkpoint", "vae" (the picture's own) or "kind/name".
        civitai: Numbers of their versions at CivitAI, by the same keys.
    """

    settings: Mapping[str, Any]
    rest: Mapping[str, str]
    why: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    program: str = A1111
    hashes: Mapping[str, str] = field(default_factory=dict)
    civitai: Mapping[str, str] = field(default_factory=dict)


def _read_others(value: str) -> dict[str, Any]:
    return dict(parse_object(value) or {})


def read(text: str, file_name: str = "") -> Parsed:
    """Read an infotext (A1111's or ours), or another program's JSON.

    A text without parameters is all prompt. A missing schedule means automatic, as in A1111; other
    settings that the text does not name are left out.

    Args:
        text: The text.
        file_name: The name of the picture's file that holds it, by which ComfyUI's graphs tell
            which of several pictures it is; empty if unknown.

    Raises:
        ConfigError: the text is longer than LONGEST characters.
    """
    if len(text) > LONGEST:
        message = (
            f"a text of {len(text):,} characters is too long for settings; the limit is {LONGEST:,}"
        )
        raise ConfigError(message)
    return _interpreted(split_text(text, file_name))


def split_text(text: str, file_name: str = "") -> RawInfotext:
    """Split a text of any program into its parts, with characters and items repaired."""
    # Surrogates cannot be encoded: pairs are joined, single ones are lost.
    whole_letters = _HALVES.sub(_joined_halves, text)
    mended = mend_letters(mend_order(whole_letters))
    is_html = _HTML.search(mended) is not None
    plain = unescape(mended) if is_html else mended
    whole = parse_object(plain)
    raw = split_infotext(plain) if whole is None else read_object(whole, file_name)
    if whole is not None and isinstance(inner := _infotext_in(whole), str):
        raw = split_infotext(inner)
    if is_html:
        raw.notes.append("it contained HTML codes, which were decoded")
    if mended != whole_letters:
        raw.notes.append("its characters were garbled, and were repaired")
    elif "\ufffd" in mended:
        raw.notes.append("some of its characters are lost (they appear as \ufffd)")
    if raw.program == A1111:
        raw.program = _writer_of(raw.items)
    modernise(raw)
    read_resources(raw)
    return raw


def _writer_of(items: Items) -> str:
    """Return the program that wrote an infotext, by its items; A1111 if they do not say."""
    if STAGES in items:
        return OURS
    if any(key in items for key in (RESOURCES, "Civitai metadata", "Created Date")):
        return "CivitAI"
    version = f"{items.get('App', '')} {items.get('Version', '')}".strip()
    if _FORGE.match(version):
        return "Forge"
    return next((name for mark, name in _WRITERS.items() if mark in version), A1111)


def _joined_halves(found: re.Match[str]) -> str:
    return found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _infotext_in(whole: Mapping[str, Any]) -> str | None:
    """Return the first infotext in an answer of A1111's API, or in a file's texts; None if none."""
    info = whole.get("info")
    answered = parse_object(info) if isinstance(info, str) else None
    texts = (answered or whole).get("infotexts")
    found = texts[0] if isinstance(texts, list) and texts else whole.get("parameters")
    return found if isinstance(found, str) and parse_object(found) is None else None


def _interpreted(raw: RawInfotext) -> Parsed:
    """Interpret the parts of a text as settings, and give a reason for each that is not one."""
    settings: dict[str, Any] = {}
    rest, why = dict(raw.items), dict[str, str]()
    if GRAPH not in raw.items:
        for name, label in (("prompt", "Prompt"), ("negative_prompt", "Negative prompt")):
            prompt = getattr(raw, name)
            if refusal := _refusal({name: prompt}):
                rest[label], why[label] = prompt, refusal
            else:
                settings[name] = prompt
    settings = _with_loras(settings, raw)
    detailers, used = read_detailers(rest)
    of_detailers = {key: rest.pop(key) for key in used}
    base = [key for key in rest if key in _READERS and key not in _ALSO_IN_OURS and key != STAGES]
    settings = _with_items(settings, rest, base, why)
    _read_sampler(settings, rest, why)
    is_ours = STAGES in rest
    # Our own item holds exactly what A1111's and the detailers' items can only approximate.
    own = _with_items(settings, rest, [STAGES], why)
    if is_ours and STAGES not in rest:
        settings = own
        rest = {key: value for key, value in rest.items() if key not in _ALSO_IN_OURS}
    else:
        if refusal := _refusal(settings | detailers):
            rest |= of_detailers
            why |= dict.fromkeys(of_detailers, refusal)
        else:
            settings |= detailers
        keys = [key for key in rest if key in _ALSO_IN_OURS]
        settings = _with_items(settings, rest, keys, why)
        raw.notes += _notes_on_units(raw.items, rest)
        if not settings.get("upscaler", {"enabled": True}).get("enabled"):
            raw.notes.append("the upscaler is switched off: a text does not hold its picture")
        if {"img2img", "inpaint"} & settings.keys():
            raw.notes.append("it was made from another picture, which the settings do not contain")
    rest |= dict.fromkeys((*raw.not_here, *raw.unknown), UNKNOWN)
    why |= raw.not_here
    why |= {key: f"{UNKNOWN}: {reason}" for key, reason in raw.unknown.items()}
    hashes = hashes_in(raw.items)
    if is_ours and STAGES not in rest:
        hashes = _of_their_own(hashes, raw.items, settings)
    return Parsed(settings, rest, why, tuple(raw.notes), raw.program, hashes, raw.civitai)


def _of_their_own(
    hashes: Mapping[str, str], items: Items, settings: Mapping[str, Any]
) -> dict[str, str]:
    """Return the hashes, with those of models that belong to a stage by name, not as the base's."""
    found = dict(hashes)
    for kind, name in (("checkpoint", items.get("Model")), ("vae", vae_name(items.get("VAE", "")))):
        if kind in found and settings.get(kind, name) != name:
            found[f"{kind}/{name}"] = found.pop(kind)
    return found


def _with_loras(settings: dict[str, Any], raw: RawInfotext) -> dict[str, Any]:
    if left := raw.loras[MOST_LORAS:]:
        raw.notes.append(f"{len(left):,} LoRAs are left out: the limit is {MOST_LORAS}")
    for name, weight, text_encoder in raw.loras[:MOST_LORAS]:
        one = {"name": name, "weight": weight}
        if text_encoder is not None:
            one["text_encoder"] = text_encoder
        joined = settings | {"loras": (*settings.get("loras", ()), one)}
        if refusal := _refusal(joined):
            raw.notes.append(f"LoRA {name!r} is left out: {refusal}")
        else:
            settings = joined
    return settings


def _notes_on_units(items: Items, rest: Items) -> Iterator[str]:
    """Yield notes on control units: switched off without their images, and parts not known here."""
    for key, value in items.items():
        if key.startswith("ControlNet ") and key not in rest:
            yield f"{key} is switched off: the settings do not contain its control picture"
            if parts := unread_parts(value):
                yield f"{key}: {', '.join(parts)} is not known here"


def _with_items(
    settings: dict[str, Any], rest: dict[str, str], keys: Iterable[str], why: dict[str, str]
) -> dict[str, Any]:
    """Return the settings with the items that a config accepts.

    Args:
        settings: The settings so far.
        rest: All items left; those that are accepted are removed.
        keys: The items to try.
        why: Gets a reason for each item that is not accepted.
    """
    items = dict(rest)
    for key in keys:
        if key not in items:
            continue
        found = _read_setting(_READERS[key], items[key], items)
        refusal = _refusal(joined := merged(settings, found)) if found else _unknown(items[key])
        if refusal:
            why[key] = refusal
        else:
            settings = joined
            del rest[key]
    return settings


def _unknown(value: str) -> str:
    return f"{shown(value)} is not a known value"


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
_ALSO_IN_OURS = {"Denoising strength", *(key.name for key in AFTER)}


def _read_setting(
    reader: Callable[[str, Items], dict[str, Any]], value: str, items: Items
) -> dict[str, Any]:
    for form in dict.fromkeys((value, _plain_number(value))):
        try:
            return reader(form, items)
        except ValueError:
            continue
    return {}


def _plain_number(value: str) -> str:
    """Return a number with a decimal point (not 7,5) and no zero decimals (not 20.0)."""
    if not _NUMBER.fullmatch(value):
        return value
    whole, _, decimals = value.replace(",", ".").partition(".")
    return f"{whole}.{decimals}" if decimals.strip("0") else whole


def _read_sampler(settings: dict[str, Any], rest: dict[str, str], why: dict[str, str]) -> None:
    """Add sampler and schedule to the settings, if a config accepts them with the steps."""
    if "Sampler" not in rest:
        return
    try:
        sampler, schedule = parse_sampler_name(rest["Sampler"])
    except ConfigError as error:
        why["Sampler"] = str(error)
        if "Schedule type" in rest:
            why["Schedule type"] = "its sampler is not available here"
        return
    try:
        named = parse_schedule_name(rest["Schedule type"]) if "Schedule type" in rest else ""
    except ConfigError as error:
        named, why["Schedule type"] = "", f"{error}; {schedule!r} is used"
    for choice in (named, schedule):
        found = {"sampler": sampler, "schedule": choice}
        if choice in SCHEDULES and not (refusal := _refusal(settings | found)):
            settings |= found
            del rest["Sampler"]
            if choice == named:
                del rest["Schedule type"]
            return
        if choice in SCHEDULES:
            why["Schedule type" if choice == named else "Sampler"] = refusal


def _limit(found: re.Match[str]) -> str:
    return "the least is " if found[1] == "greater" else "the most is "


def _refusal(settings: Mapping[str, Any]) -> str:
    """Return why a config cannot hold these settings together; empty if it can."""
    try:
        PipelineConfig.parse(settings)
    except ConfigError as error:
        message = _LIMIT.sub(_limit, _FIELD.sub("", str(error)))
        if len(message) <= _LONGEST_REASON:
            return message
        return f"{message[:80]} … {message[80 - _LONGEST_REASON :]}"
    except RecursionError:
        return "it is nested too deep"
    return ""
