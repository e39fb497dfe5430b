"""Models by what they contain: found by any of their hashes, and equal ones found as duplicates."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from medialab.errors import ConfigError, ModelRefusedError, shown
from medialab.files.digests import LEAST_DIGITS, Digests
from medialab.files.hashes import HashCache
from medialab.listing.folders import content_files
from medialab.listing.info import ModelInfo, check_listed

# A hash as people copy it: "sha256:AB12…", "0xAB12…", in any case.
_HASH = re.compile(r"(?:[a-z0-9_]+\s*:\s*)?(?:0x)?([0-9a-f]+)")


class Models(Protocol):
    """The part of a registry that is asked here."""

    hashes: HashCache

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """Return the models of a kind, or all."""
        ...


def content_paths(info: ModelInfo) -> Sequence[Path]:
    """Return the files that are a model's content: its file, or those of its folder that count.

    Refused files count too, since their hash tells where they come from; but nothing that a refused
    link leads to, and no refused folder.

    Raises:
        OSError: a folder cannot be listed, or is gone.
    """
    if info.path.is_file():
        return () if info.refused and info.path.is_symlink() else (info.path,)
    return () if info.refused else content_files(info.path)


def hashes_of(registry: Models, info: ModelInfo) -> Digests:
    """Return a model's hashes; of a folder only the SHA-256, of its files' (see `of_folder`).

    Cost: one stat a file if they are known; else its files are read, 0.2 GiB or more per second.

    Raises:
        ModelRefusedError: its files cannot be read, or are gone.
    """
    check_listed(info)
    try:
        paths = content_paths(info)
        if info.path.is_file() and paths:
            return registry.hashes.digests(info.path)
        if paths:
            return Digests(
                of_folder(info.path, {one: registry.hashes.sha256(one) for one in paths})
            )
    except OSError as error:
        message = f"{info.path.name} cannot be read ({error.strerror}); look whether it is there"
        raise ModelRefusedError(message) from error
    message = f"{info.path.name} has no hashes: {info.refused or 'it has no files'}"
    raise ModelRefusedError(message)


def known_hashes(registry: Models, info: ModelInfo) -> Digests | None:
    """Return those of a model's hashes that are known without reading it; None without any."""
    with suppress(OSError):
        if info.path.is_file():
            return registry.hashes.known_digests(info.path)
        known = {one: registry.hashes.known(one) for one in content_paths(info)}
        whole = {one: sha256 for one, sha256 in known.items() if sha256 is not None}
        if known and len(whole) == len(known):
            return Digests(of_folder(info.path, whole))
    return None


def by_hash(registry: Models, text: str, kind: str | None = None) -> list[ModelInfo]:
    """Return the models with a hash, refused ones too; usually one, none if it is not known.

    Only hashes that were computed before are compared: `BackgroundHashing` computes all.

    Args:
        registry: The models.
        text: A SHA-256, AutoV1, AutoV2, AutoV3, BLAKE3 or CRC32, or the first 8 or more digits of
            a long one, in upper or lower case, with or without "0x" or its kind before it.
        kind: One kind of model, such as "lora"; None for all.

    Raises:
        ConfigError: it is not a hash.
        ModelNotFoundError: there is no such kind.
    """
    found = _HASH.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if found is None or not LEAST_DIGITS <= len(found[1]) <= 64:
        message = f"{shown(text)} is not a hash; give 8 to 64 of the digits 0-9 and a-f"
        raise ConfigError(message).about("hash")
    known = ((info, known_hashes(registry, info)) for info in registry.models(kind))
    return [info for info, digests in known if digests and digests.include(found[1])]


def duplicates(registry: Models) -> list[tuple[ModelInfo, ...]]:
    """Return the groups of models whose content is the same in every byte, the largest first.

    Links to one file are one model. Files whose metadata notes the same hash, but whose tensors
    differ, are not duplicates.

    Cost: models of equal sizes whose SHA-256 is not known are read, 0.2 GiB or more per second.
    """
    by_size: dict[int, dict[tuple[int, int], ModelInfo]] = defaultdict(dict)
    for info in _real_files_first(registry.models()):
        with suppress(OSError):
            status = info.path.stat()
            by_size[info.size_bytes].setdefault((status.st_dev, status.st_ino), info)
    groups: dict[str, list[ModelInfo]] = defaultdict(list)
    for alike in by_size.values():
        for info in alike.values() if len(alike) > 1 else ():
            with suppress(ModelRefusedError):  # it is listed with the reason
                groups[_sha256(registry, info)].append(info)
    found = [tuple(one) for one in groups.values() if len(one) > 1]
    return sorted(found, key=lambda group: -group[0].size_bytes)


def of_folder(folder: Path, hashes: Mapping[Path, str]) -> str:
    """Return the hash of a model's folder: of the lines "<path> <sha256>", sorted by path."""
    lines = [f"{file.relative_to(folder).as_posix()} {hashes[file]}\n" for file in hashes]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _sha256(registry: Models, info: ModelInfo) -> str:
    known = known_hashes(registry, info)
    if known is None and info.path.is_file() and content_paths(info):
        try:
            return registry.hashes.sha256(info.path)
        except OSError as error:
            raise ModelRefusedError(str(error)) from error
    return (known or hashes_of(registry, info)).sha256


def _real_files_first(infos: Iterable[ModelInfo]) -> list[ModelInfo]:
    return sorted(infos, key=lambda info: info.path.is_symlink())
