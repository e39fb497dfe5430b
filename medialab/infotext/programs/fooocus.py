"""Fooocus: JSON under `parameters` or in EXIF.

Source: Fooocus modules/meta_parser.py.
"""

import re

from medialab.infotext.foreign_json import JSON, find, listed, plain_key
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.program import TableProgram, add_hash, add_loras

# Its names for numbers of steps, which its first versions wrote instead of the number.
_PERFORMANCES = {"quality": 60, "speed": 30, "extremespeed": 8, "lightning": 4, "hypersd": 4}


def _finish(raw: RawInfotext, whole: JSON) -> None:
    triples = [one for one in listed(find(whole, "loras")) if isinstance(one, list)]
    loras = [
        (str(one[0]), one[1], one[2] if len(one) > 2 else "") for one in triples if len(one) > 1
    ]
    combined = [key for key in whole if re.fullmatch(r"lora(combined)?\d+", plain_key(str(key)))]
    for key in combined:
        raw.items.pop(key, None)
        parts = str(whole[key]).split(" : ")
        if len(parts) == 3 and parts[0] != "True":
            continue  # switched off
        if not triples and len(parts) > 1:
            loras.append((parts[-2], parts[-1], ""))
    raw.items.pop("loras", None)
    add_loras(raw, [one for one in loras if one[0] != "None"])
    add_hash(raw, "Model hash", find(whole, "base_model_hash"))
    if raw.items.get("VAE", "").startswith("Default"):
        del raw.items["VAE"]
    if "Refiner" not in raw.items:
        raw.items.pop("Refiner switch at", None)
    performance = _PERFORMANCES.get(plain_key(str(find(whole, "performance"))))
    if performance and "Steps" not in raw.items:
        raw.items["Steps"] = str(performance)
    if raw.items.get("styles") == "[]":
        del raw.items["styles"]


FOOOCUS = TableProgram(
    "Fooocus",
    (
        ("prompt", "full_prompt"),
        ("performance", "metadata_scheme", "sharpness", "adm_guidance", "base_model"),
        ("base_model", "performance"),
    ),
    {
        "steps": "Steps",
        "seed": "Seed",
        "guidance_scale": "CFG scale",
        "resolution": "Size",
        "base_model": "Model",
        "vae": "VAE",
        "clip_skip": "Clip skip",
        "sampler": "Sampler",
        "scheduler": "Schedule type",
        "refiner_model": "Refiner",
        "refiner_switch": "Refiner switch at",
        "width": "Width",
        "height": "Height",
    },
    idle=(
        *("full_prompt", "full_negative_prompt", "prompt_expansion", "metadata_scheme"),
        *("version", "created_by", "base_model_hash", "refiner_model_hash"),
    ),
    finish=_finish,
)
