"""Interprets the parts of an infotext as settings that a config accepts together.

An item that cannot become a setting is returned in `rest` with the reason: nothing is dropped or
replaced silently.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, shown
from medialab.infotext.adetailer import read_detailers, vae_name
from medialab.infotext.control_items import unread_parts
from medialab.infotext.hashes import hashes_in
from medialab.infotext.item_values import ALSO_IN_OURS, is_read, read_item
from medialab.infotext.items import A1111, GRAPH, RawInfotext
from medialab.infotext.keys import STAGES, Items, merged
from medialab.infotext.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.settings.loras import MOST_LORAS
from medialab.settings.samplers import SCHEDULES

UNKNOWN = "unknown"  # the value of a setting that the source does not say

# Parts of an error's message that are replaced by plainer words.
_FIELD = re.compile(r"^[a-z_0-9.]+=")
_LIMIT = re.compile(r"Input should be (greater|less) than or equal to ")
_LONGEST_REASON = 300  # characters; a value may be as long as the text


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


def interpreted(raw: RawInfotext) -> Parsed:
    """Return the settings in the parts of a text, with a reason for each part that is not one."""
    taken = _Taken(raw.items)
    if GRAPH not in raw.items:
        taken.take_prompts(raw)
    taken.take_loras(raw)
    detailers, used = read_detailers(taken.rest)
    of_detailers = {key: taken.rest.pop(key) for key in used}
    taken.take_items(key for key in taken.rest if key not in {*ALSO_IN_OURS, STAGES})
    taken.take_sampler()
    # Our own item holds exactly what A1111's and the detailers' items can only approximate.
    taken.take_items([STAGES])
    is_ours = STAGES in raw.items and STAGES not in taken.rest
    if is_ours:
        taken.leave_out(ALSO_IN_OURS)
    else:
        taken.take_detailers(detailers, of_detailers)
        taken.take_items(key for key in taken.rest if key in ALSO_IN_OURS)
        raw.notes += _notes_on_foreign(raw.items, taken)
    why = taken.why | raw.not_here
    why |= {key: f"{UNKNOWN}: {reason}" for key, reason in raw.unknown.items()}
    hashes = hashes_in(raw.items)
    return Parsed(
        taken.settings,
        taken.rest | dict.fromkeys((*raw.not_here, *raw.unknown), UNKNOWN),
        why,
        tuple(raw.notes),
        raw.program,
        _of_their_own(hashes, raw.items, taken.settings) if is_ours else hashes,
        raw.civitai,
    )


class _Taken:
    """The settings that were taken from a text, which a config accepts together.

    Args:
        items: the text's.

    Attributes:
        settings: the settings so far.
        rest: the items that are left.
        why: a reason for each item that is not accepted.
    """

    def __init__(self, items: Items) -> None:
        self.settings: dict[str, Any] = {}
        self.rest = dict(items)
        self.why: dict[str, str] = {}

    def take_prompts(self, raw: RawInfotext) -> None:
        """Take both prompts."""
        for name, label in (("prompt", "Prompt"), ("negative_prompt", "Negative prompt")):
            prompt = getattr(raw, name)
            if refusal := _refusal({name: prompt}):
                self.rest[label], self.why[label] = prompt, refusal
            else:
                self.settings[name] = prompt

    def take_loras(self, raw: RawInfotext) -> None:
        """Take the LoRAs given outside the prompt; a note says which are left out."""
        if left := raw.loras[MOST_LORAS:]:
            raw.notes.append(f"{len(left):,} LoRAs are left out: the limit is {MOST_LORAS}")
        for name, weight, text_encoder in raw.loras[:MOST_LORAS]:
            one = {"name": name, "weight": weight}
            if text_encoder is not None:
                one["text_encoder"] = text_encoder
            joined = self.settings | {"loras": (*self.settings.get("loras", ()), one)}
            if refusal := _refusal(joined):
                raw.notes.append(f"LoRA {name!r} is left out: {refusal}")
            else:
                self.settings = joined

    def take_items(self, keys: Iterable[str]) -> None:
        """Take those of these items that are there and become settings."""
        items = dict(self.rest)
        for key in [one for one in keys if one in items and is_read(one)]:
            found = read_item(key, items)
            joined = merged(self.settings, found)
            unknown = "" if found else f"{shown(items[key])} is not a known value"
            if refusal := unknown or _refusal(joined):
                self.why[key] = refusal
            else:
                self.settings = joined
                del self.rest[key]

    def take_detailers(self, settings: dict[str, Any], items: Items) -> None:
        """Take the detailers' settings, all or none; their items are no longer in the rest."""
        if refusal := _refusal(self.settings | settings):
            self.rest |= items
            self.why |= dict.fromkeys(items, refusal)
        else:
            self.settings |= settings

    def leave_out(self, keys: Collection[str]) -> None:
        """Leave out items whose content is taken already."""
        self.rest = {key: value for key, value in self.rest.items() if key not in keys}

    def take_sampler(self) -> None:
        """Take sampler and schedule, if a config accepts them with the steps."""
        if "Sampler" not in self.rest:
            return
        try:
            sampler, schedule = parse_sampler_name(self.rest["Sampler"])
        except ConfigError as error:
            self.why["Sampler"] = str(error)
            if "Schedule type" in self.rest:
                self.why["Schedule type"] = "its sampler is not available here"
            return
        named = self._named_schedule(schedule)
        for choice in (named, schedule):
            if choice not in SCHEDULES:
                continue
            found = {"sampler": sampler, "schedule": choice}
            if refusal := _refusal(self.settings | found):
                self.why["Schedule type" if choice == named else "Sampler"] = refusal
                continue
            self.settings |= found
            del self.rest["Sampler"]
            if choice == named:
                del self.rest["Schedule type"]
            return

    def _named_schedule(self, usual: str) -> str:
        """Return the schedule that an item names; empty if none does, or it is not known.

        Args:
            usual: the schedule that the sampler's name implies, used in its place.
        """
        if "Schedule type" not in self.rest:
            return ""
        try:
            return parse_schedule_name(self.rest["Schedule type"])
        except ConfigError as error:
            self.why["Schedule type"] = f"{error}; {usual!r} is used"
            return ""


def _of_their_own(
    hashes: Mapping[str, str], items: Items, settings: Mapping[str, Any]
) -> dict[str, str]:
    """Return the hashes, with those of models that belong to a stage by name, not as the base's."""
    found = dict(hashes)
    for kind, name in (("checkpoint", items.get("Model")), ("vae", vae_name(items.get("VAE", "")))):
        if kind in found and settings.get(kind, name) != name:
            found[f"{kind}/{name}"] = found.pop(kind)
    return found


def _notes_on_foreign(items: Items, taken: _Taken) -> Iterator[str]:
    """Yield notes on what the text of another program cannot hold."""
    yield from _notes_on_units(items, taken.rest)
    if not taken.settings.get("upscaler", {"enabled": True}).get("enabled"):
        yield "the upscaler is switched off: a text does not hold its picture"
    if {"img2img", "inpaint"} & taken.settings.keys():
        yield "it was made from another picture, which the settings do not contain"


def _notes_on_units(items: Items, rest: Items) -> Iterator[str]:
    """Yield notes on control units: switched off without their images, and parts not known here."""
    for key, value in items.items():
        if key.startswith("ControlNet ") and key not in rest:
            yield f"{key} is switched off: the settings do not contain its control picture"
            if parts := unread_parts(value):
                yield f"{key}: {', '.join(parts)} is not known here"


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
