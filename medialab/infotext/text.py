"""A1111's infotext, converted to and from settings: the text in a PNG that other programs read.

Infotext is for other programs; for this one the sidecar is authoritative. If A1111's format would
change a prompt (outer spaces of a line, a line that begins with "Negative prompt:"), two items of
our own hold it, "Exact prompt" and "Exact negative prompt"; other programs ignore them.

Source: AUTOMATIC1111 modules/processing.py create_infotext, modules/infotext_utils.py
parse_generation_parameters; civitai's metadata parser.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.infotext.adetailer import write_detailers
from medialab.infotext.applied import applied_in, inversions_in, steps_handed_over
from medialab.infotext.hashes import without_hash
from medialab.infotext.interpretation import Parsed
from medialab.infotext.item_values import EXACT
from medialab.infotext.items import NEGATIVE
from medialab.infotext.keys import AFTER, BEFORE, STAGES, items_of, number
from medialab.infotext.mojibake import mend_letters
from medialab.infotext.reader import read, split_text
from medialab.infotext.shown_names import schedule, shown_upscaler
from medialab.settings.choices import EMPHASES, USUAL_DISTILLED
from medialab.settings.fields import StageConfig
from medialab.settings.sampling import DISTILLED, SamplingConfig
from medialab.settings.steps import GUIDANCE_START

__all__ = ["Parsed", "read", "write"]

# The stages whose record says which upscaler ran, by the item.
UPSCALER_KEYS = {"Hires upscaler": "refiner", "Ultimate SD upscale upscaler": "upscaler"}
# Settings of the base that the stage which draws the picture may override; its own are written.
_FIRST_PASS = (
    *("prompt", "negative_prompt", "steps", "sampler", "schedule", "guidance_scale", "seed"),
    *(DISTILLED, GUIDANCE_START, "checkpoint", "vae", "clip_skip", "emphasis", "control"),
)
_VARIATION = ("variation_seed", "variation_strength")
DISTILLED_KEY, SKIP_KEY = "Distilled CFG Scale", "Skip Early CFG"
HANDOVER_KEYS = ("Refiner", "Refiner switch at")
HASHES = "Hashes"  # CivitAI's own item, by which it knows textual inversions; never in quotes
# Settings at the top level that items hold in full, or that only a request has.
_TOLD = frozenset(_FIRST_PASS) - {"control"} | {
    *("width", "height", "sharpen", "styles", "batch_size", "schema_version"),
    *_VARIATION,
}
# The others: A1111 has no item for them, or one that cannot hold all of them.
_ONLY_OURS = tuple(
    name
    for name, value in PipelineConfig()
    if name not in _TOLD and not isinstance(value, StageConfig)
)


def write(
    config: ResolvedConfig,
    *,
    checkpoint_hash: str,
    version: str,
    lora_hashes: Mapping[str, str] | None = None,
    record: Mapping[str, Any] | None = None,
) -> str:
    """Write the infotext of one picture.

    Args:
        config: The picture's settings.
        checkpoint_hash: AutoV2 of the checkpoint, the first 10 hex digits of its SHA-256; "" if
            nothing was drawn with it, and it is not named.
        version: Name and version of the program.
        lora_hashes: AutoV3 (12 hex digits) of the LoRAs that were applied, by name.
        record: What the stages applied; without it, the requested values are written.
    """
    applied = applied_in(record or {})
    drawn = config.model_copy(update=_of_first_pass(config))
    if drawn.checkpoint != config.checkpoint:
        checkpoint_hash = (config.sha256_of("checkpoint", drawn.checkpoint) or "")[:10]
    items = _items_of_first_pass(config, drawn, applied, checkpoint_hash)
    items |= write_detailers(config, applied)
    items |= items_of(config.model_copy(update={"control": drawn.control}), AFTER)
    items |= {
        key: shown_upscaler(applied[stage]["upscaler"])
        for key, stage in UPSCALER_KEYS.items()
        if key in items and "upscaler" in applied.get(stage, {})
    }
    if applied and not steps_handed_over(applied):
        items = {key: value for key, value in items.items() if key not in HANDOVER_KEYS}
    if others := _other_settings(config, drawn):
        items[STAGES] = json.dumps(others, ensure_ascii=False)
    if config.sharpen:
        items["Sharpen"] = repr(config.sharpen)
    if lora_hashes:
        items["Lora hashes"] = _hashes(lora_hashes)
    items |= _items_of_inversions(config, inversions_in(applied))
    negative = f"{NEGATIVE} {drawn.negative_prompt}" if drawn.negative_prompt else ""
    prompts = f"{drawn.prompt}\n{negative}" if negative else drawn.prompt
    text = _text(prompts, items | {"Version": version})
    raw = split_text(text)
    lost = {
        item: getattr(drawn, name)
        for name, item in EXACT.items()
        if getattr(raw, name) != getattr(drawn, name)
    }
    if not lost and mend_letters(text) == text:
        return text
    return _text(prompts, items | lost | {"Version": version})


def _items_of_first_pass(
    config: ResolvedConfig,
    drawn: ResolvedConfig,
    applied: Mapping[str, Mapping[str, Any]],
    checkpoint_hash: str,
) -> dict[str, str]:
    """Return A1111's items of the stage that draws the picture, in its order.

    Args:
        config: The picture's settings.
        drawn: The same with the overrides of that stage.
        applied: What the stages applied.
        checkpoint_hash: As for `write`, of the stage's own checkpoint.
    """
    items = {
        "Steps": str(drawn.steps),
        "Sampler": drawn.sampler,
        "Schedule type": schedule(drawn.schedule),
        "CFG scale": number(drawn.guidance_scale),
        **_distilled(drawn, applied),
        **({SKIP_KEY: number(drawn.guidance_start)} if drawn.guidance_start else {}),
        "Seed": str(drawn.seed),
        "Size": f"{config.width}x{config.height}",
        **({"Model hash": checkpoint_hash, "Model": drawn.checkpoint} if checkpoint_hash else {}),
    }
    items |= items_of(drawn, BEFORE)
    if drawn.clip_skip > 1:
        items["Clip skip"] = str(drawn.clip_skip)
    if drawn.emphasis != EMPHASES[0]:
        items["Emphasis"] = drawn.emphasis.capitalize()
    if config.together is not None:  # A1111 counts places from 0
        items["Batch size"] = str(config.together.pictures)
        items["Batch pos"] = str(config.together.place - 1)
    return items


def _hashes(by_name: Mapping[str, str]) -> str:
    """Return hashes as A1111 lists them; names are without commas and colons, where readers split.

    Source: A1111's extensions-builtin/Lora/extra_networks_lora.py.
    """
    return ", ".join(f"{re.sub('[,:]', '', name)}: {found}" for name, found in by_name.items())


def _items_of_inversions(config: ResolvedConfig, names: Sequence[str]) -> dict[str, str]:
    """Return the items that tell the textual inversions used: A1111's, and CivitAI's own."""
    if not names:
        return {}
    found = {name: sha256 for name in names if (sha256 := config.sha256_of("embedding", name))}
    return {
        "TI hashes": _hashes({name: sha256[:12] for name, sha256 in found.items()}),
        HASHES: json.dumps(
            {f"embed:{name}": sha256[:10] for name, sha256 in found.items() if "}" not in name}
        ),
    }


def _distilled(drawn: ResolvedConfig, applied: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return Forge's item of the guidance that the denoiser was told, or that a person changed."""
    was_told = DISTILLED in applied.get(drawn.mode, {})
    value = drawn.distilled_guidance_scale
    return {DISTILLED_KEY: number(value)} if was_told or value != USUAL_DISTILLED else {}


