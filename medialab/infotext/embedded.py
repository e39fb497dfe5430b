"""Which of the texts in a picture's file holds the settings, by the keywords of known programs.

A1111 and its forks, SwarmUI and Fooocus write `parameters`; NovelAI `Comment` with `Software`;
InvokeAI `invokeai_metadata`, before that `sd-metadata` and `Dream`; Easy Diffusion each setting
under its name; ComfyUI its graphs as `prompt` and `workflow`.
"""

import json
import re
from collections.abc import Mapping

from medialab.infotext.foreign_json import parse_object
from medialab.infotext.items import LONGEST, split_infotext

PARAMETERS = "parameters"
_STEPS = re.compile(r"\bsteps\s?:\s?\d", re.IGNORECASE)
_OF_EASY = ("num_inference_steps", "use_stable_diffusion_model", "stable diffusion model")
_DREAM = re.compile(r'"(.{0,20000}?)"\s+(-\w.{0,2000})', re.DOTALL)
_DREAM_FLAGS = {
    "s": "steps",
    "S": "seed",
    "W": "width",
    "H": "height",
    "C": "cfg_scale",
    "A": "sampler",
}


def is_settings(text: str) -> bool:
    """Return whether a text holds settings, unlike a photographer's comment."""
    return _STEPS.search(text) is not None or parse_object(text) is not None


def is_text_of_settings(text: str) -> bool:
    """Return whether a pasted text holds settings: parameters below a prompt, or JSON.

    A text too long for a prompt counts as settings, and is refused when it is read.
    """
    if len(text) > LONGEST or parse_object(text):
        return True
    return _STEPS.search(text) is not None and bool(split_infotext(text).items)


def settings_among(texts: Mapping[str, str]) -> str | None:
    """Return the settings among a file's texts, in a form that `infotext.read` takes; None if none.

    Args:
        texts: The file's texts by keyword.
    """
    by_word = {word.casefold(): text for word, text in texts.items() if text.strip()}
    found = [by_word.get(PARAMETERS), _of_novelai(by_word)]
    found += [by_word.get(word) for word in ("invokeai_metadata", "sd-metadata")]
    found += [json.dumps(by_word) if any(word in by_word for word in _OF_EASY) else None]
    graphs = (by_word.get(word, "") for word in ("prompt", "workflow"))
    found += [graph for graph in graphs if parse_object(graph) is not None]
    if (dream := _DREAM.fullmatch(by_word.get("dream", "").strip())) is not None:
        found.append(_of_dream(dream[1], dream[2]))
    found += [text for text in by_word.values() if is_settings(text)]
    return next(filter(None, found), None)


def _of_novelai(by_word: Mapping[str, str]) -> str | None:
    """Return NovelAI's settings, which it writes under several keywords, as one JSON object."""
    comment = parse_object(by_word.get("comment", "")) or {}
    if by_word.get("software") != "NovelAI" and not {"uc", "v4_prompt"} & comment.keys():
        return None
    names = ("Software", "Source", "Description", "Comment")
    return json.dumps({name: by_word.get(name.casefold()) for name in names})


def _of_dream(prompt: str, flags: str) -> str:
    """Convert InvokeAI's first format, a command line, to that of its second version."""
    settings = {
        _DREAM_FLAGS[flag]: value
        for flag, value in re.findall(r"-(\w)\s?(\S+)", flags)
        if flag in _DREAM_FLAGS
    }
    return json.dumps({"app_version": "1", "image": {"prompt": prompt, **settings}})
