"""The models of one sampler: checkpoint, LoRAs, VAE, clip skip, and patches on the way.

Source: ComfyUI nodes.py, its loaders; comfy_extras/nodes_model_advanced.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from medialab.infotext.civitai import name_of, version_in
from medialab.infotext.items import GivenLoRA
from medialab.infotext.programs.comfyui.found import Found, shown
from medialab.infotext.programs.comfyui.graph import Link, Node, UnknownValueError
from medialab.infotext.programs.comfyui.routes import Routes
from medialab.infotext.spellings import STORED

# Inputs that name a checkpoint's file.
_CHECKPOINTS = (
    *("ckpt_name", "unet_name", "base_ckpt_name", "model_path", "diffusion_name", "gguf_name"),
    *("model_name", "checkpoint"),
)
_ENCODERS = ("clip_name", "clip_name1", "clip_name2", "clip_name3", "clip_name4")
_PREDICTIONS = {"v_prediction": "v_prediction", "eps": "epsilon"}
# Nodes that shift the schedule of a model that predicts the flow.
_SHIFTS = {"ModelSamplingSD3", "ModelSamplingAuraFlow", "ModelSamplingFlux"}
_NUMBERED = re.compile(r"lora(?:_name)?_?(\d{1,2})", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(safetensors|ckpt|pth?|bin|gguf|sft)$", re.IGNORECASE)
_MOST_INPUTS = 200  # of one node that may name a LoRA
_NONE = {"", "none"}
_FAST = "_fast"  # of weights in 8 bits that are multiplied as such, too


@dataclass
class Models:
    """The models of one sampler.

    Attributes:
        found: "Model", "VAE" and "Clip skip", as far as they are known.
        loras: LoRAs in the order in which they are applied.
        others: Nodes on the way that no setting here expresses, by type.
        hashes: SHA-256 by "checkpoint", "vae" or "lora/name", where the graph holds them.
        civitai: Versions at CivitAI by the same keys, where its own graphs name them.
        prediction_type: What a node makes the model predict; empty for its own.
    """

    found: Found = field(default_factory=Found)
    loras: list[GivenLoRA] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    civitai: dict[str, str] = field(default_factory=dict)
    prediction_type: str = ""


def read_models(model: Link | None, clip: Link | None, routes: Routes) -> Models:
    """Return the models that a sampler's links of model and text encoder lead to."""
    one = Models()
    loader: Node | None = None
    try:
        for node, _ in routes.chain(model, "model", "unet", "base_model"):
            loader = node
            one.loras[:0] = _loras_at(node, routes, one)
            if node.type == "ModelSamplingDiscrete":
                _read_prediction(node, routes, one)
            elif node.type in _SHIFTS:
                _note_shift(node, routes, one)
            elif node.link("model", "unet") is not None and not any(_given_loras(node)):
                one.others[node.type] = None
    except UnknownValueError as error:
        one.found.unknown["Model"] = str(error)
    else:
        _read_checkpoint(loader, routes, one)
    _read_clip(clip, routes, one)
    return one


def read_vae(link: Link | None, routes: Routes, one: Models) -> None:
    """Add the VAE that decoded the picture, unless it is the checkpoint's own."""
    try:
        at = routes.source(link)
    except UnknownValueError as error:
        one.found.unknown["VAE"] = str(error)
        return
    if at is None:
        return
    node = at[0]
    if "vae_name" in node.inputs:
        _read_vae_name(node, routes, one)
    elif not any(key in node.inputs for key in _CHECKPOINTS):
        one.found.unknown["VAE"] = f"it is made by a node {node.type}, which is not known here"


def _read_vae_name(node: Node, routes: Routes, one: Models) -> None:
    name = one.found.take("VAE", lambda: plain_file(routes.values.text(node, "vae_name")))
    if str(name).casefold() in {*_NONE, "baked vae", "pixel_space"}:
        one.found.items.pop("VAE", None)
    _add_hash(one, "vae", node.inputs["vae_name"], routes)


def plain_file(name: str) -> str:
    """Return a model's name without its file extension, with the folders as here: "sdxl/x"."""
    if version := version_in(name):
        return name_of(version)
    return _EXTENSION.sub("", name.strip().replace("\\", "/"))


def _read_checkpoint(loader: Node | None, routes: Routes, one: Models) -> None:
    named = [key for key in _CHECKPOINTS if loader and key in loader.inputs]
    if loader is None:
        one.found.unknown["Model"] = "the graph does not name it"
    elif not named:
        one.found.unknown["Model"] = f"it is made by a node {loader.type}, which is not known here"
    else:
        one.found.take("Model", lambda: plain_file(routes.values.text(loader, named[0])))
        _add_hash(one, "checkpoint", loader.inputs[named[0]], routes)
        if "weight_dtype" in loader.inputs:
            _read_weight_dtype(loader, routes, one)
        # Loaders of other packages hold these too.
        if "clip_skip" in loader.inputs:
            one.found.take("Clip skip", partial(_layer, loader, "clip_skip", routes))
        if "vae_name" in loader.inputs:
            _read_vae_name(loader, routes, one)


