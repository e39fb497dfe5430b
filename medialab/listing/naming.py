"""Names of models: each means one model, on every system."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from medialab.listing.info import ModelInfo


def named(infos: list[ModelInfo]) -> list[ModelInfo]:
    """Add folders to names that several models share, and refuse models whose name stays ambiguous.

    A model in the studio's own folder, not in a folder there, keeps its name.

    Names are compared in Unicode's NFC, in which an "é" of one or two characters is the same.
    """
    shared = Counter(info.name for info in infos if info.refused is None)
    whole = [_with_folders(info) if shared[info.name] > 1 else info for info in infos]
    taken: dict[str, list[ModelInfo]] = {}
    for info in whole:
        if info.refused is None:
            taken.setdefault(info.name, []).append(info)
    return [_refused_for_its_name(info, taken) for info in whole]


def _with_folders(info: ModelInfo) -> ModelInfo:
    return info if info.refused else replace(info, name=info.full_name)


def _refused_for_its_name(info: ModelInfo, named: Mapping[str, list[ModelInfo]]) -> ModelInfo:
    if info.refused is not None:
        return info
    if (shown := info.name.encode("utf-8", "replace").decode()) != info.name:
        return replace(info, name=shown, refused=f"{shown!r} is not valid text; rename it")
    if not all(map(is_plain_name, info.name.split("/"))):
        return replace(info, refused=f"{info.name!r} reads like a path; rename it")
    if len(named[info.name]) > 1:
        paths = ", ".join(other.path.name for other in named[info.name])
        reason = f"{len(named[info.name])} models are called {info.name!r} ({paths}); rename one"
        return replace(info, refused=reason)
    return info


def is_plain_name(name: str) -> bool:
    """Return whether a name is valid on every system and cannot lead to another folder."""
    return bool(name) and name != "." and ".." not in name and not set(name) & set("/\\\0:")
