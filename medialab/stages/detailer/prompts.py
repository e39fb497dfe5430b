"""The prompt for each detection, from a detailer's prompt with ADetailer's markers."""

import re

from medialab.errors import ConfigError
from medialab.prompts import MOST_CHARACTERS
from medialab.settings.sampling import BASE, with_base

# Of a prompt: between those of several detections; not this one; after the base's; a text for each
# label. As in ADetailer and Impact Pack.
SEPARATOR, SKIP = "[SEP]", "[SKIP]"
AFTER_BASE, BY_LABEL, ALL = "[CONCAT]", "[LAB]", "all"
_LABEL = re.compile(r"\[(?!SKIP\]|PROMPT\])([\w .\-]+)\]")


def names_base(text: str) -> bool:
    """Return whether the main prompt may be a part of the prompt for a detection."""
    begins = text.strip().startswith((AFTER_BASE, BY_LABEL))
    return begins or BASE in text or any(not part.strip() for part in text.split(SEPARATOR))


def spelt_out(text: str, base: str) -> str:
    """Return a detailer's prompt with the main prompt put in for markers and empty parts."""
    if text.strip().removeprefix(AFTER_BASE).strip().startswith(BY_LABEL):
        return with_base(text, base)
    follows_base = text.strip().startswith(AFTER_BASE)
    parts = []
    for part in map(str.strip, text.strip().removeprefix(AFTER_BASE).split(SEPARATOR)):
        words = with_base(part, base) or base
        parts.append(f"{base} BREAK {words}" if follows_base and part not in {"", SKIP} else words)
    if sum(map(len, parts)) > MOST_CHARACTERS:
        message = (
            f"with the main prompt in each part the prompt has over {MOST_CHARACTERS:,} "
            "characters; shorten it"
        )
        raise ConfigError(message)
    return SEPARATOR.join(parts)


def prompt_for(text: str, base: str, *, index: int, label: str) -> str | None:
    """Return the part of a detailer's prompt for one detection; None if that part is [SKIP].

    An empty prompt, or an empty part between two separators, stands for the main prompt.

    Args:
        text: the detailer's whole prompt.
        base: the main prompt.
        index: the detection's number, from 0.
        label: the detected part, for prompts with [LAB].

    Source: ADetailer's _get_prompt; Impact Pack's process_wildcard_for_segs.
    """
    if text == base:
        return base
    text = text.strip()
    follows_base = text.startswith(AFTER_BASE)
    text = text.removeprefix(AFTER_BASE).strip()
    if text.startswith(BY_LABEL):
        part = _of_label(text.removeprefix(BY_LABEL), label)
    else:
        parts = text.split(SEPARATOR)
        part = parts[min(index, len(parts) - 1)].strip()
    if part == SKIP:
        return None
    if not part:
        return base
    part = with_base(part, base)
    # A BREAK sets the two texts side by side, as Impact's concatenation of conditionings does.
    return f"{base} BREAK {part}" if follows_base and base else part


def _of_label(text: str, label: str) -> str:
    """Return the texts after [ALL] and after [label] of a prompt in which brackets hold labels."""
    _, *pieces = _LABEL.split(text)
    by_label = dict(zip(map(str.casefold, pieces[::2]), map(str.strip, pieces[1::2]), strict=True))
    own = by_label.get(label.casefold(), "")
    if own == SKIP:
        return SKIP
    found = [piece.strip(" ,\n") for piece in (by_label.get(ALL, ""), own)]
    return ", ".join(piece for piece in found if piece)
