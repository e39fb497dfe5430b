"""The textual inversions that prompts name, where several files share a name.

A file's own name takes precedence over another's token, and among names that differ in capitals the
exact spelling does. A word that still names several files stays text, and the record says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from medialab.config.resolved import ResolvedConfig
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.prompts import mentions


class NamedInversions(NamedTuple):
    """The textual inversions that some prompts name.

    Attributes:
        files: by the names that the prompts use.
        ambiguous: by words in lower case, the names of the several files that each could mean.
    """

    files: Mapping[str, ModelInfo]
    ambiguous: Mapping[str, Sequence[str]]


def find_inversions(
    infos: Iterable[ModelInfo], family: str, texts: Sequence[str]
) -> NamedInversions:
    """Return the textual inversions that these texts name.

    Args:
        infos: the inversions that are there.
        family: the name of the checkpoint's family; files of other families are left out.
        texts: the prompts.
    """
    called: dict[str, list[tuple[str, ModelInfo]]] = {}
    for info in infos:
        if info.refused is None and info.family == family:
            for name in dict.fromkeys((info.name, *info.aliases)):
                called.setdefault(name.lower(), []).append((name, info))
    files: dict[str, ModelInfo] = {}
    ambiguous: dict[str, Sequence[str]] = {}
    for word, several in called.items():
        if not any(mentions(word, text) for text in texts):
            continue
        found = _likeliest(several, texts)
        if len(found) == 1:
            files.update(found)
        else:
            ambiguous[word] = [info.name for _, info in found]
    return NamedInversions(files, ambiguous)


def _likeliest(
    several: Sequence[tuple[str, ModelInfo]], texts: Sequence[str]
) -> Sequence[tuple[str, ModelInfo]]:
    """Return the files that a word may name, after precedence; more than one is ambiguous.

    Args:
        several: each name with its file.
        texts: the prompts.
    """
    if len(several) == 1:
        return several
    by_name = [one for one in several if one[0] == one[1].name] or several
    spelled = [
        one for one in by_name if any(mentions(one[0], text, capitals=True) for text in texts)
    ]
    return spelled or by_name


def read_as_text(config: ResolvedConfig, record: Mapping[str, Any], listing: Snapshot) -> list[str]:
    """Return a sentence for each inversion that a prompt names, but that was read as text."""
    if not config.is_drawn:
        return []
    stages = [stage for stage in record["stages"] if stage["name"] == "prompt"]
    used = {name for stage in stages for name in stage["applied"].get("embeddings", ())}
    infos = listing.models("embedding")
    family = listing.find(config.checkpoint, "checkpoint").family
    ambiguous = find_inversions(infos, family, config.texts()).ambiguous
    return [
        *(_ambiguity(name, ways) for name, ways in _not_chosen(config, infos, used)),
        *(_ambiguity(word, names) for word, names in ambiguous.items()),
        *_unread(config, infos, family, used, ambiguous),
    ]


def _ambiguity(name: str, ways: Sequence[str]) -> str:
    return (
        f"{name!r} was read as text: {len(ways)} textual inversions have that name, "
        f"{', '.join(ways)}; give one of these names"
    )


def _not_chosen(
    config: ResolvedConfig, infos: Sequence[ModelInfo], used: set[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield file names in prompts that several folders have, none of which was used."""
    several: dict[str, list[str]] = {}
    for info in infos:
        several.setdefault(info.name.rpartition("/")[2], []).append(info.name)
    for name, ways in several.items():
        asked = len(ways) > 1 and any(mentions(name, text) for text in config.texts())
        if asked and not used & {way.lower() for way in ways}:
            yield name, ways


def _unread(
    config: ResolvedConfig,
    infos: Sequence[ModelInfo],
    family: str,
    used: set[str],
    ambiguous: Collection[str],
) -> Iterator[str]:
    """Yield a sentence for each inversion that prompts name but that cannot be read, with why."""
    for info in infos:
        names = [one for one in (info.name, *info.aliases) if one.lower() not in ambiguous]
        fits = info.refused is None and info.family == family
        # An inversion that fits is reported for the base's prompts only: each stage reads its own.
        texts = config.base_texts() if fits else config.texts()
        found = [name for name in names if any(mentions(name, text) for text in texts)]
        if not found or any(name.lower() in used for name in found):
            continue
        why = info.refused or (
            f"its vectors fit no text encoder of {config.checkpoint!r}"
            if fits
            else f"it is made for {info.family}, and {config.checkpoint!r} is of {family}"
        )
        yield f"{found[0]!r} was read as text, not as the textual inversion of that name: {why}"
