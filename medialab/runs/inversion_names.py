"""Which textual inversion a word of a prompt means, where several files are called so.

A file's own name comes before another's token, and among names that differ by their capitals the
one that is spelled so. Where that leaves several, the word means none: it stays text, and is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medialab.listing.models import ModelInfo
from medialab.prompts import mentions


class Meant(NamedTuple):
    """The files by the names that prompts give, and the words that mean several: their names."""

    files: Mapping[str, ModelInfo]
    unclear: Mapping[str, Sequence[str]]


def meant(infos: Iterable[ModelInfo], family: str, texts: Sequence[str]) -> Meant:
    """What the words of these texts mean, for a checkpoint of that family."""
    called: dict[str, list[tuple[str, ModelInfo]]] = {}
    for info in infos:
        if info.refused is None and info.family == family:
            for name in dict.fromkeys((info.name, *info.aliases)):
                called.setdefault(name.lower(), []).append((name, info))
    files: dict[str, ModelInfo] = {}
    unclear: dict[str, Sequence[str]] = {}
    for word, several in called.items():
        if not any(mentions(word, text) for text in texts):
            continue
        found = _likeliest(several, texts)
        if len(found) == 1:
            files.update(found)
        else:
            unclear[word] = [info.name for _, info in found]
    return Meant(files, unclear)


def _likeliest(
    several: Sequence[tuple[str, ModelInfo]], texts: Sequence[str]
) -> Sequence[tuple[str, ModelInfo]]:
    """Those of the files that a word may mean, with the name that it calls each by."""
    if len(several) == 1:
        return several
    by_name = [one for one in several if one[0] == one[1].name] or several
    spelled = [
        one for one in by_name if any(mentions(one[0], text, capitals=True) for text in texts)
    ]
    return spelled or by_name
