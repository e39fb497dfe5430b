"""Which of the texts in a picture's file holds the settings.

A1111 and its forks, SwarmUI and Fooocus write `parameters`; each of the other programs knows its
own keywords (`medialab.infotext.programs`).
"""

import re
from collections.abc import Mapping

from medialab.infotext.foreign_json import parse_object
from medialab.infotext.items import LONGEST, split_infotext
from medialab.infotext.programs import PROGRAMS

PARAMETERS = "parameters"
_XMP = "xml:com.adobe.xmp"  # of which only elements are texts
_STEPS = re.compile(r"\bsteps\s?:\s?\d", re.IGNORECASE)


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
    found = [by_word.get(PARAMETERS), *(one.text_among(by_word) for one in PROGRAMS)]
    found += [text for word, text in by_word.items() if word != _XMP and is_settings(text)]
    return next(filter(None, found), None)
