"""Schedules and alternation: a prompt's text at each step, by recursive descent over brackets.

    [from:to:N]   [to:N]   [from::N]   [a|b|c]

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py,
get_learned_conditioning_prompt_schedules.
Cost: linear in the text, times the steps at which it changes.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Brackets nested deeper are plain text; people nest three deep, and Python's stack ends at 1,000.
DEEPEST = 50

_WHEN = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]*)?|\.[0-9]+)\s*\]")
_SIGN = re.compile(r"\\.|[()\[\]:|]", re.DOTALL)  # a backslash escapes the character after it


class Phase(NamedTuple):
    """The text from the end of the previous phase up to and including step `until`, from 1."""

    until: int
    text: str


def schedule(text: str, steps: int) -> tuple[Phase, ...]:
    """Return the phases of a prompt; equal neighbours are merged into one.

    Args:
        text: A prompt or sub-prompt, without LoRA tags.
        steps: Denoising steps, at least 1; the last phase ends there.
    """
    nodes = _Brackets(text).nodes()
    phases: list[Phase] = []
    for until in sorted({steps, *_ends(nodes, steps)}):
        shown = _shown(nodes, until, steps)
        if phases and phases[-1].text == shown:
            phases.pop()
        phases.append(Phase(until, shown))
    return tuple(phases)


class _Scheduled(NamedTuple):
    before: "_Nodes"
    after: "_Nodes"
    when: str


class _Alternating(NamedTuple):
    options: "tuple[_Nodes, ...]"


_Node = str | _Scheduled | _Alternating
_Nodes = Sequence[_Node]


class _Group(NamedTuple):
    """A pair of square brackets that holds a schedule or an alternation.

    Attributes:
        edges: Positions of its brackets, colons and bars; each text lies between two of them.
        end: Position of the closing bracket.
        when: The step or share at which a schedule changes; None for an alternation.
    """

    edges: tuple[int, ...]
    end: int
    when: str | None


class _Brackets:
    """A text with its brackets paired; unpaired brackets are plain text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = sorted(self._groups())
        self._begins = [group.edges[0] for group in self._found]

    def nodes(self) -> _Nodes:
        """Return the whole text as plain text, schedules and alternations."""
        return self._nodes(0, len(self._text), 0)

    def _groups(self) -> Iterator[_Group]:
        """Yield every group, in one pass over the text."""
        # Open brackets: position, and the colons and bars directly inside.
        opened: list[tuple[int, list[int], list[int]]] = []
        for match in _SIGN.finditer(self._text):
            at, sign = match.start(), match[0]
            if sign in {"(", "["}:
                opened.append((at, [], []))
            elif sign in {")", "]"}:
                if opened and self._text[opened[-1][0]] + sign in {"()", "[]"}:
                    begin, colons, bars = opened.pop()
                    if sign == "]" and (group := self._group(begin, colons, bars, at)) is not None:
                        yield group
                else:
                    opened.clear()  # brackets around an unpaired one do not form a pair
            elif sign in {":", "|"} and opened:
                _, colons, bars = opened[-1]
                (colons if sign == ":" else bars).append(at)

    def _group(
        self, begin: int, colons: Sequence[int], bars: Sequence[int], end: int
    ) -> _Group | None:
        """Return the schedule or alternation in square brackets; None for any other text."""
        if colons:
            when = _WHEN.match(self._text, colons[-1] + 1)
            if when is not None and when.end() == end + 1:
                return _Group((begin, *colons), end, when[1]) if len(colons) <= 2 else None
        elif bars:
            return _Group((begin, *bars, end), end, None)
        return None

    def _nodes(self, begin: int, end: int, depth: int) -> _Nodes:
        found: list[_Node] = []
        plain = begin
        at = bisect_left(self._begins, begin)
        while depth < DEEPEST and at < len(self._begins) and self._begins[at] < end:
            group = self._found[at]
            parts = [
                self._nodes(left + 1, right, depth + 1) for left, right in pairwise(group.edges)
            ]
            found.append(self._text[plain : group.edges[0]])
            if group.when is None:
                found.append(_Alternating(tuple(parts)))
            else:
                before, after = parts if len(parts) == 2 else ([], parts[0])
                found.append(_Scheduled(before, after, group.when))
            plain = group.end + 1
            at = bisect_left(self._begins, plain, at + 1)
        return [*found, self._text[plain:end]]


def _last_step(when: str, steps: int) -> int:
    """Return the last step before a change.

    Args:
        when: A share of the steps (below 1, or written with a dot) or the number of a step.
        steps: Denoising steps.
    """
    value = float(when)
    return min(steps, int(value * steps if "." in when or value < 1 else value))


def _ends(nodes: _Nodes, steps: int) -> Iterator[int]:
    """Yield the steps after which the text may change."""
    for node in nodes:
        if isinstance(node, _Scheduled):
            if (last := _last_step(node.when, steps)) >= 1:
                yield last
            yield from _ends(node.before, steps)
            yield from _ends(node.after, steps)
        elif isinstance(node, _Alternating):
            yield from range(1, steps + 1)


def _shown(nodes: _Nodes, step: int, steps: int) -> str:
    """Return the text at one step, counted from 1."""
    parts: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, _Scheduled):
            before = step <= _last_step(node.when, steps)
            parts.append(_shown(node.before if before else node.after, step, steps))
        else:
            parts.append(_shown(node.options[(step - 1) % len(node.options)], step, steps))
    return "".join(parts)
