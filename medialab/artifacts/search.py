"""The words of a search: what a person types to find pictures, and what it is compared with.

| written | finds pictures |
|---|---|
| `red ball` | with both words, in any prompt, name of a model, sampler, tag, seed or file name |
| `"red ball"` | with these words in this order |
| `-ball` | without the word |
| `sampler:euler` | whose setting contains the text; `sampler:"euler a"` |
| `seed:7` | whose setting is the number |
| `steps:>20`, `steps:<=8`, `steps:20..30` | whose setting is in the range |
| `date:>=2026-11`, `date:2026-11-01..2026-11-15` | that were saved then |
| `-lora:ink` | whose setting does not |

Every setting is a key by its name in code, `clip_skip` or `face.steps`; short names are in `SHORT`.
A setting of a stage that did not run, and one that is inherited, is not compared.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, Self, get_args

from medialab.artifacts.sidecar import Sidecar
from medialab.artifacts.tag_names import without_doubles
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import EMBEDDING, LORA
from medialab.errors import MOST_SHOWN, ArtifactError, near, shown
from medialab.settings.fields import StageConfig
from medialab.stages import STAGES

# Prefixes of checkpoints and tags in the index; other models have those that they have in a config.
CHECKPOINT, TAG = "checkpoint/", "tag/"

# Keys that are no settings, and shorter names of settings.
SHORT: Final[Mapping[str, str]] = {
    "cfg": "guidance_scale",
    "checkpoint": "model",
    "date": "date",
    "embedding": "embedding",
    "file": "file",
    "lora": "lora",
    "model": "model",
    "negative": "negative_prompt",
    "size": "size",
    "stage": "stage",
    "stars": "stars",
    "tag": "tag",
}
_STAGES = {stage.name: stage for stage in STAGES}
# Settings that say nothing about a picture: hashes, versions, and what has a key above.
_SILENT = frozenset(
    {"checkpoint", "checkpoint_sha256", "image", "loras", "made_for", "mask", "models_sha256"}
    | {"references", "schema_version"}
)
_WORD = re.compile(
    r'(?P<no>-)?(?:(?P<key>[A-Za-z][A-Za-z_.]*):)?(?:"(?P<phrase>[^"]*)"(?=\s|$)|(?P<plain>\S+))'
)
# More digits are a text: a seed has at most 20.
_NUMBER = r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?"
_COMPARED = re.compile(rf"(?P<sign>[<>]=?)?(?P<low>{_NUMBER})(?:\.\.(?P<high>{_NUMBER}))?")
_DAY = r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?"
_DAYS = re.compile(rf"(?P<sign>[<>]=?)?(?P<low>{_DAY})(?:\.\.(?P<high>{_DAY}))?")
# How each is written, for a message.
_NUMBERS_WRITTEN = "a number as >20, or a range as 20..30"
_DAYS_WRITTEN = "a day as >2026-11-22, or a range as 2026-11-01..2026-11-15"
# What is written like a comparison, whatever is compared.
_LIKE_COMPARED = re.compile(r"[<>].*|-?[0-9].*\.\..*")
# Settings of any text, in which that is part of it: prompt:<lora:ink, tag:<3
_OF_ANY_TEXT = frozenset({"prompt", "negative_prompt", "tag", "file"})


@dataclass(frozen=True)
class Term:
    """One condition of a search: a text, in one setting if `key` is set, else in any word."""

    text: str
    key: str = ""
    excluded: bool = False

    @classmethod
    def of(cls, word: re.Match[str]) -> Self:
        """Return the term that is written.

        Raises:
            ArtifactError: there is no such key, or it is compared with what cannot be compared.
        """
        key, excluded = word["key"] or "", word["no"] is not None
        text = word["phrase"] if word["phrase"] is not None else word["plain"]
        if key and not text.startswith("//"):  # an address is text
            name = _known(key)
            is_free = word["phrase"] is not None or name.rpartition(".")[2] in _OF_ANY_TEXT
            if not is_free and _LIKE_COMPARED.fullmatch(text):
                _check_compared(key, name, text)
            return cls(_one_line(text), name, excluded)
        return cls(_one_line(f"{key}:{text}" if key else text), "", excluded)

    def holds(self, settings: str) -> bool:
        """Return whether it holds for the settings of a picture, as `settings_of` writes them."""
        return any(self._fits(value) for value in _values(settings, self.key)) != self.excluded

    def _fits(self, value: str) -> bool:
        if self.key == "date":
            return _is_on(value, self.text)
        compared = _COMPARED.fullmatch(self.text)
        if compared is None or not re.fullmatch(_NUMBER, value):
            return self.text in value
        number, low = _number(value), _number(compared["low"])
        if compared["high"]:
            return low <= number <= _number(compared["high"])
        is_so = {">": number > low, ">=": number >= low, "<": number < low, "<=": number <= low}
        return is_so.get(compared["sign"], number == low)


def terms_of(text: str) -> tuple[Term, ...]:
    """Return the terms of a search.

    Raises:
        ArtifactError: a key is unknown (the message names those that are near), has a blank
            behind its colon, or is compared with what cannot be compared.
    """
    words = list(_WORD.finditer(text))
    for word, after in pairwise(words):
        plain = word["plain"] or ""
        if word["key"] is None and plain.endswith(":") and _is_key(plain[:-1]):
            raise ArtifactError(
                f"{plain!r} has a blank behind it: write {_cut(plain + after[0])} for it, "
                f'or "{plain}" in quotes for the text itself'
            )
    return tuple(map(Term.of, words))


def words_of(path_name: str, sidecar: Sidecar) -> str:
    """Return the text in which plain words are searched; `path_name` is the picture's file name."""
    config = sidecar.config
    texts = [config.prompt, config.negative_prompt]
    for part in config.drawing_parts().values():
        texts += [part.prompt or "", part.negative_prompt or ""]
    bare = (name.partition("/")[2] for name in names_of(sidecar))
    name = path_name.partition("-")[2]
    known = (*config.styles, config.sampler, config.schedule, str(config.seed), name)
    return folded("\n".join((*texts, *bare, *known)))


