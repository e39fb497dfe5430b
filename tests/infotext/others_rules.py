"""How A1111 and CivitAI read an infotext, built from the facts of their formats.

Neither is ours: a text that we write has to mean the same to both.
"""

import json
import re

# A key starts with a word character and goes on with word characters, spaces, hyphens, slashes; a
# value is a string in double quotes, or all up to the next comma.
PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
SIZE = re.compile(r"(\d+)x(\d+)")
LEAST_PAIRS = 3
NEGATIVE = "Negative prompt:"


def read_as_a1111(text):
    """Return prompt, negative prompt and items as A1111 reads them."""
    *lines, last = text.strip().split("\n")
    if len(PAIR.findall(last)) < LEAST_PAIRS:
        lines, last = [*lines, last], ""
    prompts, at = [[], []], 0
    for raw in lines:
        line = raw.strip()
        if line.startswith(NEGATIVE):
            at, line = 1, line.removeprefix(NEGATIVE).strip()
        # A1111 joins a line to what is there; an empty beginning gets no line end.
        if prompts[at] or line:
            prompts[at].append(line)
    items = {}
    for key, value in PAIR.findall(last):
        plain = value
        if value[:1] == '"' == value[-1:]:
            try:
                plain = json.loads(value)
            except ValueError:
                plain = value
        if size := SIZE.match(str(plain)):
            items |= {f"{key}-1": size[1], f"{key}-2": size[2]}
        else:
            items[key] = plain
    return "\n".join(prompts[0]), "\n".join(prompts[1]), items


def read_as_civitai(text):
    """Return prompt, negative prompt, items, hashes and LoRAs as CivitAI reads them, or None."""
    if "Steps: " not in text:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    details = next((line for line in lines if line.startswith("Steps: ")), None)
    if details is not None:
        lines.remove(details)
    hashes = {}
    if details and (found := re.search(r", Hashes:\s*(\{[^}]+\})", details)):
        hashes = json.loads(found[1])
        details = details.replace(found[0], "")
    items = _details(details or "")
    prompt, *negative = (part.strip() for part in "\n".join(lines).split(NEGATIVE))
    loras = re.findall(r"<lora:([a-zA-Z0-9_.\-]+):([0-9.]+)>", prompt)
    for name, digits in (items.get("Lora hashes") or {}).items():
        hashes[f"lora:{name}"] = digits
    for key, item in (("vae", "VAE hash"), ("model", "Model hash")):
        if item in items:
            hashes.setdefault(key, items[item])
    return prompt, " ".join(negative).strip(), items, hashes, loras


def _details(line):
    """Read the items letter by letter; a value in quotes is read in the same way again."""
    items, key, value, is_quoted = {}, "", "", False
    for letter in line:
        if letter == '"':
            if is_quoted:
                items[key] = _details(value.strip())
                key = ""
            is_quoted = not is_quoted
        elif letter == ":" and not is_quoted:
            key, value = value.strip(), ""
        elif letter == "," and not is_quoted:
            if key:
                items[key] = value.strip()
            key = value = ""
        else:
            value += letter
    if key:
        items[key] = value.strip()
    return items
