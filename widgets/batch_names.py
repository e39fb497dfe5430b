"""A sensible name for a batch that has none: what the pictures show, and what is varied."""

import re

from medialab.batch.sweep import Sweep
from widgets.requests import axis_label

_MOST_WORDS, _LONGEST = 4, 60  # words of the prompt; characters
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._-]+")


def proposed_name(sweep: Sweep) -> str:
    """Return a name for a sweep, such as "a red car - Steps x Guidance"."""
    prompt = "" if any("prompt" in axis.settings for axis in sweep.axes) else sweep.base.prompt
    words = [word for word in _safe(prompt).split() if any(map(str.isalnum, word))][:_MOST_WORDS]
    varied = " x ".join(_varied(axis.name, len(axis)) for axis in reversed(sweep.axes))
    parts = [" ".join(words), _safe(varied)]
    name = " - ".join(part for part in parts if part)[:_LONGEST]
    return name.strip(" .-") or "batch"


def _varied(name: str, count: int) -> str:
    if name in {"seed", "prompt"}:
        return f"{count} {name}{'' if count == 1 else 's'}"
    return axis_label(name)


def _safe(text: str) -> str:
    """Return a text with only what a folder's name may have."""
    return " ".join(_UNSAFE.sub(" ", text).split())
