"""A1111 infotext to and from settings: the text in the PNG that other programs read.

Infotext is for others; our own authority is the sidecar. Where A1111's format would lose a prompt
(outer spaces of a line, a line that begins with "Negative prompt:") two items of our own, "Exact
prompt" and "Exact negative prompt", carry it; other readers pass over them.

Source: AUTOMATIC1111 modules/processing.py create_infotext, modules/infotext_utils.py
parse_generation_parameters; civitai's metadata parser.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from medialab.adetailer import read_detailers, write_detailers
from medialab.config import PipelineConfig, ResolvedConfig
from medialab.errors import ConfigError
from medialab.infotext_keys import AFTER, BEFORE, Items, items_of, merged, number, schedule
from medialab.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.samplers import SCHEDULES
from medialab.settings import EMPHASES

NEGATIVE = "Negative prompt:"
EXACT = {"prompt": "Exact prompt", "negative_prompt": "Exact negative prompt"}

# Our own item, in JSON: other stages' settings.
STAGES = "Media Lab stages"

# A1111's own pattern; three matches make a last line parameters.
_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
# What is read is wider, so that one-letter keys and keys with dots are told, not lost.
_KEY = re.compile(r"\s*(\w[\w \-/.]*):\s*")
_QUOTED = re.compile(r'("(?:\\.|[^\\"])*")\s*(?:,|$)')
_SIZE = re.compile(r"(\d+)x(\d+)")
# Settings at the top that A1111 has no item for, or not enough of one.
_ONLY_OURS = (
    *("mode", "image", "resize_mode", "loras", "control", "handover_checkpoint", "switch_at"),
    *("colour_match", "format", "quality", "lossless", "file_name"),
)


@dataclass(frozen=True)
class Parsed:
    """What an infotext says: settings for `PipelineConfig.parse`, and the rest as it stood.

    `rest` holds every item that is no setting here, or has a value that cannot be used.
    """

    settings: Mapping[str, Any]
    rest: Mapping[str, str]


def write(
    config: ResolvedConfig,
    *,
    checkpoint_hash: str,
    version: str,
    lora_hashes: Mapping[str, str] | None = None,
) -> str:
    """The infotext of one picture.

    `checkpoint_hash` is the AutoV2 hash: the first 10 hex digits of the file's sha256.
    `lora_hashes` are the AutoV3 hashes (12 hex digits) of the LoRAs that were applied, by name.
    """
    items = {
        "Steps": str(config.steps),
        "Sampler": config.sampler,
        "Schedule type": schedule(config.schedule),
        "CFG scale": number(config.guidance_scale),
        "Seed": str(config.seed),
        "Size": f"{config.width}x{config.height}",
        "Model hash": checkpoint_hash,
        "Model": config.checkpoint,
    }
    items |= items_of(config, BEFORE)
    if config.clip_skip > 1:
        items["Clip skip"] = str(config.clip_skip)
    if config.emphasis != EMPHASES[0]:
        items["Emphasis"] = config.emphasis.capitalize()
    items |= write_detailers(config)
    items |= items_of(config, AFTER)
    if others := _other_settings(config):
        items[STAGES] = json.dumps(others, ensure_ascii=False)
    if config.sharpen:
        items["Sharpen"] = repr(config.sharpen)
    if lora_hashes:
        # Readers cut at commas and colons, so a name has none there. Source: A1111's
        # extensions-builtin/Lora/extra_networks_lora.py.
        items["Lora hashes"] = ", ".join(
            f"{re.sub('[,:]', '', name)}: {found}" for name, found in lora_hashes.items()
        )
    negative = f"{NEGATIVE} {config.negative_prompt}" if config.negative_prompt else ""
    prompts = f"{config.prompt}\n{negative}" if negative else config.prompt
    for name, found in zip(EXACT, _read_prompts(prompts.strip().split("\n")), strict=True):
        if found != getattr(config, name):
            items[EXACT[name]] = getattr(config, name)
    items["Version"] = version
    return f"{prompts}\n{', '.join(_write_items(items))}".strip()


def _other_settings(config: ResolvedConfig) -> dict[str, Any]:
    """What A1111 has no word for: settings of other stages that are not at their defaults."""
    plain = PipelineConfig().model_dump(mode="json")
    mine = config.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name in _ONLY_OURS:
        if mine[name] != plain[name]:
            found[name] = mine[name]
    for name, defaults in plain.items():
        if isinstance(defaults, dict):
            changed = {key: mine[name][key] for key in defaults if mine[name][key] != defaults[key]}
            if changed:
                found[name] = changed
    return found


def _read_others(value: str) -> dict[str, Any]:
    found = json.loads(value)
    return found if isinstance(found, dict) else {}


def read(text: str) -> Parsed:
    """Settings of an infotext, A1111's or ours; text without parameters is all prompt.

    The settings are some that `PipelineConfig` takes together. A missing schedule means automatic,
    as in A1111; other settings that the text does not name are left out.
    """
    *lines, last = text.strip().split("\n")
    if len(_PAIR.findall(last)) < 3:
        lines, last = [*lines, last], ""
    prompt, negative = _read_prompts(lines)
    settings: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative}
    rest = dict(_read_items(last))
    # Before our own item, which tells all of it.
    detailers, used = read_detailers(rest)
    if _takes(settings | detailers):
        settings |= detailers
        rest = {key: value for key, value in rest.items() if key not in used}
    base = [key for key in rest if key in _READERS and key not in _SAID_BY_OURS and key != STAGES]
    settings = _with_items(settings, rest, base)
    _read_sampler(settings, rest)
    is_ours = STAGES in rest
    # It says exactly what these say as far as they can.
    own = {name: value for name, value in settings.items() if name not in detailers}
    own = _with_items(own, rest, [STAGES])
    if is_ours and STAGES not in rest:
        settings = own
        rest = {key: value for key, value in rest.items() if key not in _SAID_BY_OURS}
    else:
        settings = _with_items(settings, rest, [key for key in rest if key in _SAID_BY_OURS])
    return Parsed(settings, rest)


def _with_items(
    settings: dict[str, Any], rest: dict[str, str], keys: Iterable[str]
) -> dict[str, Any]:
    """The settings with those of these items that a config takes; they are taken out of `rest`."""
    items = dict(rest)
    for key in keys:
        found = _read_setting(_READERS[key], items[key], items) if key in items else {}
        if found and _takes(joined := merged(settings, found)):
            settings = joined
            del rest[key]
    return settings


def _write_items(items: Mapping[str, str]) -> Iterator[str]:
    for key, value in items.items():
        yield key if key == value else f"{key}: {_quote(value)}"


def _quote(value: str) -> str:
    """As JSON where the value would end early, as in A1111; also where it would be read otherwise.

    That is: with outer spaces or quotes, or empty, or beginning as bare JSON does.
    """
    misread = value != value.strip() or value[:1] in ('"', "{", "[", "")
    if misread or any(mark in value for mark in ",:\n"):
        return json.dumps(value, ensure_ascii=False)
    return value


def _read_prompts(lines: list[str]) -> tuple[str, str]:
    """Prompt and negative prompt, line by line, as A1111 reads them."""
    prompt, negative = "", ""
    in_negative = False
    for full in lines:
        line = full.strip()
        if line.startswith(NEGATIVE):
            in_negative = True
            line = line.removeprefix(NEGATIVE).strip()
        if in_negative:
            negative += ("\n" if negative else "") + line
        else:
            prompt += ("\n" if prompt else "") + line
    return prompt, negative


def _read_items(line: str) -> Iterator[tuple[str, str]]:
    """The items of a parameters line in order: pairs, and bare words as pairs of themselves."""
    at = 0
    while at < len(line):
        key = _KEY.match(line, at)
        if key is None:
            word, at = _until_comma(line, at)
            if word:
                yield word, word
            continue
        value, at = _read_value(line, key.end())
        yield key[1].strip(), value


def _read_value(line: str, at: int) -> tuple[str, int]:
    """The value that starts at `at`, and where the next item starts."""
    quoted = _QUOTED.match(line, at)
    if quoted:
        try:
            return str(json.loads(quoted[1], strict=False)), quoted.end()
        except json.JSONDecodeError:
            return quoted[1], quoted.end()
    if line[at : at + 1] in ("{", "["):
        # CivitAI's items are bare JSON, full of commas.
        try:
            _, end = json.JSONDecoder().raw_decode(line, at)
        except (json.JSONDecodeError, RecursionError):
            return _until_comma(line, at)
        return line[at:end], _until_comma(line, end)[1]
    return _until_comma(line, at)


def _until_comma(line: str, at: int) -> tuple[str, int]:
    end = line.find(",", at)
    end = len(line) if end < 0 else end
    return line[at:end].strip(), end + 1


def _read_size(value: str) -> dict[str, Any]:
    size = _SIZE.fullmatch(value)
    return {"width": int(size[1]), "height": int(size[2])} if size else {}


_BASE_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "Steps": lambda value: {"steps": int(value)},
    "CFG scale": lambda value: {"guidance_scale": float(value)},
    "Seed": lambda value: {"seed": int(value)},
    "Size": _read_size,
    "Model": lambda value: {"checkpoint": value},
    "Clip skip": lambda value: {"clip_skip": int(value)},
    "Emphasis": lambda value: {"emphasis": value.casefold()},
    "Sharpen": lambda value: {"sharpen": float(value)},
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


# What our own item says, too, where it stands.
_SAID_BY_OURS = {"Denoising strength", *(key.name for key in AFTER)}


def _read_setting(
    reader: Callable[[str, Items], dict[str, Any]], value: str, items: Items
) -> dict[str, Any]:
    try:
        return reader(value, items)
    except ValueError:
        return {}


def _read_sampler(settings: dict[str, Any], rest: dict[str, str]) -> None:
    """Take sampler and schedule into the settings, as far as they go with the steps."""
    try:
        sampler, schedule = parse_sampler_name(rest.get("Sampler", ""))
    except ConfigError:
        return
    try:
        named = parse_schedule_name(rest["Schedule type"]) if "Schedule type" in rest else ""
    except ConfigError:
        named = ""
    for choice in (named, schedule):
        found = {"sampler": sampler, "schedule": choice}
        if choice in SCHEDULES and _takes(settings | found):
            settings |= found
            del rest["Sampler"]
            if choice == named:
                del rest["Schedule type"]
            return


def _takes(settings: Mapping[str, Any]) -> bool:
    """Whether a config can hold these settings together."""
    try:
        PipelineConfig.model_validate(settings)
    except ValidationError:
        return False
    return True
