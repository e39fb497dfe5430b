"""InvokeAI: JSON under `invokeai_metadata`, before that `sd-metadata`, before that `Dream`.

Source: InvokeAI invocations/metadata.py and backend/args.py of version 2.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from medialab.infotext.foreign_json import JSON, as_text, find, listed, mapping, model_name
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.program import TableProgram, Texts, add_hash, add_loras

# InvokeAI's "(words)1.2", "(words)++" and "word++".
_WEIGHED_WORDS = re.compile(r"\(([^()]{1,2000})\)(\+{1,9}|-{1,9}|\d{1,2}(?:\.\d{1,20})?)(?![\w+.])")
_WEIGHED_WORD = re.compile(r"(?<![\w)-])([\w']{1,80})(\+{1,9}|-{1,9})(?![\w+-])")
# Its ways to join prompts, or swap words of one: ("a cat", "a dog").blend(1, 1), cat.swap(dog).
_JOINED = re.compile(r"[\w)\"]\.(swap|blend|and)\(")
# Its first format: a prompt in quotes and the options of a command line.
_DREAM = re.compile(r'"(.{0,20000}?)"\s+(-\w.{0,2000})', re.DOTALL)
_DREAM_FLAGS = {
    "s": "steps",
    "S": "seed",
    "W": "width",
    "H": "height",
    "C": "cfg_scale",
    "A": "sampler",
}


def _settings(whole: JSON) -> JSON:
    """Return the settings; version 2 nests those of the picture under `image`."""
    image = whole.get("image")
    return {**image, **whole, "image": None} if isinstance(image, Mapping) else whole


def _of_graph(whole: JSON) -> JSON:
    """Return the settings in a graph of nodes, which one of its nodes collects."""
    nodes = whole.get("nodes")
    if not isinstance(nodes, Mapping) or "edges" not in whole:
        return whole
    found = (one for one in nodes.values() if isinstance(one, Mapping))
    return next((one for one in found if one.get("type") == "core_metadata"), whole)


def _finish(raw: RawInfotext, whole: JSON) -> None:
    model = whole.get("model")
    if isinstance(model, str) and whole.get("model_weights"):
        raw.items["Model"] = str(whole["model_weights"])
    for item, one in (("Model hash", model), ("VAE hash", whole.get("vae"))):
        add_hash(raw, item, mapping(one).get("hash"))
    add_hash(raw, "Model hash", whole.get("model_hash"))
    if str(whole.get("generation_mode")).endswith("txt2img"):
        raw.items.pop("Denoising strength", None)  # of the form, and not used
    raw.items.pop("loras", None)
    add_loras(raw, list(_loras(whole)))
    _add_units(raw, whole)
    if (skipped := find(whole, "clip_skip")) is not None:
        raw.items.pop("clip_skip", None)
        if isinstance(skipped, int) and skipped > 0:  # layers skipped; A1111 counts from 1
            raw.items["Clip skip"] = str(skipped + 1)
    if not raw.negative_prompt and "image" in whole:  # version 2: in square brackets
        raw.negative_prompt = " ".join(re.findall(r"\[([^\[\]]*)\]", raw.prompt)).strip()
        raw.prompt = re.sub(r"\[[^\[\]]*\]", "", raw.prompt).strip()
    for name, prompt in (("positive", raw.prompt), ("negative", raw.negative_prompt)):
        if raw.items.get(f"{name}_style_prompt") == prompt:  # SDXL's second text encoder
            del raw.items[f"{name}_style_prompt"]
    for name in dict.fromkeys(_JOINED.findall(f"{raw.prompt}\n{raw.negative_prompt}")):
        raw.notes.append(
            f".{name}(…) in the prompt is InvokeAI's, and is plain text here; remove it"
        )
    raw.prompt = _read_compel(raw, raw.prompt)
    raw.negative_prompt = _read_compel(raw, raw.negative_prompt)


def _loras(whole: JSON) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, weight and hash of each LoRA."""
    for one in listed(whole.get("loras")):
        if isinstance(one, Mapping):
            lora = one.get("model", one.get("lora"))
            lora = lora if isinstance(lora, Mapping) else {"name": lora}
            if name := model_name(lora):
                yield name, one.get("weight", 1.0), lora.get("hash")


def _add_units(raw: RawInfotext, whole: JSON) -> None:
    """Add its ControlNets in A1111's form."""
    raw.items.pop("controlnets", None)
    for number, one in enumerate(listed(whole.get("controlnets"))):
        unit = mapping(one)
        name = model_name(mapping(unit.get("control_model")))
        if not name:
            raw.items[f"ControlNet {number}"] = as_text(one)
            continue
        parts = {
            "Module": "none",
            "Model": name,
            "Weight": unit.get("control_weight", 1),
            "Guidance Start": unit.get("begin_step_percent", 0),
            "Guidance End": unit.get("end_step_percent", 1),
        }
        raw.items[f"ControlNet {number}"] = ", ".join(f"{key}: {parts[key]}" for key in parts)


def _read_compel(raw: RawInfotext, prompt: str) -> str:
    """Convert InvokeAI's weights, (words)1.2 and word++, to A1111's form."""

    def weigh(found: re.Match[str]) -> str:
        words, weight = found[1], found[2]
        step = 1.1 if "+" in weight else 0.9
        is_number = not set(weight) <= set("+-")
        return f"({words}:{weight if is_number else f'{step ** len(weight):.6g}'})"

    found = _WEIGHED_WORD.sub(weigh, _WEIGHED_WORDS.sub(weigh, prompt))
    if found != prompt:
        raw.notes.append("InvokeAI's weights, such as word++, are written as (word:1.1)")
    return found


def _in_texts(texts: Texts) -> str | None:
    """Convert its first format to that of its second version."""
    dream = _DREAM.fullmatch(texts.get("dream", "").strip())
    if dream is None:
        return None
    settings = {
        _DREAM_FLAGS[flag]: value
        for flag, value in re.findall(r"-(\w)\s?(\S+)", dream[2])
        if flag in _DREAM_FLAGS
    }
    return json.dumps({"app_version": "1", "image": {"prompt": dream[1], **settings}})


INVOKEAI = TableProgram(
    "InvokeAI",
    (
        ("positive_prompt", "image", "cfg_scale"),
        ("app_version", "cfg_scale", "positive_prompt"),
    ),
    {
        "steps": "Steps",
        "seed": "Seed",
        "cfg_scale": "CFG scale",
        "model": "Model",
        "scheduler": "Sampler",
        "sampler": "Sampler",
        "width": "Width",
        "height": "Height",
        "vae": "VAE",
        "strength": "Denoising strength",
        "refiner_model": "Refiner",
        "refiner_start": "Refiner switch at",
    },
    idle=(
        *("app_version", "app_id", "generation_mode", "rand_device", "type", "image"),
        *("model_hash", "model_weights", "canvas_v2_metadata"),
    ),
    unwrap=_of_graph,
    within=_settings,
    finish=_finish,
    prompt=("positive_prompt", "prompt"),
    keywords=("invokeai_metadata", "invokeai_graph", "sd-metadata"),
    in_texts=_in_texts,
)
