"""An infotext split into prompt, negative prompt, and items by A1111's keys.

The parameters are found by `Steps:`, wherever they are: other programs add lines after them, mail
wraps them, exiftool writes dots for line ends, people copy labels with them. The time is linear in
the text's length.

Source: AUTOMATIC1111 modules/infotext_utils.py parse_generation_parameters; SD.Next's
modules/infotext.py; sd-dynamic-prompts' "Template".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from medialab.infotext.copied_texts import restorations, unquoted
from medialab.infotext.spellings import canonical, is_known

NEGATIVE = "Negative prompt:"
A1111 = "A1111"
GRAPH = "graph"  # the item that stands for JSON that holds no settings, or none that are read
LONGEST = 1_000_000  # characters; a text of settings has some thousands
_MOST_ITEMS = 1_000

# Labels of lines below the parameters that are not part of them.
_AFTER = ("Template", "Negative Template", "Time taken", "Used embeddings", "Torch active")
_AFTER_LINE = re.compile(rf"({'|'.join(_AFTER)})(?:/reserved)?\s?:\s*", re.IGNORECASE)
_STEPS_LINE = re.compile(r"(?:(?:parameters|settings|other)\s?:\s?)?steps\s{0,3}:", re.IGNORECASE)
_NEGATIVE_LINE = re.compile(r"negative\s{1,3}prompt\s{0,3}(?::\s*|$)", re.IGNORECASE)
_LABEL_LINE = re.compile(
    r"(?:parameters|(?:positive )?prompt|positive|png info)\s?:?", re.IGNORECASE
)
_LABEL = re.compile(r"(?:parameters|(?:positive )?prompt|user comment)\s{0,40}:\s*", re.IGNORECASE)
_KEY = re.compile(r"\s*(\w[\w \xa0\-/.]{0,80}):\s*")  # with a web page's non-breaking space
_DECIMALS = re.compile(r"\d{1,3},\d{1,3}(?=\s*(?:,|$))")  # 7,5 in place of 7.5
_QUOTED = re.compile(r'("(?:\\.|[^\\"])*")\s*(?:,|$)', re.DOTALL)
_EXAMINED = 4_000  # characters of a block that are examined for parameters


class GivenLoRA(NamedTuple):
    """A LoRA given outside the prompt; without a weight in the text encoders, both are the same."""

    name: str
    weight: float
    text_encoder: float | None = None


@dataclass
class RawInfotext:
    """The parts of an infotext before they are interpreted as settings.

    Attributes:
        prompt: The prompt.
        negative_prompt: The negative prompt.
        items: Values as written, by A1111's keys.
        unknown: Why a value that belongs to the settings is not known, by its key.
        not_here: Why a part has no setting here, by its name.
        loras: LoRAs given outside the prompt.
        civitai: Versions of models at CivitAI, by keys as in `Parsed.hashes`.
        notes: What was changed while reading, in words for the user.
        program: The program that wrote it.
    """

    prompt: str = ""
    negative_prompt: str = ""
    items: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    not_here: dict[str, str] = field(default_factory=dict)
    loras: list[GivenLoRA] = field(default_factory=list)
    civitai: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    program: str = A1111


def split_infotext(text: str) -> RawInfotext:
    """Split an infotext into its parts; without parameters, all of it is the prompt."""
    text = text.strip("\0\ufeff \t\r\n")
    lines = unquoted([line.strip() for line in text.split("\n")])
    start = _parameters_start(lines)
    raw = RawInfotext()
    if start is None:
        for restored, note in restorations(text):
            others = [line.strip() for line in restored.split("\n")]
            if (start := _parameters_start(others)) is not None:
                lines = others
                raw.notes.append(note)
                break
    before = lines if start is None else lines[:start]
    if start is not None and any(_STEPS_LINE.match(line) and _known(line) >= 4 for line in before):
        raw.notes.append(
            "the prompt contains the settings of another picture; read each text by itself"
        )
    raw.prompt, raw.negative_prompt = _read_prompts(before, copied=start is not None)
    if start is not None:
        line, after = _block(lines[start:])
        negative = after.pop(NEGATIVE, "")
        raw.negative_prompt = raw.negative_prompt or negative
        raw.items = _collected(line, raw.notes) | after
    return raw


def _parameters_start(lines: list[str]) -> int | None:
    """Return the number of the line where the parameters begin; None if there are none.

    That is the last line that starts with `Steps:`, or else the last line if it clearly holds
    parameters in another order.
    """
    found = [number for number, line in enumerate(lines) if _STEPS_LINE.match(line)]
    for number in reversed(found[-3:]):  # earlier ones belong to the prompt
        if _are_parameters(_joined(lines[number : number + 40])):
            return _first_of(lines, number)
    last = max((number for number, line in enumerate(lines) if line), default=0)
    known = [is_known(key) for key, _ in _first_items(lines[last])]
    return last if known[:1] == [True] and sum(known) >= 3 else None


def _first_of(lines: list[str], number: int) -> int:
    """Return the first line of parameters listed one per line, given the line with `Steps`."""
    if len(list(_first_items(lines[number]))) > 1:
        return number
    while number > 0 and all(is_known(key) for key, _ in _first_items(lines[number - 1])):
        if _KEY.match(lines[number - 1]) is None:
            break
        number -= 1
    return number


def _are_parameters(block: str) -> bool:
    pairs = [(key, value) for key, value in _first_items(block) if key != value]
    counted = pairs[:1] and pairs[0][0] == "Steps" and pairs[0][1].isdecimal()
    return len(pairs) >= (2 if counted else 3) or sum(is_known(key) for key, _ in pairs) >= 2


def _known(line: str) -> int:
    return sum(is_known(key) for key, _ in _first_items(line))


def _first_items(line: str) -> Iterator[tuple[str, str]]:
    return islice(_read_items(line[:_EXAMINED]), 40)


def _joined(lines: list[str]) -> str:
    return _block(lines)[0]


def _block(lines: list[str]) -> tuple[str, dict[str, str]]:
    """Return the parameters as one line, and the texts below them by label."""
    labelled = _STEPS_LINE.match(lines[0])
    first = lines[0][lines[0].casefold().index("steps") :] if labelled else lines[0]
    parts, after = [first], dict[str, list[str]]()
    label, was_empty = "", False
    for line in lines[1:]:
        key = _KEY.match(line)
        begun = _AFTER_LINE.match(line)
        if begun or _NEGATIVE_LINE.match(line):
            label = _as_written(begun[1]) if begun else NEGATIVE
            after[label] = [line.partition(":")[2].strip()]
        elif label and not (key and is_known(key[1])):
            after[label].append(line)
        elif not line:
            was_empty = True
        elif was_empty and not (key and is_known(key[1])):
            label = "Text below"
            after[label] = [line]
        else:
            label = ""
            begins = key is not None and is_known(key[1]) and not parts[-1].endswith(",")
            parts.append(f"{', ' if begins else ' '}{line}")
    return "".join(parts), {name: "\n".join(found).strip() for name, found in after.items()}


def _as_written(label: str) -> str:
    """Return the label of lines below the parameters, in its usual spelling."""
    return next(name for name in _AFTER if name.casefold() == label.casefold())


def _read_prompts(lines: list[str], *, copied: bool) -> tuple[str, str]:
    """Return prompt and negative prompt, without labels that were copied with them.

    Args:
        lines: The lines above the parameters.
        copied: Whether there are parameters, so that "Prompt:" is a label.
    """
    positive: list[str] = []
    negative: list[str] | None = None
    for line in lines:
        if found := _NEGATIVE_LINE.match(line):
            negative = [] if negative is None else negative
            line = line[found.end() :]  # noqa: PLW2901 - the same line without its label
            if not line and not negative:
                continue
        (positive if negative is None else negative).append(line)
    if copied or negative is not None:
        positive = _without_label(positive)
    return "\n".join(positive).strip("\n"), "\n".join(negative or ()).strip("\n")


def _without_label(lines: list[str]) -> list[str]:
    """Return the prompt's lines without a label above or before them."""
    for _ in range(2):
        while lines and not lines[0]:
            lines = lines[1:]
        if len(lines) > 1 and _LABEL_LINE.fullmatch(lines[0]):
            lines = lines[1:]
        elif lines and (found := _LABEL.match(lines[0])):
            lines = [lines[0][found.end() :], *lines[1:]]
    return lines


