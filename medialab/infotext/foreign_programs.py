"""How other programs write their settings: for each a table from its keys to A1111's.

So one reader understands them all. A setting that the table does not contain is passed on under its
own name, and reported to the user.

Source: SwarmUI docs/Image Metadata Format.md; Fooocus modules/meta_parser.py; InvokeAI
invocations/metadata.py and backend/args.py of version 2; NovelAI's pictures; Easy Diffusion
ui/easydiffusion/utils/save_utils.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medialab.infotext.foreign_json import (
    JSON,
    find,
    listed,
    mapping,
    model_name,
    parse_object,
    plain_key,
    plain_name,
)
from medialab.infotext.items import RawInfotext
from medialab.infotext.novelai import translate

NOVELAI, INVOKEAI = "NovelAI", "InvokeAI"
# InvokeAI's "(words)1.2", "(words)++" and "word++".
_WEIGHED_WORDS = re.compile(r"\(([^()]{1,2000})\)(\+{1,9}|-{1,9}|\d{1,2}(?:\.\d{1,4})?)(?![\w+.])")
_WEIGHED_WORD = re.compile(r"(?<![\w)])([\w']{1,80})(\+{1,9})(?![\w+])")
# Fooocus' names for numbers of steps, which its first versions wrote instead of the number.
_PERFORMANCES = {"quality": 60, "speed": 30, "extremespeed": 8, "lightning": 4, "hypersd": 4}


@dataclass(frozen=True)
class Program:
    """How one program writes its settings.

    Attributes:
        name: The program's name, for messages.
        marks: Groups of keys that only this program writes; one key of each group must be present.
        words: Its keys -> A1111's keys.
        idle: Keys to ignore: they describe how the file was made, or repeat other keys.
        within: Returns the settings, given the whole JSON object.
        finish: Converts values that need more than another key, in place.
        prompt: Its keys for the prompt; the first one with a text counts.
        negative_prompt: Its keys for the negative prompt.
    """

    name: str
    marks: Sequence[Sequence[str]]
    words: Mapping[str, str]
    idle: Sequence[str] = ()
    within: Callable[[JSON], JSON] = lambda whole: whole
    finish: Callable[[RawInfotext, JSON], None] = lambda _raw, _whole: None
    prompt: Sequence[str] = ("prompt",)
    negative_prompt: Sequence[str] = ("negative_prompt",)


def _add_hash(raw: RawInfotext, item: str, value: Any) -> None:
    """Add a hash as other programs write it ("0x…", "sha256:…"); any other text is ignored."""
    text = str(value or "").casefold().removeprefix("0x").removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{8,64}", text):
        raw.items[item] = text


def _add_loras(raw: RawInfotext, loras: Sequence[tuple[str, Any, Any]]) -> None:
    """Add LoRAs, each given as name, weight and hash, and their hashes."""
    hashes = []
    for name, weight, sha256 in loras:
        try:
            raw.loras.append((plain_name(name), float(weight)))
        except (TypeError, ValueError):
            raw.items[f"LoRA {name}"] = str(weight)
            continue
        text = str(sha256 or "").casefold().removeprefix("0x")
        if re.fullmatch(r"[0-9a-f]{8,64}", text):
            hashes.append(f"{re.sub('[,:]', '', plain_name(name))}: {text}")
    if hashes:
        raw.items["Lora hashes"] = ", ".join(hashes)


def _finish_swarm(raw: RawInfotext, whole: JSON) -> None:
    settings = whole["sui_image_params"]
    models = [one for one in listed(whole.get("sui_models")) if isinstance(one, Mapping)]
    hashes = {plain_name(str(one.get("name", ""))): one.get("hash") for one in models}
    raw.items.pop("loras", None)
    raw.items.pop("loraweights", None)
    names = [str(name) for name in listed(find(settings, "loras"))]
    weights = [*listed(find(settings, "loraweights")), *["1"] * len(names)]
    loras = [(name, weights[at], hashes.get(plain_name(name))) for at, name in enumerate(names)]
    _add_loras(raw, loras)
    for item, param in (("Model hash", "model"), ("VAE hash", "vae")):
        for model in models:
            if model.get("param") == param:
                _add_hash(raw, item, model.get("hash"))
    if (layer := raw.items.pop("Clip stop", "").lstrip("-")) not in ("", "1"):
        raw.items["Clip skip"] = layer
    _note_tags(raw, ("random", "wildcard", "segment", "object", "region", "alternate", "fromto"))


def _note_tags(raw: RawInfotext, tags: Sequence[str]) -> None:
    """Add a note for tags in a prompt that instruct the other program but are plain text here."""
    found = re.findall(rf"<({'|'.join(tags)})[:\[]", f"{raw.prompt}\n{raw.negative_prompt}")
    for tag in dict.fromkeys(found):
        raw.notes.append(
            f"<{tag}:…> in the prompt is {raw.program}'s, and is not supported here; remove it"
        )


def _finish_fooocus(raw: RawInfotext, whole: JSON) -> None:
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
    _add_loras(raw, [one for one in loras if one[0] != "None"])
    _add_hash(raw, "Model hash", find(whole, "base_model_hash"))
    if raw.items.get("VAE", "").startswith("Default"):
        del raw.items["VAE"]
    if "Refiner" not in raw.items:
        raw.items.pop("Refiner switch at", None)
    performance = _PERFORMANCES.get(plain_key(str(find(whole, "performance"))))
    if performance and "Steps" not in raw.items:
        raw.items["Steps"] = str(performance)
    if raw.items.get("styles") == "[]":
        del raw.items["styles"]


def _invoke_settings(whole: JSON) -> JSON:
    """Return the settings; version 2 nests those of the picture under `image`."""
    image = whole.get("image")
    return {**image, **whole, "image": None} if isinstance(image, Mapping) else whole


def _finish_invoke(raw: RawInfotext, whole: JSON) -> None:
    model = whole.get("model")
    if isinstance(model, Mapping):
        _add_hash(raw, "Model hash", model.get("hash"))
    _add_hash(raw, "Model hash", whole.get("model_hash"))
    if isinstance(model, str) and whole.get("model_weights"):
        raw.items["Model"] = str(whole["model_weights"])
    loras = []
    for one in listed(whole.get("loras")):
        if isinstance(one, Mapping):
            lora = one.get("model", one.get("lora"))
            lora = lora if isinstance(lora, Mapping) else {"name": lora}
            loras.append((model_name(lora), one.get("weight", 1.0), lora.get("hash")))
    raw.items.pop("loras", None)
    _add_loras(raw, [one for one in loras if one[0]])
    if (skipped := find(whole, "clip_skip")) is not None:
        raw.items.pop("clip_skip", None)
        if isinstance(skipped, int) and skipped > 0:  # layers skipped; A1111 counts from 1
            raw.items["Clip skip"] = str(skipped + 1)
    if not raw.negative_prompt and "image" in whole:  # version 2: in square brackets
        raw.negative_prompt = " ".join(re.findall(r"\[([^\[\]]*)\]", raw.prompt)).strip()
        raw.prompt = re.sub(r"\[[^\[\]]*\]", "", raw.prompt).strip()
    raw.prompt = _read_compel(raw, raw.prompt)
    raw.negative_prompt = _read_compel(raw, raw.negative_prompt)


def _read_compel(raw: RawInfotext, prompt: str) -> str:
    """Convert InvokeAI's weights, (words)1.2 and word++, to A1111's form."""

    def weigh(found: re.Match[str]) -> str:
        words, weight = found[1], found[2]
        step = 1.1 if "+" in weight else 0.9
        value = step ** len(weight) if set(weight) <= set("+-") else float(weight)
        return f"({words}:{value:.4g})"

    found = _WEIGHED_WORD.sub(weigh, _WEIGHED_WORDS.sub(weigh, prompt))
    if found != prompt:
        raw.notes.append("InvokeAI's weights, such as word++, are written as (word:1.1)")
    return found


def _finish_draw_things(raw: RawInfotext, _whole: JSON) -> None:
    if raw.items.get("Denoising strength") == "1":  # from noise
        del raw.items["Denoising strength"]


def _api_settings(whole: JSON) -> JSON:
    """Return the settings of a request, with those in `override_settings` at the top."""
    overrides = mapping(whole.get("override_settings"))
    words = {"CLIP_stop_at_last_layers": "clip_skip", "sd_vae": "sd_vae_name"}
    return {**whole, **{words.get(str(key), str(key)): one for key, one in overrides.items()}}


def _finish_api(raw: RawInfotext, whole: JSON) -> None:
    if raw.items.get("batch_size") == "1":
        del raw.items["batch_size"]
    if whole.get("enable_hr") or whole.get("init_images"):
        return
    for item in ("Hires upscale", "Hires upscaler", "Hires steps", "Denoising strength"):
        raw.items.pop(item, None)
    for key in [key for key in raw.items if key.startswith("hr_")]:
        del raw.items[key]


def _novelai_settings(whole: JSON) -> JSON:
    """Return NovelAI's own settings, which may be nested under `Comment`."""
    comment = whole.get("Comment")
    inner = parse_object(comment) if isinstance(comment, str) else comment
    if not isinstance(inner, Mapping):
        return whole
    outer = {"prompt": whole.get("Description"), "source": whole.get("Source")}
    return {**outer, **inner}