def names_of(sidecar: Sidecar) -> Iterator[str]:
    """Yield its tags and models, each with the prefix of its kind."""
    config = sidecar.config
    yield from (f"{TAG}{tag}" for tag in without_doubles(sidecar.tags))
    if config.checkpoint_sha256:
        yield f"{CHECKPOINT}{config.checkpoint}"
    kinds = (CHECKPOINT, LORA, EMBEDDING)
    yield from (name for name in config.models_sha256 if name.startswith(kinds))


def settings_of(path_name: str, sidecar: Sidecar, day: str) -> str:
    """Return all settings of a picture, one per line, "key=value" in lower case."""
    config = sidecar.config
    lines = [("file", path_name), ("date", day), ("stars", sidecar.stars)]
    lines += [("size", f"{sidecar.image.width}x{sidecar.image.height}")]
    for name in names_of(sidecar):
        kind, _, bare = name.partition("/")
        lines.append(("model" if kind == "checkpoint" else kind, bare))
    for name, stage in _STAGES.items():
        if stage.runs(config):
            lines += [("stage", name), ("stage", stage.title)]
    for name, value in config.model_dump(mode="json", exclude={*_SILENT}).items():
        if isinstance(value, dict):
            if name in _STAGES and config.runs(name):
                lines += _lines(value, f"{name}.")
        else:
            lines += _lines({name: value})
    return "".join(f"\n{key}={_one_line(str(value))}" for key, value in lines) + "\n"


