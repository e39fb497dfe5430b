"""A1111's items for everything besides the base picture: hires fix, inpaint, ControlNets and so on.

A table: for each key, how its value is written from a config and read into settings. Infotext is
for other programs; a setting that these items cannot express is in our own item
(medialab/infotext/text.py).
Source: A1111's modules/processing.py, processing_scripts and extra_generation_params; Ultimate SD
Upscale's scripts; Forge for parts in files.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.infotext.adetailer import vae_file, vae_name
from medialab.infotext.control_items import read_control, write_control
from medialab.infotext.shown_names import (
    plain_name,
    read_upscaler,
    schedule,
    shown_upscaler,
    with_hash,
)
from medialab.settings.fields import names_in_list

Items = Mapping[str, str]
# Our own item: as JSON, every setting that others cannot hold, such as those of other stages.
STAGES = "Media Lab stages"
_SIZE = re.compile(r"(\d+)x(\d+)")
_MOST_MODULES = 5  # three text encoders of SD3, and its VAE, have been written
_MODULES_OF_FORGE = tuple(f"Module {number}" for number in range(1, _MOST_MODULES + 1))
_IS_VAE = re.compile(r"^ae$|vae", re.IGNORECASE)  # by its name: the items do not say


class Key(NamedTuple):
    """One item of an infotext.

    Attributes:
        name: Its key.
        write: Returns its value for a config; None if the item is not written.
        read: Returns settings, given the value and all items; ValueError if the value is invalid.
    """

    name: str
    write: Callable[[ResolvedConfig], str | None]
    read: Callable[[str, Items], dict[str, Any]]


def items_of(config: ResolvedConfig, keys: tuple[Key, ...]) -> dict[str, str]:
    """Return the items that are written for a config."""
    written = {key.name: key.write(config) for key in keys}
    return {name: text for name, text in written.items() if text is not None}


def number(value: float) -> str:
    """Return a number as A1111 writes it: 7, not 7.0."""
    return repr(value).removesuffix(".0")


def _of(
    stage: str,
    name: str,
    runs: Callable[[PipelineConfig], bool],
    read: Callable[[str], Any],
    show: Callable[[Any], str] = str,
) -> Any:
    """Return the functions that write and read one setting of a stage.

    Args:
        stage: The stage's field in the config.
        name: The setting.
        runs: Whether the stage runs; only then is the setting written.
        read: Converts the item's value to the setting's.
        show: Converts the setting's value to the item's.
    """

    def write(config: ResolvedConfig) -> str | None:
        value = getattr(getattr(config, stage), name)
        return show(value) if runs(config) and value not in {None, ""} else None

    return write, lambda value, _items: {stage: {name: read(value)}}


def _hires(
    key: str, name: str, read: Callable[[str], Any], show: Callable[[Any], str] = str
) -> Key:
    return Key(key, *_of("refiner", name, lambda config: config.draws("refiner"), read, show))


def _hires_prompt(key: str, name: str) -> Key:
    """Return the key of one of the hires fix's own prompts, with its wildcards drawn."""

    def write(config: ResolvedConfig) -> str | None:
        if not config.draws("refiner") or not getattr(config.refiner, name):
            return None
        return str(getattr(config.refiner.filled(vars(config)), name)) or None

    return Key(key, write, lambda value, _items: {"refiner": {name: value}})


def _painted(
    key: str, name: str, read: Callable[[str], Any], show: Callable[[Any], str] = str
) -> Key:
    return Key(key, *_of("inpaint", name, lambda config: config.mode == "inpaint", read, show))


def _draws(config: PipelineConfig) -> bool:
    return config.upscaler.enabled and config.upscaler.denoising_strength > 0


def _tiled(
    key: str, name: str, read: Callable[[str], Any], show: Callable[[Any], str] = str
) -> Key:
    return Key(key, *_of("upscaler", name, _draws, read, show))


def _read_alone(name: str, read: Callable[[str], dict[str, Any]]) -> Key:
    """Return an item that is read and never written: our own item holds such settings."""
    return Key(name, lambda _config: None, lambda value, _items: read(value))


def _flag(value: str, on: str, off: str) -> bool:
    if value.casefold() not in {on, off}:
        raise ValueError(value)
    return value.casefold() == on


def _write_strength(config: ResolvedConfig) -> str | None:
    """Return the strength; A1111 has only one: of the edited picture, else of the hires fix."""
    for name in ("img2img", "inpaint", "outpaint", "refiner", "upscaler"):
        stage = getattr(config, name)
        if config.runs(name) and (name != "upscaler" or _draws(config)):
            return number(stage.denoising_strength)
    return None


def _read_strength(value: str, items: Items) -> dict[str, Any]:
    strength = {"denoising_strength": float(value)}
    if any(key.startswith("Hires ") for key in items):
        return {"refiner": strength | {"enabled": True}}
    if any(key.startswith("Ultimate SD upscale") for key in items):
        return {"upscaler": strength}
    is_masked = "Mask blur" in items or "Mask mode" in items
    return {"inpaint" if is_masked else "img2img": strength}


def _write_resize(config: ResolvedConfig) -> str | None:
    refiner = config.refiner
    if not refiner.enabled or not (refiner.width or refiner.height):
        return None
    return f"{refiner.width or 0}x{refiner.height or 0}"


def _read_resize(value: str, _items: Items) -> dict[str, Any]:
    size = _SIZE.fullmatch(value)
    if size is None:
        raise ValueError(value)
    sides = {"width": int(size[1]) or None, "height": int(size[2]) or None}
    return {"refiner": {"enabled": True, **sides}}


