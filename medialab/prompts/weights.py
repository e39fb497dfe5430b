r"""Brackets and BREAK: how much each part of a prompt counts, and where a chunk ends.

    (a) x1.1   [a] /1.1   (a:1.3)   \( \) \[ \] \\   BREAK

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py, parse_prompt_attention.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

HEAVIER, LIGHTER = 1.1, 1 / 1.1  # what a pair of round or square brackets does to the weight

_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_WEIGHED = re.compile(
    r"(?P<escaped>\\[()\[\]\\])"
    r"|:\s*(?P<weight>[-+]?(?:[0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))\s*\)"
    r"|(?P<bracket>[()\[\]])"
    r"|(?P<text>[^\\()\[\]:]+|[\\:])"
)


class Fragment(NamedTuple):
    """Words of one weight; 1 is neither more nor less than the rest."""

    text: str
    weight: float = 1.0


# Between two sections stood a BREAK: each begins a chunk of its own.
Sections = tuple[tuple[Fragment, ...], ...]


def weigh(text: str) -> Sections:
    """The text without brackets, in fragments of one weight each.

    As in A1111 a bracket that is never closed counts to the end, and one never opened is text.
    """
    found: list[tuple[str | None, float]] = []  # None stands for BREAK
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def close(bracket: str, factor: float) -> None:
        begin = opened[bracket].pop()
        found[begin:] = [(part, weight * factor) for part, weight in found[begin:]]

    for match in _WEIGHED.finditer(text):
        bracket = match["bracket"]
        if bracket in opened:
            opened[bracket].append(len(found))
        elif match["escaped"]:
            found.append((match[0][1], 1.0))
        elif match["weight"] and opened["("]:
            close("(", float(match["weight"]))
        elif bracket == ")" and opened["("]:
            close("(", HEAVIER)
        elif bracket == "]" and opened["["]:
            close("[", LIGHTER)
        else:
            for number, part in enumerate(_BREAK.split(match[0])):
                found += [(None, 1.0), (part, 1.0)] if number else [(part, 1.0)]
    for bracket, factor in (("(", HEAVIER), ("[", LIGHTER)):
        while opened[bracket]:
            close(bracket, factor)
    return _joined(found)


def escape(text: str) -> str:
    r"""The text such that `weigh` gives it back as it is: \( for each bracket."""
    return re.sub(r"([()\[\]\\])", r"\\\1", text)


def _joined(found: Sequence[tuple[str | None, float]]) -> Sections:
    """Sections between BREAKs, neighbours of one weight joined, empty fragments left out."""
    sections: list[list[Fragment]] = [[]]
    for text, weight in found:
        section = sections[-1]
        if text is None:
            sections.append([])
        elif text and section and section[-1].weight == weight:
            section[-1] = Fragment(section[-1].text + text, weight)
        elif text:
            section.append(Fragment(text, weight))
    return tuple(map(tuple, sections))
