"""Wildcards and choices, drawn from a seed; comments are removed.

    __name__   __animals/*__   __**/colour__   {a|b|c}   {2$$a|b|c}   {1-2$$ and $$a|b|c}
    {2$$__name__}   {3::often|1::rarely}   # a comment, to the end of the line

Source: behaviour of sd-dynamic-prompts and dynamicprompts (parser/parse.py, wildcards/tree);
comments as in AUTOMATIC1111 modules/processing_scripts/comments.py.
Cost: linear in the text, times the depth to which choices and wildcards contain others.
"""

import re
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.prompts.wildcard_files import (
    WILDCARD,
    WILDCARDS,
    Options,
    WildcardFiles,
    without_comments,
)

# Wildcards that name wildcards: passes after which they must refer to each other in a circle.
MOST_PASSES = 50
# Characters of a prompt: some 5,000 tokens, whose cross-attention costs a denoiser as much as the
# self-attention of a 512 by 512 picture.
MOST_CHARACTERS = 20_000

_START = re.compile(r"[{_]")
_SIGN = re.compile(r"[{}\[\]|]")
_COUNT = re.compile(
    r"\s*(?P<exact>[0-9]{1,3})\$\$(?:(?P<joiner>[^|{}$]*|\s*\|\s*)\$\$)?"
    r"|\s*(?P<least>[0-9]{0,3})-(?P<most>[0-9]{0,3})\$\$(?:(?P<joins>[^|{}$]*|\s*\|\s*)\$\$)?"
)
# A malformed count: not a whole number of at most three digits.
_NO_COUNT = re.compile(r"\s*[0-9.,+-][0-9.,+ -]*\$\$")
_WITH_VALUES = re.compile(r"([^()]*)\(.*\)")


def expand(prompt: str, seed: int, wildcards: Path | WildcardFiles | None = None) -> str:
    """Return the prompt without comments, its wildcards and choices drawn from the seed.

    `__hair/colour__` becomes a line of hair/colour.txt, `__hair/*__` a line of any file in hair.
    A line may have odds (`0.5::red`) and may itself contain wildcards and choices. The result
    contains none.

    Args:
        prompt: The text, with wildcards and choices.
        seed: The picture's seed: the same seed and files give the same text.
        wildcards: The folder of .txt files, one option per line, or an object that has read it.

    Raises:
        ConfigError: a wildcard does not exist (the message lists those that do), refers to itself,
            grows beyond MOST_CHARACTERS, or uses a feature of dynamic-prompts that is not
            supported: variables, wildcards with values, cyclic and combinatorial sampling.
    """
    random = Random(f"wildcards {seed}")
    files = wildcards if isinstance(wildcards, WildcardFiles) else WildcardFiles(wildcards)
    text = "\n".join(without_comments(prompt))
    for _ in range(MOST_PASSES):
        drawn = _draw(text, random, files)
        if drawn == text:
            return text
        text = drawn
        if len(text) > MOST_CHARACTERS:
            message = (
                f"with its wildcards drawn, {prompt[:80]!r} has {len(text):,} characters, over "
                f"{MOST_CHARACTERS:,}; shorten it, or look for a wildcard that names itself"
            )
            raise ConfigError(message)
    message = f"the wildcards of {prompt[:80]!r} go in circles; look for one that names itself"
    raise ConfigError(message)


def _draw(text: str, random: Random, files: WildcardFiles) -> str:
    """Draw the outermost choices, and the wildcards outside them, in one pass."""
    braces = _Braces(text)
    drawn: list[str] = []
    plain = characters = 0  # position up to which the text is drawn; length of the result so far
    for match in _START.finditer(text):
        at = match.start()
        if at < plain or characters > 2 * MOST_CHARACTERS:
            continue
        found: tuple[str, int] | None = None
        if match[0] == "{":
            if at in braces.closing:
                found = _choose(braces, at, random, files)
        elif (named := WILDCARD.match(text, at)) is not None:
            found = _options(named[1], files).pick(random), named.end()
        if found is not None:
            drawn += [text[plain:at], found[0]]
            characters += at - plain + len(found[0])
            plain = found[1]
    return "".join([*drawn, text[plain:]])


