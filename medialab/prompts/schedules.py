"""Schedules and alternation: a prompt's text by steps. A recursive descent over paired brackets.

    [from:to:N]   [to:N]   [from::N]   [a|b|c]

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py,
get_learned_conditioning_prompt_schedules.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Brackets nested deeper are text; people nest three deep, and Python's stack ends at a thousand.
DEEPEST = 50

_WHEN = re.compile(r"[0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}")


class Phase(NamedTuple):
    """What is shown from the phase before up to and with step `until`; steps count from 1."""

    until: int
    text: str


def schedule(text: str, steps: int) -> tuple[Phase, ...]:
    """The text by steps; equal neighbours are one phase."""
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


class _Brackets:
    """A text whose brackets are paired, read by recursive descent; what does not fit is text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._closing: dict[int, int] = {}
        opened: list[int] = []
        for at in self._unescaped(0, len(text)):
            sign = text[at]
            if sign in "([":
                opened.append(at)
            elif sign in ")]":
                if opened and text[opened[-1]] + sign in {"()", "[]"}:
                    self._closing[opened.pop()] = at
                else:
                    opened.clear()  # a pair around a stray bracket is none

    def nodes(self) -> _Nodes:
        """The whole text as plain text, schedules and alternations."""
        return self._nodes(0, len(self._text), 0)

    def _nodes(self, begin: int, end: int, depth: int) -> _Nodes:
        found: list[_Node] = []
        plain, done = begin, begin
        for at in self._unescaped(begin, end):
            if at < done or self._text[at] != "[" or at not in self._closing or depth >= DEEPEST:
                continue
            group = self._group(at + 1, self._closing[at], depth + 1)
            if group is not None:
                found += [self._text[plain:at], group]
                plain = done = self._closing[at] + 1
        return [*found, self._text[plain:end]]

    def _group(self, begin: int, end: int, depth: int) -> _Node | None:
        """What stands in square brackets, if it is a schedule or an alternation."""
        colons, bars = self._separators(begin, end)
        if colons and _WHEN.fullmatch(self._text[colons[-1] + 1 : end].strip()):
            if len(colons) > 2:
                return None
            edges = [begin - 1, *colons]
            parts = [self._nodes(left + 1, right, depth) for left, right in pairwise(edges)]
            before, after = parts if len(parts) == 2 else ([], parts[0])
            return _Scheduled(before, after, self._text[colons[-1] + 1 : end].strip())
        if bars and not colons:
            edges = [begin - 1, *bars, end]
            return _Alternating(
                tuple(self._nodes(left + 1, right, depth) for left, right in pairwise(edges))
            )
        return None

    def _separators(self, begin: int, end: int) -> tuple[list[int], list[int]]:
        """Where colons and bars stand that no inner pair of brackets holds."""
        found: dict[str, list[int]] = {":": [], "|": []}
        done = begin
        for at in self._unescaped(begin, end):
            if at < done:
                continue
            if at in self._closing:
                done = self._closing[at] + 1
            elif self._text[at] in found:
                found[self._text[at]].append(at)
        return found[":"], found["|"]

    def _unescaped(self, begin: int, end: int) -> Iterator[int]:
        """Every place but a backslash and the sign after it."""
        at = begin
        while at < end:
            if self._text[at] == "\\":
                at += 2
            else:
                yield at
                at += 1


def _last_step(when: str, steps: int) -> int:
    """The last step before a change: a share of the steps (below 1, or with a dot) or a step."""
    value = float(when)
    return min(steps, int(value * steps if "." in when or value < 1 else value))


def _ends(nodes: _Nodes, steps: int) -> Iterator[int]:
    """Steps after which the text may change."""
    for node in nodes:
        if isinstance(node, _Scheduled):
            if (last := _last_step(node.when, steps)) >= 1:
                yield last
            yield from _ends(node.before, steps)
            yield from _ends(node.after, steps)
        elif isinstance(node, _Alternating):
            yield from range(1, steps + 1)


def _shown(nodes: _Nodes, step: int, steps: int) -> str:
    """The text at one step."""
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