def _finish_novelai(raw: RawInfotext, whole: JSON) -> None:
    settings = _novelai_settings(whole)
    for name in ("prompt", "negative_prompt"):
        written = getattr(raw, name)
        captions = _captions(
            settings.get("v4_prompt" if name == "prompt" else "v4_negative_prompt")
        )
        written = written or (captions[0] if captions else "")
        if others := [one for one in captions[1:] if one]:
            raw.items[f"characters of the {name.replace('_', ' ')}"] = "; ".join(others)
        text = translate(written)
        if text != written:
            raw.notes.append(
                "NovelAI's weights, such as {words} and 1.2::words::, are written as A1111's"
            )
        setattr(raw, name, text)
    raw.notes = list(dict.fromkeys(raw.notes))


def _captions(prompt: Any) -> list[str]:
    """Return the caption of the whole picture, then those of its characters."""
    caption = prompt.get("caption") if isinstance(prompt, Mapping) else None
    if not isinstance(caption, Mapping):
        return []
    others = [one for one in listed(caption.get("char_captions")) if isinstance(one, Mapping)]
    texts = [caption.get("base_caption"), *(one.get("char_caption") for one in others)]
    return [text if isinstance(text, str) else "" for text in texts]


PROGRAMS: Sequence[Program] = (
    Program(
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
            "refinerupscale": "Hires upscale",
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
        finish=_finish_swarm,
        negative_prompt=("negativeprompt",),
    ),
    Program(
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
        finish=_finish_fooocus,
    ),
    Program(
        "Draw Things",
        (("c",), ("uc",), ("sampler",), ("size", "v2")),
        {
            "steps": "Steps",
            "seed": "Seed",
            "scale": "CFG scale",
            "sampler": "Sampler",
            "size": "Size",
            "model": "Model",
            "strength": "Denoising strength",
        },
        idle=("v2", "profile"),
        finish=_finish_draw_things,
        prompt=("c",),
        negative_prompt=("uc",),
    ),
    Program(
        "A1111's API",
        (
            ("sampler_name", "sampler_index"),
            ("cfg_scale",),
            ("n_iter", "batch_size", "override_settings", "enable_hr", "send_images"),
        ),
        {
            "steps": "Steps",
            "seed": "Seed",
            "cfg_scale": "CFG scale",
            "sampler_name": "Sampler",
            "sampler_index": "Sampler",
            "scheduler": "Schedule type",
            "width": "Width",
            "height": "Height",
            "denoising_strength": "Denoising strength",
            "subseed": "Variation seed",
            "subseed_strength": "Variation seed strength",
            "hr_scale": "Hires upscale",
            "hr_upscaler": "Hires upscaler",
            "hr_second_pass_steps": "Hires steps",
            "sd_model_checkpoint": "Model",
            "sd_model_name": "Model",
            "sd_model_hash": "Model hash",
            "sd_vae_name": "VAE",
            "sd_vae_hash": "VAE hash",
            "clip_skip": "Clip skip",
        },
        idle=(
            *("send_images", "save_images", "n_iter", "infotexts", "job_timestamp", "enable_hr"),
            *("all_prompts", "all_negative_prompts", "all_seeds", "all_subseeds", "version"),
            *("is_using_inpainting_conditioning", "index_of_first_image", "override_settings"),
        ),
        within=_api_settings,
        finish=_finish_api,
    ),
    Program(
        NOVELAI,
        (("uc", "v4_prompt", "Comment"), ("scale", "sampler", "Comment", "Software")),
        {
            "steps": "Steps",
            "seed": "Seed",
            "scale": "CFG scale",
            "sampler": "Sampler",
            "noise_schedule": "Schedule type",
            "width": "Width",
            "height": "Height",
            "strength": "Denoising strength",
            "source": "Model",
        },
        idle=(
            *("v4_prompt", "v4_negative_prompt", "signed_hash", "request_type", "n_samples"),
            *("legacy", "legacy_v3_extend", "legacy_uc", "version", "controlnet_strength"),
            *("extra_noise_seed", "params_version", "add_original_image", "uncond_scale"),
        ),
        within=_novelai_settings,
        finish=_finish_novelai,
        negative_prompt=("uc",),
    ),
    Program(
        INVOKEAI,
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
        within=_invoke_settings,
        finish=_finish_invoke,
        prompt=("positive_prompt", "prompt"),
    ),
    Program(
        "Easy Diffusion",
        (("num_inference_steps", "use_stable_diffusion_model", "Stable Diffusion model"),),
        {
            "num_inference_steps": "Steps",
            "steps": "Steps",
            "seed": "Seed",
            "guidance_scale": "CFG scale",
            "sampler_name": "Sampler",
            "sampler": "Sampler",
            "width": "Width",
            "height": "Height",
            "prompt_strength": "Denoising strength",
            "use_stable_diffusion_model": "Model",
            "Stable Diffusion model": "Model",
            "use_vae_model": "VAE",
            "VAE model": "VAE",
        },
        idle=("num_outputs", "session_id", "output_format", "output_quality", "created_at"),
    ),
)
