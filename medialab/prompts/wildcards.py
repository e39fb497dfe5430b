"""Wildcards and choices, drawn from a seed; comment lines are left out.

    __name__   {a|b|c}   {2$$a|b|c}   {1-2$$ and $$a|b|c}   {3::often|1::rarely}   # a comment line

Source: behaviour of sd-dynamic-prompts; comments as in AUTOMATIC1111 modules/scripts_comments.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from medialab.errors import ConfigError

# Wildcards that name wildcards: passes, and characters, after which they must lead in circles.
MOST_PASSES, LONGEST = 50, 100_000

_WILDCARD = re.compile(r"__([\w\-./ ]+?)__")
_COUNT = re.compile(r"\s*([0-9]{1,3})(?:-([0-9]{1,3}))?\$\$(?:([^|{}$]*)\$\$)?")
_ODDS = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})::")


def expand(prompt: str, seed: int, wildcards: Path | None = None) -> str:
    """The prompt without comment lines, its wildcards and choices drawn from the seed.

    `wildcards` is a folder of .txt files, one choice a line; `__hair/colour__` is a line of
    hair/colour.txt. What a line names is drawn too. The outcome has nothing left to draw.

    Raises:
        ConfigError: no such wildcard; the message lists those there are. Or they lead in circles.
    """
    random, files = Random(f"wildcards {seed}"), _Wildcards(wildcards)
    text = prompt
    for _ in range(MOST_PASSES):
        drawn = _draw("\n".join(_without_comments(text)), random, files)
        if drawn == text:
            return text
        text = drawn
        if len(text) > LONGEST:
            break
    message = f"the wildcards of {prompt[:80]!r} lead in circles; look for one that names itself"
    raise ConfigError(message)


def _without_comments(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if not line.lstrip().startswith("#"))


class _Wildcards:
    """The .txt files of one folder, by their names; no other file can be named."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files: dict[str, Path] | None = None

    def lines(self, name: str) -> list[str]:
        """The choices of a wildcard."""
        if self._files is None:
            self._files = dict(self._listed())
        if name not in self._files:
            raise ConfigError.among(name, "wildcard", "models/wildcards", self._files)
        try:
            text = self._files[name].read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"wildcard {name!r} cannot be read as UTF-8 text: {error}"
            raise ConfigError(message) from error
        lines = [line.strip() for line in _without_comments("\n".join(text.splitlines()))]
        if not any(lines):
            message = f"wildcard {name!r} is empty; write one choice a line"
            raise ConfigError(message)
        return [line for line in lines if line]

    def _listed(self) -> Iterator[tuple[str, Path]]:
        """Files that lie in the folder; a link that leads out of it is none of them."""
        if self._folder is None or not self._folder.is_dir():
            return
        root = self._folder.resolve()
        for path in sorted(root.rglob("*.txt")):
            if path.is_file() and path.resolve().is_relative_to(root):
                yield path.relative_to(root).with_suffix("").as_posix(), path


def _draw(text: str, random: Random, wildcards: _Wildcards) -> str:
    """One pass: the outermost choices, and the wildcards outside them, from left to right."""
    pairs = _braces(text)
    drawn: list[str] = []
    at = 0
    while at < len(text):
        chosen = _choose(text[at + 1 : pairs[at]], random) if at in pairs else None
        if chosen is not None:
            drawn.append(chosen)
            at = pairs[at] + 1
        elif text[at] == "_" and (match := _WILDCARD.match(text, at)):
            lines = wildcards.lines(match[1].strip())
            drawn.append(lines[_pick(random, [1.0] * len(lines))])
            at = match.end()
        else:
            drawn.append(text[at])
            at += 1
    return "".join(drawn)


def _braces(text: str) -> dict[int, int]:
    """Where each brace that is closed is closed."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign == "{":
            opened.append(at)
        elif sign == "}" and opened:
            pairs[opened.pop()] = at
    return pairs


def _choose(inner: str, random: Random) -> str | None:
    """One option (or so many) of what stands in braces; None when it is no choice."""
    count = _COUNT.match(inner)
    options = _split(inner[count.end() :] if count else inner)
    if len(options) < 2 and count is None:
        return None
    least = int(count[1]) if count else 1
    most = int(count[2]) if count and count[2] else least
    joiner = count[3] if count and count[3] is not None else ", "
    odds = [float(match[1]) if (match := _ODDS.match(one)) else 1.0 for one in options]
    names = [_ODDS.sub("", one, count=1).strip() for one in options]
    wanted = min(least, most) + int(random.random() * (abs(most - least) + 1))
    chosen: list[str] = []
    while names and len(chosen) < wanted:
        index = _pick(random, odds)
        chosen.append(names.pop(index))
        del odds[index]
    return joiner.join(chosen)


def _split(inner: str) -> list[str]:
    """Split at bars that no inner brackets hold."""
    parts, depth = [""], 0
    for sign in inner:
        depth += (sign in "{[") - (sign in "}]")
        if sign == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _pick(random: Random, odds: Sequence[float]) -> int:
    """An index, by odds. Of `random` only `random()` is the same in every Python to come."""
    if not any(odds):
        odds = [1.0] * len(odds)
    left = random.random() * sum(odds)
    for index, weight in enumerate(odds):
        left -= weight
        if left < 0:
            return index
    return len(odds) - 1