def _lines(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if name in _SILENT or value is None or value in ("", []):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _lines(one, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", one


def _values(settings: str, key: str) -> Iterator[str]:
    """Yield the values of a key in the lines that `settings_of` returns."""
    begin = f"\n{key}="
    at = settings.find(begin)
    while at >= 0:
        at += len(begin)
        end = settings.index("\n", at)
        yield settings[at:end]
        at = settings.find(begin, end)


def _check_compared(key: str, name: str, text: str) -> None:
    """Refuse a comparison that no value could meet.

    Args:
        key: The key as it was typed.
        name: Its full name.
        text: What stands behind the colon.

    Raises:
        ArtifactError: the setting is no number and no day, is compared with something else, or the
            ends of a range are swapped.
    """
    is_day = name == "date"
    found = (_DAYS if is_day else _COMPARED).fullmatch(text)
    asked, itself = _cut(f"{key}:{text}"), f'to find the text itself, put it in quotes: {key}:"…"'
    if name not in _numbers() and not is_day:
        raise ArtifactError(f"{asked} compares a setting that is no number; {itself}")
    if found is None or (found["sign"] and found["high"]):
        what = _DAYS_WRITTEN if is_day else _NUMBERS_WRITTEN
        raise ArtifactError(f"{asked} does not compare with {what}; {itself}")
    low, high = found["low"], found["high"]
    # 2026-11-05..2026-11 ends with the month.
    if high and (low[: len(high)] > high if is_day else _number(low) > _number(high)):
        raise ArtifactError(f"{asked} ends before it begins; swap the two: {high}..{low}")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _is_on(day: str, text: str) -> bool:
    """Return whether a day is one that a text asks for; 2026-11 stands for the whole month."""
    found = _DAYS.fullmatch(text)
    if found is None or not (found["sign"] or found["high"]):
        return text in day
    low, high = found["low"], found["high"]
    begin = day[: len(low)]
    if high:
        return begin >= low and day[: len(high)] <= high
    return {">": begin > low, ">=": begin >= low, "<": begin < low, "<=": begin <= low}[
        found["sign"]
    ]


def _is_key(name: str) -> bool:
    return name.casefold() in SHORT or name.casefold() in _names()


def _known(key: str) -> str:
    """Return the full name of a key.

    Raises:
        ArtifactError: there is none of that name.
    """
    name = key.casefold()
    if name in SHORT:
        return SHORT[name]
    if name in _names():
        return name
    shortest = ", ".join(sorted({*SHORT, "prompt", "sampler", "seed", "steps"}))
    raise ArtifactError(
        f"no setting {shown(key)} to search by{near(name, {*SHORT, *_names()})}; common ones: "
        f'{shortest}. To find the text itself, put it in quotes: "{_cut(key)}:…"'
    )


@cache
def _names() -> frozenset[str]:
    """Return the names of all settings, those of a stage as "face.steps"."""
    return frozenset(name for name, _ in _settings_in(PipelineConfig, ""))


@cache
def _numbers() -> frozenset[str]:
    """Return the names of those settings that are numbers."""
    found = (name for name, kind in _settings_in(PipelineConfig, "") if _is_number(kind))
    return frozenset({"stars", *found})


def _is_number(kind: Any) -> bool:
    is_choice = isinstance(kind, int | float) and not isinstance(kind, bool)
    return kind in (int, float) or is_choice or any(map(_is_number, get_args(kind)))


def _settings_in(model: type[StageConfig], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and the type of each setting."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, StageConfig):
            yield from _settings_in(inner, f"{name}.")
        elif name not in _SILENT:
            yield f"{prefix}{name}", inner


def _one_line(text: str) -> str:
    """Return text in lower case without line ends; "512 × 768" and "512x768" are the same size."""
    line = " ".join(folded(text).split())
    return re.sub(r"(?<=[0-9]) ?× ?(?=[0-9])", "x", line)


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)  # a seed has 64 bits


def folded(text: str) -> str:
    """Return text in which capitals and the ways to write an accent are alike."""
    return unicodedata.normalize("NFC", text.casefold())


def joined(names: Iterable[str]) -> str:
    """Return each name between line ends, so that a search can match whole names."""
    return "".join(f"\n{' '.join(name.split())}" for name in names) + "\n"