def _write_scale(config: ResolvedConfig) -> str | None:
    is_scaled = config.refiner.enabled and _write_resize(config) is None
    return number(config.refiner.scale) if is_scaled else None


def _write_vae_hash(config: ResolvedConfig) -> str | None:
    sha256 = config.sha256_of("vae", config.vae)
    return sha256[:10] if sha256 else None


def _module(number: int) -> Key:
    """Return the item of a part in a file of its own, as Forge writes it: "Module 1: t5xxl_fp16".

    Forge lists the VAE among them, here it has an item of its own.
    """
    name = f"Module {number}"

    def write(config: ResolvedConfig) -> str | None:
        names = names_in_list(config.text_encoder)
        return names[number - 1] if len(names) >= number else None

    return Key(name, write, lambda _value, items: _of_modules(items))


def _of_modules(items: Items) -> dict[str, Any]:
    """Return the parts that all these items name; the VAE's own item has precedence."""
    there = (items[one] for one in _MODULES_OF_FORGE if one in items)
    names = [one.removesuffix(".safetensors") for one in there]
    vaes = [one for one in names if _IS_VAE.search(one) and STAGES not in items]  # we list no VAE
    encoders = ", ".join(one for one in names if one not in vaes)
    vae = items.get("VAE", next(iter(vaes), None))
    return {
        **({} if vae is None else {"vae": vae_name(vae)}),
        **({"text_encoder": encoders} if encoders else {}),
    }


# In A1111's order; BEFORE is written before "Clip skip", AFTER after it.
BEFORE: tuple[Key, ...] = (
    Key("VAE hash", _write_vae_hash, lambda _value, _items: {}),
    Key(
        "VAE",
        lambda config: vae_file(config.vae) if config.vae else None,
        lambda value, _items: {"vae": vae_name(value)},
    ),
    *(_module(number) for number in range(1, _MOST_MODULES + 1)),
    Key(
        "Variation seed",
        lambda config: str(config.variation_seed) if config.is_varied else None,
        lambda value, _items: {"variation_seed": int(value)},
    ),
    Key(
        "Variation seed strength",
        lambda config: number(config.variation_strength) if config.is_varied else None,
        lambda value, _items: {"variation_strength": float(value)},
    ),
    Key("Denoising strength", _write_strength, _read_strength),
)
AFTER: tuple[Key, ...] = (
    _hires("Hires checkpoint", "checkpoint", plain_name),
    _hires("Hires sampler", "sampler", str),
    _hires_prompt("Hires prompt", "prompt"),
    _hires_prompt("Hires negative prompt", "negative_prompt"),
    _hires("Hires CFG Scale", "guidance_scale", float, number),
    _hires("Hires Distilled CFG Scale", "distilled_guidance_scale", float, number),
    _hires("Hires schedule type", "schedule", str.casefold, schedule),
    Key(
        "Hires upscale",
        _write_scale,
        lambda value, _items: {"refiner": {"enabled": True, "scale": float(value)}},
    ),
    Key("Hires resize", _write_resize, _read_resize),
    _hires("Hires steps", "steps", lambda value: int(value) or None),
    Key(
        "Hires upscaler",
        lambda config: shown_upscaler(config.refiner.upscaler) if config.refiner.enabled else None,
        lambda value, _items: {"refiner": {"upscaler": read_upscaler(value)}},
    ),
    Key(
        "Refiner",
        lambda config: (
            with_hash(config, "checkpoint", config.handover_checkpoint)
            if config.hands_over
            else None
        ),
        lambda value, _items: {"handover_checkpoint": plain_name(value)},
    ),
    Key(
        "Refiner switch at",
        lambda config: number(config.switch_at) if config.hands_over else None,
        lambda value, _items: {"switch_at": float(value)},
    ),
    _painted(
        "Mask mode",
        "inverted",
        lambda value: _flag(value, "inpaint not masked", "inpaint masked"),
        lambda value: "Inpaint not masked" if value else "Inpaint masked",
    ),
    _painted("Mask blur", "mask_blur", int),
    _painted(
        "Inpaint area",
        "only_masked",
        lambda value: _flag(value, "only masked", "whole picture"),
        lambda value: "Only masked" if value else "Whole picture",
    ),
    _painted("Masked area padding", "padding", int),
    _painted("Masked content", "masked_content", str),
    *(Key(f"ControlNet {one}", write_control(one), read_control) for one in range(10)),
    _tiled(
        "Ultimate SD upscale upscaler",
        "upscaler",
        read_upscaler,
        shown_upscaler,
    ),
    _tiled("Ultimate SD upscale tile_width", "diffusion_tile", int),
    _tiled("Ultimate SD upscale tile_height", "diffusion_tile", int),
    _tiled("Ultimate SD upscale padding", "diffusion_overlap", int),
    _read_alone("Hires seed", lambda value: {"refiner": {"seed": int(value)}}),
    _read_alone(
        "Postprocess upscaler",
        lambda value: {"upscaler": {"enabled": True, "upscaler": read_upscaler(value)}},
    ),
    _read_alone("Postprocess upscale by", lambda value: {"upscaler": {"scale": float(value)}}),
)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings updated with others, stage by stage; control units are concatenated."""
    found = dict(one)
    for name, value in other.items():
        before = found.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            found[name] = {**before, **value}
        elif isinstance(before, tuple) and isinstance(value, tuple):
            found[name] = (*before, *value)
        else:
            found[name] = value
    return found
