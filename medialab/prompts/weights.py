r"""Brackets and BREAK: the weight of each part of a prompt, and where a chunk ends.

    (a) x1.1   [a] /1.1   (a:1.3)   \( \) \[ \] \\   BREAK

As in A1111, a backslash before any other character is dropped: nier\:automata is nier:automata.

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py, parse_prompt_attention.
Cost: linear in the text, however deep its brackets.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEAVIER, LIGHTER = 1.1, 1 / 1.1  # what a pair of round or square brackets does to the weight

_BREAK = re.compile(r"\bBREAK\b")
_WEIGHED = re.compile(
    r"(?P<escaped>\\[()\[\]\\]?)"
    r"|:\s*(?P<weight>[-+]?(?:[0-9]{1,6}(?:\.[0-9]*)?|\.[0-9]+))\s*\)"
    r"|(?P<bracket>[()\[\]])"
    r"|(?P<text>[^\\()\[\]:]+|:)"
)


class Fragment(NamedTuple):
    """A piece of text with one weight; 1 is neutral."""

    text: str
    weight: float = 1.0


class _Range(NamedTuple):
    """Parts from `begin` up to `end`, whose weight brackets multiply by `factor`."""

    begin: int
    end: int
    factor: float


# Sections are separated by BREAK: each begins a chunk of its own.
Sections = tuple[tuple[Fragment, ...], ...]


def weigh(text: str) -> Sections:
    """Return the text without brackets, as fragments of one weight each.

    As in A1111, a bracket that is never closed extends to the end, and one never opened is text.
    """
    found: list[str | None] = []  # None stands for BREAK
    opened: dict[str, list[int]] = {"(": [], "[": []}
    ranges: dict[str, list[_Range]] = {"(": [], "[": []}

    def close(bracket: str, factor: float) -> None:
        begin = opened[bracket].pop()
        if begin < len(found):
            ranges[bracket].append(_Range(begin, len(found), factor))

    for match in _WEIGHED.finditer(text):
        bracket = match["bracket"]
        if bracket in opened:
            opened[bracket].append(len(found))
        elif match["escaped"]:
            found.append(match[0][1:])
        elif match["weight"] and opened["("]:
            close("(", float(match["weight"]))
        elif bracket == ")" and opened["("]:
            close("(", HEAVIER)
        elif bracket == "]" and opened["["]:
            close("[", LIGHTER)
        else:
            found += _split_at_breaks(match[0])
    for bracket, factor in (("(", HEAVIER), ("[", LIGHTER)):
        while opened[bracket]:
            close(bracket, factor)
    weights = [1.0] * len(found)
    for nested in ranges.values():
        _multiply(weights, nested)
    return _joined(found, weights)


def escape(text: str) -> str:
    r"""Escape brackets (`\(`), so that `weigh` returns the text unchanged with weight 1."""
    return re.sub(r"([()\[\]\\])", r"\\\1", text)


def _split_at_breaks(text: str) -> Iterator[str | None]:
    """Yield the parts between BREAKs, without the adjoining spaces, and None for each BREAK."""
    parts = _BREAK.split(text)
    for number, part in enumerate(parts):
        if number:
            yield None
        begun = part.lstrip() if number else part
        yield begun.rstrip() if number < len(parts) - 1 else begun


def _multiply(weights: list[float], ranges: Sequence[_Range]) -> None:
    """Multiply each weight, in place, by the factors of the ranges that contain it.

    The ranges nest, inner ones first, as brackets of one kind do. A range's product is its outer
    range's product times its own factor, so the cost does not grow with the depth of nesting.
    """
    beginning: dict[int, list[_Range]] = {}
    for one in reversed(ranges):
        beginning.setdefault(one.begin, []).append(one)
    around: list[tuple[int, float]] = []  # where each open range ends, and the product within
    for at in range(len(weights)):
        while around and around[-1][0] <= at:
            around.pop()
        for one in beginning.get(at, ()):
            around.append((one.end, (around[-1][1] if around else 1.0) * one.factor))
        if around:
            weights[at] *= around[-1][1]


def _joined(found: Sequence[str | None], weights: Sequence[float]) -> Sections:
    """Return the sections between BREAKs; equal weights are joined, empty fragments omitted."""
    sections: list[list[tuple[list[str], float]]] = [[]]
    for text, weight in zip(found, weights, strict=True):
        section = sections[-1]
        if text is None:
            sections.append([])
        elif text and section and section[-1][1] == weight:
            section[-1][0].append(text)
        elif text:
            section.append(([text], weight))
    return tuple(
        tuple(Fragment("".join(parts), weight) for parts, weight in section) for section in sections
    )
