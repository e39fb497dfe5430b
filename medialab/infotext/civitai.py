"""CivitAI's list of the models of a picture: by name, weight and the number of the version there.

It holds no hashes; a version is found by the note beside its file, or can be asked of CivitAI.

Source: CivitAI's pictures ("Civitai resources"); civitai's metadata parser; its AIR identifiers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from medialab.infotext.items import GivenLoRA, RawInfotext
from medialab.prompts import mentions, tagged_loras

RESOURCES = "Civitai resources"
_MOST = 100  # a picture uses some ten
_AIR = re.compile(
    r"(?:urn:)?air:[\w.-]*:(\w+):civitai:\d{1,15}@(\d{1,15})(?:\.\w{1,20})?", re.ASCII
)
_LORAS = {"lora", "locon", "lycoris", "dora"}
_EMBEDDINGS = {"embed", "embedding", "textualinversion"}
_CHECKPOINTS = {"checkpoint", "model"}


class _Resource(NamedTuple):
    type: str
    name: str
    version: str
    weight: Any


def version_in(air: str) -> str:
    """Return the version in CivitAI's identifier of a model, an AIR; empty if it is none."""
    found = _AIR.fullmatch(air.strip())
    return found[2] if found else ""


def name_of(version: object) -> str:
    """Return the name of a model of which only the version is known."""
    return f"version {version} of CivitAI"


def read_resources(raw: RawInfotext) -> None:
    """Move the models of CivitAI's list to their places: the checkpoint, LoRAs, VAE, inversions."""
    value = raw.items.get(RESOURCES)
    resources = list(_listed(value)) if value else []
    if not resources:
        return
    del raw.items[RESOURCES]
    tagged = {tag.name for tag in tagged_loras(raw.prompt)}
    for one in resources:
        if one.type in _CHECKPOINTS and "checkpoint" not in raw.civitai:
            raw.items.setdefault("Model", one.name)
            raw.civitai["checkpoint"] = one.version
        elif one.type == "vae":
            raw.items.setdefault("VAE", one.name)
            raw.civitai["vae"] = one.version
        elif one.type in _LORAS:
            raw.civitai[f"lora/{one.name}"] = one.version
            if one.name not in tagged:
                _add_lora(raw, one)
        elif one.type in _EMBEDDINGS:
            raw.civitai[f"embedding/{one.name}"] = one.version
            if not any(mentions(one.name, text) for text in (raw.prompt, raw.negative_prompt)):
                raw.not_here[f"embedding {one.name}"] = "CivitAI used it, but no prompt names it"
        else:
            raw.not_here[f"{one.type} {one.name}"] = (
                f"models of this kind have no setting here (version {one.version} of CivitAI)"
            )


def _add_lora(raw: RawInfotext, one: _Resource) -> None:
    try:
        raw.loras.append(GivenLoRA(one.name, float(1 if one.weight is None else one.weight)))
    except (TypeError, ValueError):
        raw.unknown[f"LoRA {one.name}"] = f"its weight is {one.weight!r:.40}"


def _listed(value: str) -> Iterator[_Resource]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return
    for one in found[:_MOST] if isinstance(found, list) else ():
        if not isinstance(one, Mapping):
            continue
        air = _AIR.fullmatch(str(one.get("air", "")).strip())
        kind, version = air.groups() if air else (one.get("type"), one.get("modelVersionId"))
        if kind is None or version is None:
            continue
        name = str(one.get("modelName") or name_of(version))[:200]
        yield _Resource(str(kind).casefold()[:40], name, str(version)[:20], one.get("weight"))
