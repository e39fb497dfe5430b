"""What a graph does after its first sampler: a refiner, a hires fix, a finished picture resized."""

from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.comfyui.branch import Branch
from medialab.infotext.programs.comfyui.enlarging import Enlargement, read_enlargement
from medialab.infotext.programs.comfyui.found import shown
from medialab.infotext.programs.comfyui.graph import UnknownValueError
from medialab.infotext.programs.comfyui.passes import NOT_SAID, DrawnPass, strength_of
from medialab.infotext.programs.comfyui.routes import Routes

# Hires items -> the items of the first pass that they repeat if they are equal.
_HIRES = {
    "Hires sampler": "Sampler",
    "Hires schedule type": "Schedule type",
    "Hires CFG Scale": "CFG scale",
    "Hires seed": "Seed",
    "Hires checkpoint": "Model",
}


def add_later(raw: RawInfotext, drawn: list[DrawnPass], routes: Routes) -> None:
    """Add the passes after the first: a refiner, a hires fix; any further one is named."""
    first, ends_at = drawn[0], drawn[0].sampling.end
    for number, one in enumerate(drawn[1:], 2):
        is_same_size = not one.of.resizes and not one.of.is_decoded
        goes_on = not one.sampling.adds_noise or (is_same_size and one.sampling.start > 0)
        if (
            goes_on
            and is_same_size
            and "Refiner" not in raw.items
            and "Hires upscale" not in raw.items
        ):
            _add_refiner(raw, first, one)
            ends_at = one.sampling.end
        elif not goes_on and not any(key.startswith("Hires ") for key in raw.items):
            _add_hires(raw, first, one, routes)
        else:
            raw.not_here[f"Sampler {number}"] = (
                f"a further pass of {one.of.sampler.type}, which has no place in the settings"
            )
    if ends_at is not None:
        raw.not_here["Last step"] = (
            f"the graph stopped after step {ends_at} of {first.sampling.steps}; here all are made"
        )


def _add_refiner(raw: RawInfotext, first: DrawnPass, one: DrawnPass) -> None:
    model, before = one.models.found.items.get("Model"), first.models.found.items.get("Model")
    steps = one.sampling.steps or first.sampling.steps
    if model is None:
        raw.unknown["Refiner"] = one.models.found.unknown.get("Model", "the graph does not name it")
    elif model != before:
        raw.items["Refiner"] = model
        at = one.sampling.start or first.sampling.end
        if steps and at:
            raw.items["Refiner switch at"] = shown(round(at / steps, 4))
        else:
            raw.unknown["Refiner switch at"] = NOT_SAID
    own, base = one.sampling.found.items, first.sampling.found.items
    differing: list[str] = [
        key
        for key in ("Sampler", "Schedule type", "CFG scale")
        if key in own and own[key] != base.get(key)
    ]
    differing += [
        key
        for key, text in one.conditioning.texts.items()
        if text != first.conditioning.texts.get(key)
    ]
    differing += ["LoRAs"] if one.models.loras != first.models.loras else []
    for key in differing:
        raw.not_here[f"{key} of the refiner"] = "here the refiner has the picture's own"


def _add_hires(raw: RawInfotext, first: DrawnPass, one: DrawnPass, routes: Routes) -> None:
    sampling = one.sampling
    _add_enlargement(raw, one, routes)
    strength = strength_of(sampling)
    if strength is None:
        raw.unknown["Denoising strength"] = NOT_SAID
    elif "Denoising strength" in raw.items:
        raw.not_here["Hires denoising strength"] = (
            f"it is {strength:g}; a text holds one strength, that of the start picture"
        )
    else:
        raw.items["Denoising strength"] = shown(float(strength))
    if sampling.steps is not None:
        raw.items["Hires steps"] = str(max(sampling.steps - sampling.start, 1))
    else:
        raw.unknown["Hires steps"] = sampling.found.unknown.get("Steps", NOT_SAID)
    own = sampling.found.items | one.models.found.items
    base = first.sampling.found.items | first.models.found.items
    unknown = sampling.found.unknown | one.models.found.unknown
    for key, item in _HIRES.items():
        if item not in own:
            raw.unknown[key] = unknown.get(item, NOT_SAID)
        elif own[item] != base.get(item):
            raw.items[key] = own[item]
    for key, text in one.conditioning.texts.items():
        if text != first.conditioning.texts.get(key):
            raw.items[f"Hires {key.casefold()}"] = text
    if one.conditioning.controls != first.conditioning.controls:
        raw.not_here["Hires ControlNets"] = "the second sampler has others; a text holds one list"
    if one.models.loras != first.models.loras:
        raw.not_here["Hires LoRAs"] = "the second sampler has other LoRAs; a text holds one list"


def _add_enlargement(raw: RawInfotext, one: DrawnPass, routes: Routes) -> None:
    try:
        enlargement = read_enlargement(one.of.resizes, routes)
    except UnknownValueError as error:
        enlargement = Enlargement(scale=None, trouble=str(error))
    if enlargement.size:
        raw.items["Hires resize"] = "{}x{}".format(*enlargement.size)
    elif enlargement.scale is not None:
        raw.items["Hires upscale"] = shown(enlargement.scale)
    else:
        raw.unknown["Hires upscale"] = enlargement.trouble or NOT_SAID
    if enlargement.upscaler:
        raw.items["Hires upscaler"] = enlargement.upscaler


def add_finish(raw: RawInfotext, branch: Branch, routes: Routes) -> None:
    """Add how the finished picture was resized."""
    if not branch.resizes:
        return
    try:
        enlargement = read_enlargement(branch.resizes, routes)
    except UnknownValueError as error:
        raw.unknown["Postprocess upscaler"] = str(error)
        return
    raw.items["Postprocess upscaler"] = enlargement.upscaler or "lanczos"
    if enlargement.scale is not None:
        raw.items["Postprocess upscale by"] = shown(enlargement.scale)
    elif enlargement.size:
        raw.unknown["Postprocess upscale by"] = "the graph resizes to {}×{}".format(
            *enlargement.size
        )
    else:
        raw.unknown["Postprocess upscale by"] = enlargement.trouble
