"""The hashes of models in an infotext, which identify the content that each name stood for.

Source: AUTOMATIC1111 extensions-builtin/Lora ("Lora hashes"), modules/textual_inversion ("TI
hashes"); CivitAI's "Hashes"; sd-webui-controlnet, "name [hash]".
"""

import json
import re
from collections.abc import Iterator, Mapping

# Items that contain only hashes.
HASH_ITEMS = (
    *("Model hash", "VAE hash", "Lora hashes", "TI hashes", "Hashes", "Refiner hash"),
    *("Model sha256", "VAE sha256"),
)
CHECKPOINT, VAE = "checkpoint", "vae"  # the picture's own, whatever its name

MOST_HASHES = 200  # read from one text; a picture uses some ten models

_HASH = re.compile(r"(?:0x)?([0-9a-f]{8,64})", re.IGNORECASE)
_NAMED = re.compile(r"(.+?) \[([0-9a-fA-F]{8,64})\]")
_UNIT_MODEL = re.compile(r"(?:^|, )Model: ([^,]+)")
_IN_LISTS = {"Lora hashes": "lora", "TI hashes": "embedding"}
_IN_JSON = {"model": CHECKPOINT, "vae": VAE}
_KINDS_IN_JSON = {"lora": "lora", "lyco": "lora", "embed": "embedding", "checkpoint": "checkpoint"}


def without_hash(name: str) -> str:
    """Return a model's name without the hash in brackets that some programs append."""
    named = _NAMED.fullmatch(name)
    return named[1] if named else name


def hashes_in(items: Mapping[str, str]) -> dict[str, str]:
    """Return the hashes in the items of an infotext, at most MOST_HASHES.

    Returns:
        Hashes in lower case, by "checkpoint", "vae" (the picture's own) or "kind/name". Invalid
        ones (fewer than 8 hex digits, other characters, only zeros) are left out.
    """
    found: dict[str, str] = {}
    for name, value in _named_hashes(items):
        match = _HASH.fullmatch(value.strip())
        has_room = "/" not in name or name in found or len(found) < MOST_HASHES
        if match and set(match[1]) != {"0"} and has_room:
            found[name] = match[1].casefold()
    return found


def _named_hashes(items: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from _in_json(items.get("Hashes", ""))
    for item, kind in _IN_LISTS.items():
        for pair in items.get(item, "").split(","):
            name, _, value = pair.rpartition(":")
            if name.strip():
                # Older versions of Fooocus write a weight after the hash.
                first, _, middle = name.rpartition(":")
                has_weight = first and _HASH.fullmatch(middle.strip())
                named = (first, middle) if has_weight else (name, value)
                yield f"{kind}/{named[0].strip()}", named[1]
    for key, value in items.items():
        if key in {"Refiner", "Hires checkpoint"} and (match := _NAMED.fullmatch(value)):
            yield f"checkpoint/{match[1]}", match[2]
        model = _UNIT_MODEL.search(value) if key.startswith("ControlNet ") else None
        if model and (match := _NAMED.fullmatch(model[1].strip())):
            yield f"controlnet/{match[1]}", match[2]
    if items.get("Refiner hash") and items.get("Refiner"):
        yield f"checkpoint/{items['Refiner']}", items["Refiner hash"]
    if match := _NAMED.fullmatch(items.get("Model", "")):
        yield CHECKPOINT, match[2]
    # The last one counts, so that a longer hash replaces a shorter one.
    for kind, item in ((VAE, "VAE"), (CHECKPOINT, "Model")):
        for digits in (items.get(f"{item} hash"), items.get(f"{item} sha256")):
            if digits:
                yield kind, digits


def _in_json(value: str) -> Iterator[tuple[str, str]]:
    """Yield the hashes in CivitAI's format: {"model": "…", "lora:name": "…"}."""
    try:
        hashes = json.loads(value) if value else {}
    except (ValueError, RecursionError):
        return
    for key, text in hashes.items() if isinstance(hashes, dict) else ():
        kind, _, name = str(key).partition(":")
        if key in _IN_JSON:
            yield _IN_JSON[key], str(text)
        elif kind in _KINDS_IN_JSON and name:
            yield f"{_KINDS_IN_JSON[kind]}/{name}", str(text)
