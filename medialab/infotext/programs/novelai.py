"""NovelAI: JSON in `Comment`, beside `Software`, `Source` and `Description`.

Source: NovelAI's pictures.
"""

import json
from collections.abc import Mapping
from typing import Any

from medialab.infotext.foreign_json import JSON, listed, parse_object
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.novelai_weights import translate
from medialab.infotext.programs.program import TableProgram, Texts


def _settings(whole: JSON) -> JSON:
    """Return NovelAI's own settings, which may be nested under `Comment`."""
    comment = whole.get("Comment")
    inner = parse_object(comment) if isinstance(comment, str) else comment
    if not isinstance(inner, Mapping):
        return whole
    outer = {"prompt": whole.get("Description"), "source": whole.get("Source")}
    return {**outer, **inner}


def _finish(raw: RawInfotext, whole: JSON) -> None:
    settings = _settings(whole)
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


def _in_texts(texts: Texts) -> str | None:
    """Return its settings, which it writes under several keywords, as one JSON object."""
    comment = parse_object(texts.get("comment", "")) or {}
    if texts.get("software") != "NovelAI" and not {"uc", "v4_prompt"} & comment.keys():
        return None
    names = ("Software", "Source", "Description", "Comment")
    return json.dumps({name: texts.get(name.casefold()) for name in names})


NOVELAI = TableProgram(
    "NovelAI",
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
        # These matter only with pictures and switches that are told by their own keys.
        *("dynamic_thresholding_percentile", "dynamic_thresholding_mimic_scale"),
        *("uncond_per_vibe", "wonky_vibe_correlation", "cfg_sched_eligibility"),
        "prefer_brownian",
    ),
    within=_settings,
    finish=_finish,
    negative_prompt=("uc",),
    in_texts=_in_texts,
)
