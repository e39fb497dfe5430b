"""The files that wildcards name: .txt files of one folder, one option per line."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

from medialab.errors import ConfigError

WILDCARDS = "models/wildcards"
MOST_BYTES = 16 * 2**20  # of one file; a list of a million words has 8 MiB
ODDS = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)::")
# What is meant as odds and is no such number: 0,5:: or 50%:: or -1:: or 1e-3:: or 1/3::
_NO_ODDS = re.compile(r"\s*([-+.,]{0,3}[0-9][-+.,/%eE0-9]{0,40})::")
# A wildcard's name between underscores: any characters except those that end a line or a choice,
# or begin a tag.
WILDCARD = re.compile(r"__([^\n{}|$<>:]+?)__")


def without_comments(text: str) -> Iterator[str]:
    """Yield the lines of a text up to a `#`; a line that is only a comment is left out."""
    for line in text.split("\n"):
        before, sign, _ = line.partition("#")
        if not sign or before.strip():
            yield before


class Options(NamedTuple):
    """The options of a wildcard or choice, one of which is drawn.

    Attributes:
        texts: The options.
        odds: The relative probability of each, 0 or more.
        sums: The cumulative odds.
    """

    texts: Sequence[str]
    odds: Sequence[float]
    sums: Sequence[float]

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Options":
        """Read options from lines such as `red` and `0.5::red`; without odds, an option has 1.

        Raises:
            ConfigError: what stands before `::` is no number from 0 on.
        """
        matches = [ODDS.match(line) for line in lines]
        for line, match in zip(lines, matches, strict=True):
            if match is None and (wrong := _NO_ODDS.match(line)) is not None:
                message = (
                    f"{wrong[1]!r} in {line.strip()[:60]!r} is not how often it is drawn; write "
                    "0.5::red, with a point and without a sign"
                )
                raise ConfigError(message)
        odds = [float(match[1]) if match else 1.0 for match in matches]
        if not any(odds):
            odds = [1.0] * len(odds)
        texts = [
            line[match.end() :].strip() if match else line
            for line, match in zip(lines, matches, strict=True)
        ]
        return cls(texts, odds, list(accumulate(odds)))

    def pick(self, random: Random) -> str:
        """Draw one option; only `random.random()` is stable across Python versions."""
        at = bisect_right(self.sums, random.random() * self.sums[-1])
        return self.texts[min(at, len(self.texts) - 1)]

    def pick_several(self, count: int, random: Random) -> Iterator[str]:
        """Yield up to `count` different options, drawn by their odds.

        Cost: O(log n) for each, by a Fenwick tree over `sums` that stores only the odds removed.
        """
        number = len(self.texts)
        top = 1 << number.bit_length() >> 1
        removed: dict[int, float] = {}  # the odds of drawn options, by node of the tree
        taken: set[int] = set()
        total = self.sums[-1] if number else 0.0
        while len(taken) < min(count, number):
            drawn = random.random()
            left, at, step = drawn * total, 0, top
            while step:
                if (node := at + step) <= number:
                    odds = self.sums[node - 1] - (self.sums[at - 1] if at else 0.0)
                    if (odds := odds - removed.get(node, 0.0)) <= left:
                        left, at = left - odds, node
                step >>= 1
            if at == number or at in taken:  # the others have no odds
                yield from self._others(taken, min(count, number), drawn, random)
                return
            taken.add(at)
            total = max(total - self.odds[at], 0.0)
            node = at + 1
            while node <= number:
                removed[node] = removed.get(node, 0.0) + self.odds[at]
                node += node & -node
            yield self.texts[at]

    def _others(self, taken: set[int], count: int, drawn: float, random: Random) -> Iterator[str]:
        """Yield options that are not taken yet, with equal odds, until `count` are drawn in all.

        Args:
            taken: Positions of the options drawn so far.
            count: How many to draw, those in `taken` included.
            drawn: The random number, 0 to 1, that decides the first.
            random: The generator for the following ones.
        """
        others = [at for at in range(len(self.texts)) if at not in taken]
        for _ in range(count - len(taken)):
            yield self.texts[others.pop(int(drawn * len(others)))]
            drawn = random.random()


class WildcardFiles:
    """The .txt files of one folder, by name; no file outside it can be reached.

    A file that cannot be read is an error only for the prompts that name it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Options] = {}

    @property
    def names(self) -> Collection[str]:
        """The names of all wildcards, sorted."""
        return self._files.keys()

    def options(self, name: str) -> Options:
        """Return a wildcard's options: the lines of its file, or of all files that it matches.

        Raises:
            ConfigError: no file has that name, or the file is empty, too large, not UTF-8 text, or
                has odds that are none.
        """
        if name not in self._known:
            lines = [line for one in self._named(name) for line in self._lines(one)]
            try:
                self._known[name] = Options.of(lines)
            except ConfigError as error:
                raise ConfigError(f"wildcard {name!r}: {error}") from error
        return self._known[name]

    def _named(self, name: str) -> list[str]:
        """Return the names of the files that a name or a pattern (`animals/*`, `**/x`) matches."""
        if name in self._files:
            return [name]
        found: list[str] = []
        if any(sign in name for sign in "*?["):
            # As in dynamicprompts, a star matches slashes too; `**/` is any folder, or none.
            patterns = {name, name.replace("**/", "")}
            found = [one for one in self._files if any(fnmatchcase(one, p) for p in patterns)]
        if not found:
            raise ConfigError.among(name, "wildcard", WILDCARDS, self._files)
        return found

    def _lines(self, name: str) -> list[str]:
        path = self._files[name]
        try:
            if (size := path.stat().st_size) > MOST_BYTES:
                message = (
                    f"wildcard {name!r} has {size / 2**20:.0f} MiB, over {MOST_BYTES // 2**20}; "
                    "cut the file in two"
                )
                raise ConfigError(message)
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"wildcard {name!r} cannot be read as UTF-8 text: {error}; save {path.name} as "
                f"UTF-8, or remove it from {WILDCARDS}"
            )
            raise ConfigError(message) from error
        lines = [line.strip() for line in without_comments("\n".join(text.splitlines()))]
        if not any(lines):
            message = f"wildcard {name!r} is empty; write one choice per line"
            raise ConfigError(message)
        return [line for line in lines if line]

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The files in the folder, without links that lead out of it."""
        if self._folder is None or not self._folder.is_dir():
            return {}
        root = self._folder.resolve()
        found = {
            path.relative_to(root).with_suffix("").as_posix(): path
            for path in sorted(root.rglob("*.txt"))
            if _lies_in(path, root)
        }
        return {name: path for name, path in found.items() if name.isprintable()}


def _lies_in(path: Path, root: Path) -> bool:
    try:
        return path.is_file() and path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # a link to itself
        return False