def _read_weight_dtype(loader: Node, routes: Routes, one: Models) -> None:
    """Add how the loader stores weights, if not as the file does."""
    stored = one.found.take(STORED, lambda: routes.values.text(loader, "weight_dtype"))
    if stored == "default":
        del one.found.items[STORED]
    elif stored is not None and stored.endswith(_FAST):
        one.found.items[STORED] = stored.removesuffix(_FAST)
        one.found.note(f"its weights were {stored}; here all arithmetic is in the precision")


def _read_clip(clip: Link | None, routes: Routes, one: Models) -> None:
    try:
        for node, _ in routes.chain(clip, "clip"):
            for name in ("stop_at_clip_layer", "clip_skip"):
                if name in node.inputs:
                    one.found.take("Clip skip", partial(_layer, node, name, routes))
            names = [name for name in _ENCODERS if name in node.inputs]
            texts = [routes.values.text(node, name) for name in names]
            if texts:
                one.found.items["Text encoder"] = ", ".join(map(plain_file, texts))
    except UnknownValueError as error:
        one.found.unknown["Clip skip"] = str(error)


def _layer(node: Node, name: str, routes: Routes) -> int:
    """Return A1111's clip skip; here layers are counted from the end: -2 is the last but one."""
    return abs(int(routes.values.number(node, name)))


def _note_shift(node: Node, routes: Routes, one: Models) -> None:
    try:
        shift = shown(routes.values.number(node, "shift", "max_shift"))
    except UnknownValueError:
        shift = "unknown"  # made by another node
    one.found.note(f"its node {node.type} sets a shift ({shift}); here it is the model's own")


def _read_prediction(node: Node, routes: Routes, one: Models) -> None:
    named = one.found.take("Prediction", lambda: routes.values.text(node, "sampling"))
    if named in _PREDICTIONS:
        one.prediction_type = one.prediction_type or _PREDICTIONS[named]
        del one.found.items["Prediction"]


def _loras_at(node: Node, routes: Routes, one: Models) -> list[GivenLoRA]:
    """Return the LoRAs of one node, in order: one, a numbered list, or a list of objects."""
    found = []
    for name, given in _given_loras(node):
        label = f"LoRA {given if isinstance(given, str) else name}"
        try:
            lora = _lora(node, name, given, routes)
        except UnknownValueError as error:
            one.found.unknown[label] = str(error)
            continue
        if lora is not None:
            found.append(lora)
            _add_hash(one, f"lora/{lora.name}", given, routes)
    if (stack := node.link("lora_stack", "optional_lora_stack")) is not None:
        source = routes.graph.source(stack)
        found[:0] = _loras_at(source, routes, one) if source and not source.links else []
    return found


def _given_loras(node: Node) -> Iterator[tuple[str, Any]]:
    for name, given in islice(node.inputs.items(), _MOST_INPUTS):
        is_object = isinstance(given, Mapping) and "lora" in given
        if is_object or name == "lora_name" or _NUMBERED.fullmatch(name):
            yield name, given


def _lora(node: Node, name: str, given: Any, routes: Routes) -> GivenLoRA | None:
    values = routes.values
    if isinstance(given, Mapping):  # rgthree's list of objects
        if given.get("on") is False or str(given["lora"]).casefold() in _NONE:
            return None
        inner = Node(node.id, node.type, given)
        text_encoder = "strengthTwo" if given.get("strengthTwo") is not None else "strength"
        weights = values.number(inner, "strength"), values.number(inner, text_encoder)
        return _weighed(values.text(inner, "lora"), *weights)
    file = values.text(node, name)
    number = _NUMBERED.fullmatch(name)
    if (
        file.casefold() in _NONE
        or node.inputs.get(f"switch_{number[1] if number else ''}") == "Off"
    ):
        return None
    end = number[1] if number else ""
    model = _strength_names(end, ("strength_model", "lora_model_strength", "model_weight"))
    clip = _strength_names(end, ("strength_clip", "lora_clip_strength", "clip_weight"))
    plain = _strength_names(end, ("strength", "lora_wt", "weight"))
    weight = values.number(node, *model, *plain)
    named = [one for one in clip if one in node.inputs]
    if named:
        return _weighed(file, weight, values.number(node, named[0]))
    is_model_alone = node.link("clip") is None and node.type.endswith("ModelOnly")
    return _weighed(file, weight, 0.0 if is_model_alone else weight)


def _strength_names(number: str, names: tuple[str, ...]) -> list[str]:
    if not number:
        return list(names)
    bare = number.lstrip("0") or number
    return [f"{name}_{one}" for name in names for one in dict.fromkeys((number, bare))]


def _weighed(file: str, weight: float, text_encoder: float) -> GivenLoRA:
    weight, text_encoder = round(weight, 6), round(text_encoder, 6)
    return GivenLoRA(plain_file(file), weight, None if weight == text_encoder else text_encoder)


def _add_hash(one: Models, key: str, file: Any, routes: Routes) -> None:
    if not isinstance(file, str):
        return
    if sha256 := routes.graph.hashes.get(file):
        one.hashes[key] = sha256
    if version := version_in(file):
        one.civitai[key] = version