class _Braces:
    """A text's pairs of braces, and the bars in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.closing: dict[int, int] = {}
        # Open braces and square brackets at the position of an opening brace, or of a bar.
        self._depth: dict[int, int] = {}
        self._bars: dict[int, list[int]] = {}
        depth, opened = 0, []
        for match in _SIGN.finditer(text):
            at, sign = match.start(), match[0]
            if sign == "{":
                opened.append(at)
            elif sign == "}" and opened:
                self.closing[opened.pop()] = at
            depth += (sign in "{[") - (sign in "}]")
            if sign == "{":
                self._depth[at] = depth
            elif sign == "|":
                self._bars.setdefault(depth, []).append(at)

    def options(self, brace: int, begin: int) -> list[str]:
        """Split a pair's text, from `begin` on, at the bars that are not in inner brackets."""
        end = self.closing[brace]
        between = self.text[brace:begin]  # a count's joiner may hold brackets, too
        depth = self._depth[brace] + between.count("[") - between.count("]")
        bars = self._bars.get(depth, [])
        inside = bars[bisect_left(bars, begin) : bisect_left(bars, end)]
        edges = pairwise([begin - 1, *inside, end])
        return [self.text[left + 1 : right] for left, right in edges]


class _Wanted(NamedTuple):
    """The count of a choice, such as `2$$` or `1-3$$ and $$`.

    Attributes:
        least: The least number of options drawn.
        most: The greatest; None for all.
        joiner: The text between them.
        end: Position in the text after the count.
    """

    least: int
    most: int | None
    joiner: str
    end: int

    @classmethod
    def read(cls, text: str, at: int) -> "_Wanted | None":
        """Read `2$$`, `1-3$$` or `-2$$ and $$` at a position; None if there is no count."""
        match = _COUNT.match(text, at)
        if match is None:
            return None
        joiner = match["joiner"] if match["exact"] else match["joins"]
        joiner = ", " if joiner is None else joiner
        if match["exact"]:
            return cls(int(match["exact"]), int(match["exact"]), joiner, match.end())
        most = int(match["most"]) if match["most"] else None
        return cls(int(match["least"] or 1), most, joiner, match.end())


def _choose(
    braces: _Braces, at: int, random: Random, files: WildcardFiles
) -> tuple[str, int] | None:
    """Draw from a pair of braces.

    Returns:
        The drawn text and the position after the braces; None if they are not a choice.

    Raises:
        ConfigError: the braces hold a malformed count or unsupported syntax.
    """
    text, end = braces.text, braces.closing[at] + 1
    if text.endswith("$", 0, at) and not text.endswith("$$", 0, at):
        raise _not_followed(text[at - 1 : end], "variables")
    if text.startswith("{%", at):
        raise _not_followed(text[at:end], "Jinja templates")
    begin = at + 1
    sampler = text[begin] if text[begin] in "~@!" else ""  # dynamicprompts: random, cyclic, all
    begin += len(sampler)
    wanted = _Wanted.read(text, begin)
    if wanted is None and (wrong := _NO_COUNT.match(text, begin, end)) is not None:
        raise ConfigError(
            f"{wrong[0][:40]!r} in {text[at:end][:60]!r} is not how many are drawn; write "
            "{2$$a|b|c} or {1-3$$a|b|c}, with whole numbers up to 999"
        )
    options = braces.options(at, wanted.end if wanted else begin)
    if len(options) < 2 and wanted is None:
        return None
    if sampler in {"@", "!"}:
        raise _not_followed(text[at:end], f"drawing in turn or all at once ({{{sampler}…}})")
    return _chosen(options, wanted or _Wanted(1, 1, "", 0), random, files), end


def _chosen(options: list[str], wanted: _Wanted, random: Random, files: WildcardFiles) -> str:
    """Draw as many options as wanted, none twice, and join them."""
    choice = Options.of([one.strip() for one in options])
    alone = choice.texts[0]
    named = WILDCARD.match(alone) if len(options) == 1 and wanted.most != 1 else None
    if named is not None and named.end() == len(alone):
        choice = _options(named[1], files)
    least = wanted.least
    most = len(choice.texts) if wanted.most is None else wanted.most
    left = min(least, most) + int(random.random() * (abs(most - least) + 1))
    chosen: list[str] = []
    characters = 0
    for text in choice.pick_several(left, random):
        chosen.append(text)
        characters += len(text) + len(wanted.joiner)
        if characters > 2 * MOST_CHARACTERS:  # already too long for a prompt
            break
    return wanted.joiner.join(chosen)


def _options(written: str, files: WildcardFiles) -> Options:
    """Return the options of a wildcard, given the text between its underscores.

    Raises:
        ConfigError: there is no such wildcard, or its syntax is not supported.
    """
    name = written.strip().removeprefix("~")
    if name[:1] in {"@", "!"}:
        raise _not_followed(f"__{written}__", f"drawing in turn or all at once ({name[0]})")
    if _WITH_VALUES.fullmatch(name) and name not in files.names:
        raise _not_followed(f"__{written}__", "values for a wildcard")
    return files.options(name)


def _not_followed(text: str, what: str) -> ConfigError:
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return ConfigError(
        f"{shown!r}: {what} of dynamic-prompts are not supported; write the words themselves, "
        f"{{a|b}}, or a wildcard of {WILDCARDS}"
    )
