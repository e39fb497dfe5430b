"""Reads a text of any program: repairs it, splits it into parts, and interprets them as settings.

Whatever the text, the only exception is `ConfigError`.

Source: AUTOMATIC1111 modules/infotext_utils.py parse_generation_parameters; civitai's metadata
parser.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from medialab.errors import ConfigError
from medialab.infotext.civitai import RESOURCES, read_resources
from medialab.infotext.foreign_json import parse_object
from medialab.infotext.foreign_texts import read_object
from medialab.infotext.interpretation import Parsed, interpreted
from medialab.infotext.items import A1111, LONGEST, RawInfotext, split_infotext
from medialab.infotext.keys import STAGES, Items
from medialab.infotext.mojibake import mend_letters, mend_order
from medialab.infotext.older_items import modernise

OURS = "this studio"

_HALVES = re.compile("[\\ud800-\\udfff]+")
# Words in "Version" or "App" -> the program that writes them.
_WRITERS = {
    "Media Lab Studio": OURS,
    "Fooocus": "Fooocus",
    "SD.Next": "SD.Next",
    "ComfyUI": "a node of ComfyUI",
}
_FORGE = re.compile(r"(?:f\d|neo)", re.IGNORECASE)  # its versions are f2.0.1v1.10.1, its fork's neo
# A LoRA's tag in the HTML source of a web page.
_HTML = re.compile(r"&lt;(?:lora|lyco|hypernet):", re.IGNORECASE)


def read(text: str, file_name: str = "") -> Parsed:
    """Read an infotext (A1111's or ours), or another program's JSON.

    A text without parameters is all prompt. A missing schedule means automatic, as in A1111; other
    settings that the text does not name are left out.

    Args:
        text: The text.
        file_name: The name of the picture's file that holds it, by which ComfyUI's graphs tell
            which of several pictures it is; empty if unknown.

    Raises:
        ConfigError: the text is longer than LONGEST characters.
    """
    if len(text) > LONGEST:
        message = (
            f"a text of {len(text):,} characters is too long for settings; the limit is {LONGEST:,}"
        )
        raise ConfigError(message)
    return interpreted(split_text(text, file_name))


def split_text(text: str, file_name: str = "") -> RawInfotext:
    """Split a text of any program into its parts, with characters and items repaired."""
    # Surrogates cannot be encoded: pairs are joined, single ones are lost.
    whole_letters = _HALVES.sub(_joined_halves, text)
    mended = mend_letters(mend_order(whole_letters))
    is_html = _HTML.search(mended) is not None
    plain = unescape(mended) if is_html else mended
    whole = parse_object(plain)
    raw = split_infotext(plain) if whole is None else read_object(whole, file_name)
    if whole is not None and isinstance(inner := _infotext_in(whole), str):
        raw = split_infotext(inner)
    if is_html:
        raw.notes.append("it contained HTML codes, which were decoded")
    if mended != whole_letters:
        raw.notes.append("its characters were garbled, and were repaired")
    elif "\ufffd" in mended:
        raw.notes.append("some of its characters are lost (they appear as \ufffd)")
    if raw.program == A1111:
        raw.program = _writer_of(raw.items)
    modernise(raw)
    read_resources(raw)
    return raw


def _writer_of(items: Items) -> str:
    """Return the program that wrote an infotext, by its items; A1111 if they do not say."""
    if STAGES in items:
        return OURS
    if any(key in items for key in (RESOURCES, "Civitai metadata", "Created Date")):
        return "CivitAI"
    version = f"{items.get('App', '')} {items.get('Version', '')}".strip()
    if _FORGE.match(version):
        return "Forge"
    return next((name for mark, name in _WRITERS.items() if mark in version), A1111)


def _joined_halves(found: re.Match[str]) -> str:
    return found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _infotext_in(whole: Mapping[str, Any]) -> str | None:
    """Return the first infotext in an answer of A1111's API, or in a file's texts; None if none."""
    info = whole.get("info")
    answered = parse_object(info) if isinstance(info, str) else None
    texts = (answered or whole).get("infotexts")
    found = texts[0] if isinstance(texts, list) and texts else whole.get("parameters")
    return found if isinstance(found, str) and parse_object(found) is None else None
