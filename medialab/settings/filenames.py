"""File names of pictures, from a pattern with A1111's tokens: "[seed]-[prompt_words]".

A name is safe on every system: ASCII letters, digits, dots, hyphens and underscores, no path.
Source: A1111's modules/images.py, FilenameGenerator.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

DEFAULT = "[seed]-[prompt_words]"
# In characters; with the number before it, well below the 255 bytes of any file system.
LONGEST, _WORDS, _PROMPT = 120, 40, 80
_TOKEN = re.compile(r"\[(\w+)\]")


class Named(NamedTuple):
    """The facts that a name may contain: resolved settings, local time, width and height in px."""

    config: Any
    created: datetime
    width: int
    height: int


TOKENS: Mapping[str, Callable[[Named], Any]] = {
    "seed": lambda named: named.config.seed,
    "prompt_words": lambda named: slug(named.config.prompt, _WORDS) or "picture",
    "prompt": lambda named: slug(named.config.prompt, _PROMPT),
    "prompt_hash": lambda named: hashlib.sha256(named.config.prompt.encode()).hexdigest()[:8],
    "date": lambda named: f"{named.created:%Y-%m-%d}",
    "time": lambda named: f"{named.created:%H%M%S}",
    "datetime": lambda named: f"{named.created:%Y%m%d%H%M%S}",
    "model_name": lambda named: named.config.checkpoint if named.config.checkpoint_sha256 else "",
    "model_hash": lambda named: named.config.checkpoint_sha256[:10],
    "width": lambda named: named.width,
    "height": lambda named: named.height,
    "sampler": lambda named: named.config.sampler,
    "scheduler": lambda named: named.config.schedule,
    "steps": lambda named: named.config.steps,
    "cfg": lambda named: f"{named.config.guidance_scale:g}",
    "clip_skip": lambda named: named.config.clip_skip,
    "mode": lambda named: named.config.mode,
}


def checked(pattern: str) -> str:
    """Return the pattern if every token in it is known.

    Raises:
        ValueError: a token is unknown; the message lists the known ones.
    """
    for token in _TOKEN.findall(pattern):
        if token not in TOKENS:
            message = f"no token [{token}]; known: {', '.join(f'[{name}]' for name in TOKENS)}"
            raise ValueError(message)
    return pattern


def make_name(pattern: str, named: Named) -> str:
    """Return a safe file name without folder or extension; "picture" if nothing is left of it."""
    text = _TOKEN.sub(lambda match: str(TOKENS[match[1]](named)), pattern)
    return _safe(text)[:LONGEST].rstrip("-._") or "picture"


def slug(text: str, longest: int) -> str:
    """Return the text's words for a file name, in a-z, 0-9 and hyphens.

    Args:
        text: any text.
        longest: maximum number of characters.
    """
    words = re.sub(r"[^a-z0-9]+", "-", _ascii(text).lower()).strip("-")
    return words[:longest].rstrip("-")


def _safe(text: str) -> str:
    joined = re.sub(r"[^A-Za-z0-9._-]+", "-", _ascii(text))
    return re.sub(r"\.{2,}", ".", joined).strip("-._")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