def _collected(line: str, notes: list[str]) -> dict[str, str]:
    """Return the items by A1111's keys.

    Of several items with one key, one in A1111's own spelling counts before others, and a later one
    before an earlier one.

    Args:
        line: The parameters.
        notes: Gets a note for each key that has two different values.
    """
    items: dict[str, str] = {}
    spelt: dict[str, str] = {}
    twice: dict[str, str] = {}
    for written, value in _read_pairs(line):
        key = canonical(written)
        if key in items and items[key] != value:
            first_counts = spelt[key] == key != written
            used, other = (items[key], value) if first_counts else (value, items[key])
            twice[key] = f"{key} is given twice: {used[:80]!r} is used, {other[:80]!r} is not"
            if first_counts:
                continue
        items[key], spelt[key] = value, written
    notes += twice.values()
    return items


def _read_items(line: str) -> Iterator[tuple[str, str]]:
    """Yield the items in order, with A1111's keys."""
    return ((canonical(written), value) for written, value in _read_pairs(line))


def _read_pairs(line: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of each item in order, as written; for a bare word, the word twice."""
    at = count = 0
    while at < len(line):
        count += 1
        if count > _MOST_ITEMS:
            yield "Further items", f"{len(line) - at:,} characters of them"
            return
        key = _KEY.match(line, at)
        if key is None:
            word, at = _until_comma(line, at)
            if word:
                yield word, word
            continue
        value, at = _read_value(line, key.end())
        yield key[1].strip(), value


def _read_value(line: str, at: int) -> tuple[str, int]:
    """Return the value that starts at `at`, and the position of the next item."""
    quoted = _QUOTED.match(line, at)
    if quoted:
        try:
            return str(json.loads(quoted[1], strict=False)), quoted.end()
        except json.JSONDecodeError:
            return quoted[1], quoted.end()
    if line[at : at + 1] in ("{", "["):
        # CivitAI writes bare JSON, which contains commas.
        try:
            _, end = json.JSONDecoder().raw_decode(line, at)
        except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError
            return _until_comma(line, at)
        return line[at:end], _until_comma(line, end)[1]
    if line[at : at + 1] == "(":  # a size in Fooocus, a pair of numbers in ControlNet
        end = line.find(")", at, at + 80)
        if end > 0 and "," in line[at:end] and line[end + 1 : end + 2] in ("", ","):
            return line[at : end + 1], end + 2
    return _until_comma(line, at)


def _until_comma(line: str, at: int) -> tuple[str, int]:
    decimals = _DECIMALS.match(line, at)
    end = line.find(",", decimals.end() if decimals else at)
    end = len(line) if end < 0 else end
    return line[at:end].strip(), end + 1
