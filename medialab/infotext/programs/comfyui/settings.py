"""The settings of one branch of a graph, by A1111's keys.

The first sampler draws the picture; one that goes on where it stopped is A1111's refiner, one that
draws an enlarged picture again is its hires fix.
"""

from collections.abc import Sequence
from functools import partial

from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.comfyui.branch import Branch
from medialab.infotext.programs.comfyui.enlarging import Enlargement, read_enlargement
from medialab.infotext.programs.comfyui.found import Found, shown
from medialab.infotext.programs.comfyui.graph import Node, UnknownValueError
from medialab.infotext.programs.comfyui.later import add_finish, add_later
from medialab.infotext.programs.comfyui.models import Models, read_vae
from medialab.infotext.programs.comfyui.passes import (
    NOT_SAID,
    DrawnPass,
    from_noise_on,
    read_passes,
    scripts_of,
    strength_of,
)
from medialab.infotext.programs.comfyui.routes import Routes, begins, is_picture, written_size
from medialab.infotext.programs.comfyui.sampling import Sampling

NO_SETTING = "this node of the graph has no setting here"


def read_branch(branch: Branch, routes: Routes) -> RawInfotext:
    """Return the settings of a branch that has at least one pass."""
    every = read_passes(branch.passes, routes)
    drawn, raw = from_noise_on(every), RawInfotext(program="ComfyUI")
    first = drawn[0]
    if len(drawn) < len(every):
        raw.notes.append("what an earlier sampler drew is no part of it: all was drawn anew")
    read_vae(branch.vae, routes, first.models)
    for found in (first.sampling.found, first.models.found, first.conditioning.found):
        _add(raw, found)
    raw.prompt = first.conditioning.texts.get("Prompt", "")
    raw.negative_prompt = first.conditioning.texts.get("Negative prompt", "")
    raw.unknown |= first.conditioning.unknown
    raw.items |= first.conditioning.controls
    if first.conditioning.guidance is not None:
        raw.items["Distilled CFG Scale"] = shown(first.conditioning.guidance)
    if "Prompt" not in first.sampling.prompts:
        raw.unknown["Prompt"] = "the graph does not connect one to its sampler"
    raw.loras = first.models.loras
    _add_hashes(raw, first.models)
    raw.civitai = dict(first.models.civitai)
    _add_start(raw, branch, every[: len(every) - len(drawn) + 1], routes)
    add_later(raw, drawn, routes)
    add_finish(raw, branch, routes)
    others = dict(branch.others) | scripts_of(branch.passes, routes)
    for one in drawn:
        others |= one.models.others | one.conditioning.others
    raw.not_here |= {name: NO_SETTING for name in others if name not in raw.items}
    return raw


def _add(raw: RawInfotext, found: Found) -> None:
    raw.items |= found.items
    raw.unknown |= found.unknown
    raw.notes += [note for note in found.notes if note not in raw.notes]


def _add_hashes(raw: RawInfotext, models: Models) -> None:
    for key, item in (("checkpoint", "Model sha256"), ("vae", "VAE sha256")):
        if key in models.hashes:
            raw.items[item] = models.hashes[key]
    loras = [key.partition("/")[2] for key in models.hashes if key.startswith("lora/")]
    if loras:
        pairs = (f"{name}: {models.hashes[f'lora/{name}']}" for name in loras)
        raw.items["Lora hashes"] = ", ".join(pairs)
    if models.prediction_type:
        raw.items["Prediction type"] = models.prediction_type


def _add_start(raw: RawInfotext, branch: Branch, drawn: list[DrawnPass], routes: Routes) -> None:
    """Add the size of a picture made from noise, or the strength of one made from another.

    Args:
        raw: Gets the items.
        branch: The branch.
        drawn: Its passes up to the one that the settings are of, which is the last of them.
        routes: The routes of the graph.
    """
    first, start = drawn[-1], branch.start
    resizes = [node for one in drawn for node in one.of.resizes]
    size = _size_of(start, resizes, routes)
    raw.items |= size.items
    if start is None:
        raw.unknown["Start picture"] = branch.trouble or "the graph cannot be followed to its start"
        raw.unknown |= size.unknown
    elif begins(start) or len(drawn) > 1:
        raw.unknown |= size.unknown
        count = start.inputs.get("batch_size", 1)
        if count != 1:
            raw.not_here["Batch size"] = (
                "the graph may have drawn several pictures at once; only the first depends on the "
                "seed alone"
            )
        if len(drawn) == 1 and first.of.is_decoded:  # a plain colour, encoded
            raw.not_here["Start picture"] = f"it is made by a node {start.type}"
    elif is_picture(start):
        _add_strength(raw, first.sampling)
        if branch.is_masked:
            raw.items["Mask mode"] = "Inpaint masked"
    elif "Size" not in raw.items:
        raw.unknown["Size"] = f"it is made by a node {start.type}, which is not known here"


def _add_strength(raw: RawInfotext, sampling: Sampling) -> None:
    strength = strength_of(sampling)
    if strength is None:
        raw.unknown["Denoising strength"] = NOT_SAID
        return
    raw.items["Denoising strength"] = shown(float(strength))
    if sampling.steps and strength < 1 and not sampling.start:
        raw.notes.append(
            f"ComfyUI made all {sampling.steps} steps; at a strength of {strength:g} as many "
            f"are made here by {round(sampling.steps / max(strength, 0.01))} steps"
        )


def _size_of(start: Node | None, resizes: Sequence[Node], routes: Routes) -> Found:
    """Return the size that was drawn, if it is not that of an unknown picture."""
    found = Found()
    try:
        enlargement = read_enlargement(resizes, routes)
    except UnknownValueError:
        enlargement = Enlargement(scale=None)
    if enlargement.size and all(enlargement.size):
        found.items["Size"] = "{}x{}".format(*enlargement.size)
    elif start is not None and enlargement.scale != 1:
        found.unknown["Size"] = enlargement.trouble or NOT_SAID
    elif start is not None and begins(start):
        names = [(name, f"empty_latent_{name}") for name in ("width", "height")]
        sides = [found.take("Size", partial(routes.values.number, start, *one)) for one in names]
        if None in sides:
            found.items.pop("Size", None)
        else:
            found.items["Size"] = "{:.0f}x{:.0f}".format(*sides)
    elif start is not None and (written := written_size(start)):
        found.items["Size"] = written
    return found