def _text(prompts: str, items: Mapping[str, str]) -> str:
    """Join prompts and items; characters that a reader would "repair" are written as escapes."""
    text = f"{prompts}\n{', '.join(_write_items(items))}".strip()
    if mend_letters(text) == text:
        return text
    return f"{prompts}\n{', '.join(_write_items(items, ascii_alone=True))}".strip()


def _of_first_pass(config: ResolvedConfig) -> dict[str, Any]:
    """Return the settings that the stage which draws the picture overrides.

    If that stage draws nothing, the base's settings remain, with control units only if another pass
    uses them.
    """
    own = getattr(config, config.mode, None)
    if isinstance(own, SamplingConfig) and config.draws(config.mode):
        filled = own.filled(vars(config))
        found = {name: getattr(filled, name) for name in _FIRST_PASS}
        return found | ({"control": ()} if config.mode == "instruct" else {})
    return {} if config.takes_base("control") else {"control": ()}


def _other_settings(config: ResolvedConfig, drawn: ResolvedConfig) -> dict[str, Any]:
    """Return the settings that A1111 has no item for and that differ from their defaults.

    Args:
        config: The picture's settings.
        drawn: The same with the overrides of the stage that draws the picture, which A1111's items
            hold; the base's own values are then returned here.
    """
    plain = PipelineConfig().model_dump(mode="json")
    mine = config.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name in _ONLY_OURS:
        if mine[name] != plain[name]:
            found[name] = mine[name]
    if not config.is_varied:
        found |= {name: mine[name] for name in _VARIATION if mine[name] != plain[name]}
    for name in _FIRST_PASS:
        if name not in _ONLY_OURS and getattr(drawn, name) != getattr(config, name):
            found[name] = mine[name]
    if without_hash(drawn.checkpoint) != drawn.checkpoint:  # to a reader, a name and its hash
        found["checkpoint"] = mine["checkpoint"]
    for name, defaults in plain.items():
        if isinstance(defaults, dict):
            changed = {key: mine[name][key] for key in defaults if mine[name][key] != defaults[key]}
            if changed:
                found[name] = changed
    return found


def _write_items(items: Mapping[str, str], *, ascii_alone: bool = False) -> Iterator[str]:
    for key, value in items.items():
        quoted = json.dumps(value) if ascii_alone and not value.isascii() else _quote(value)
        quoted = value if key == HASHES else quoted
        yield key if key == value else f"{key}: {quoted}"


def _quote(value: str) -> str:
    """Quote a value as JSON if it would be misread otherwise.

    As in A1111, that is a value with commas, colons or line ends; here also one with outer spaces,
    an empty one, and one that starts like a quote, like JSON or like a pair in brackets.
    """
    misread = value != value.strip() or value[:1] in ('"', "{", "[", "(", "")
    if misread or any(mark in value for mark in ",:\n"):
        return json.dumps(value, ensure_ascii=False)
    return value
