"""SwarmUI: JSON under `parameters`.

Source: SwarmUI docs/Image Metadata Format.md.
"""

import re
from collections.abc import Mapping

from medialab.infotext.foreign_json import JSON, find, listed, mapping, plain_name
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.program import TableProgram, add_hash, add_loras, note_tags

# Its filters for latents, by A1111's names.
_LATENT = {
    "bilinear": "Latent",
    "nearest-exact": "Latent (nearest)",
    "bicubic": "Latent (bicubic)",
}

_BREAK = re.compile(r"(?<!\s)\s*<break>\s*")  # where a chunk of tokens ends
_MORE_TAGS = ("base", "refiner", "video", "trigger", "clear", "setvar", "var", "param", "preset")


def _finish(raw: RawInfotext, whole: JSON) -> None:
    settings = mapping(whole.get("sui_image_params"))
    models = [one for one in listed(whole.get("sui_models")) if isinstance(one, Mapping)]
    hashes = {plain_name(str(one.get("name", ""))): one.get("hash") for one in models}
    raw.items.pop("loras", None)
    raw.items.pop("loraweights", None)
    names = [str(name) for name in listed(find(settings, "loras"))]
    weights = [*listed(find(settings, "loraweights")), *["1"] * len(names)]
    loras = [(name, weights[at], hashes.get(plain_name(name))) for at, name in enumerate(names)]
    add_loras(raw, loras)
    for item, param in (("Model hash", "model"), ("VAE hash", "vae")):
        for model in models:
            if model.get("param") == param:
                add_hash(raw, item, model.get("hash"))
    if (layer := raw.items.pop("Clip stop", "").lstrip("-")) not in ("", "1"):
        raw.items["Clip skip"] = layer
    _read_refiner(raw)
    raw.prompt = _BREAK.sub(" BREAK ", raw.prompt)
    raw.negative_prompt = _BREAK.sub(" BREAK ", raw.negative_prompt)
    note_tags(
        raw,
        ("random", "wildcard", "segment", "object", "region", "alternate", "fromto", *_MORE_TAGS),
    )


def _read_refiner(raw: RawInfotext) -> None:
    """Tell A1111's refiner from its hires fix: here both are called refiner.

    Swapped, the second model draws the last part of the steps; else it draws the finished picture
    again, with that part as its strength, enlarged before.
    """
    items = raw.items
    method, control = items.pop("Refiner method", "PostApply"), items.pop("Refiner control", "")
    share = float(control) if re.fullmatch(r"0?\.[0-9]+|[01](\.0+)?", control) else None
    if control and share is None:
        raw.unknown["Refiner control"] = f"{control[:40]!r} is no share of the steps"
    if method.startswith("StepSwap"):
        if share is not None and "Refiner" in items:
            items["Refiner switch at"] = f"{1 - share:.6g}"
        return
    hires = {key for key in items if key.startswith("Hires ")}
    if not hires and "Refiner" not in items:
        return
    if "Refiner" in items:
        items["Hires checkpoint"] = items.pop("Refiner")
    items.setdefault("Hires upscale", "1")
    if share is not None:
        items["Denoising strength"] = f"{share:g}"
    way, _, name = items.pop("Hires upscaler", "").partition("-")
    if name:
        items["Hires upscaler"] = _LATENT.get(name, name) if way == "latent" else plain_name(name)


SWARMUI = TableProgram(
    "SwarmUI",
    (("sui_image_params",),),
    {
        "steps": "Steps",
        "seed": "Seed",
        "cfgscale": "CFG scale",
        "model": "Model",
        "width": "Width",
        "height": "Height",
        "vae": "VAE",
        "clipstopatlayer": "Clip stop",
        "sampler": "Sampler",
        "comfyuisampler": "Sampler",
        "autowebuisampler": "Sampler",
        "scheduler": "Schedule type",
        "comfyuischeduler": "Schedule type",
        "variationseed": "Variation seed",
        "variationseedstrength": "Variation seed strength",
        "initimagecreativity": "Denoising strength",
        "refinermodel": "Refiner",
        "refinermethod": "Refiner method",
        "refinercontrolpercentage": "Refiner control",
        "refinerupscale": "Hires upscale",
        "refinerupscalemethod": "Hires upscaler",
        "refinersteps": "Hires steps",
        "refinercfgscale": "Hires CFG Scale",
    },
    idle=(
        *("aspectratio", "swarm_version", "date", "generation_time", "prep_time", "images"),
        *(
            "automaticvae",
            "nopreviews",
            "imageformat",
            "donotsave",
            "sidelength",
            "original_prompt",
        ),
    ),
    within=lambda whole: mapping(whole.get("sui_image_params")),
    finish=_finish,
    negative_prompt=("negativeprompt",),
)
