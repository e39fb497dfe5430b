"""Finds the model file that a name and a hash from another program refer to.

If name and hash disagree, the hash wins, and the user is told. A hash is compared with those of
each file: its SHA-256 (AutoV2 is the first 10 digits), the SHA-256 of its tensors (AutoV3, kohya's,
SwarmUI's), and AutoV1, of 64 KiB inside it.

Cost: none for hashes that are already known. Otherwise files are hashed, those of the same name
first, then all others of the kind from the smallest on, until one matches or `may_read` bytes are
read; about 5 s per gigabyte.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medialab.errors import MediaLabError, ModelRefusedError
from medialab.files.headers import LENGTH_FIELD, read_header
from medialab.files.regular import open_regular
from medialab.infotext.foreign_json import plain_name
from medialab.listing.notes import hashes_noted
from medialab.loading.registry import ModelInfo, ModelRegistry

_AUTO_V1 = (0x100000, 0x10000)  # the position and the number of the bytes that it covers
_V1_DIGITS, _V2_DIGITS = 8, 10
# Default limit of bytes that are hashed for one text: some minutes.
MOST_READ = 32 * 2**30
_IN_HEADERS = ("sshs_model_hash", "modelspec.hash_sha256")


@dataclass(frozen=True)
class Match:
    """The result of a search for a name and a hash.

    Attributes:
        found: The model that is meant; None if it is not here.
        named: The model that has the name, which may be a different one.
        unread: Bytes of files that were not compared.
    """

    found: ModelInfo | None
    named: ModelInfo | None
    unread: int = 0

    @property
    def is_other(self) -> bool:
        """Whether the file of that name was compared, and is not the model that is meant."""
        return self.found is None and self.named is not None and not self.unread


class Matcher:
    """Finds models in a registry, listed when a kind is first requested.

    Args:
        registry: The models.
        may_read: The most bytes of files to hash; None for no limit.
    """

    def __init__(self, registry: ModelRegistry, may_read: int | None = None) -> None:
        self._registry = registry
        self._may_read = may_read
        self._tensors: dict[Path, str] = {}
        self._usable: dict[str, list[ModelInfo]] = {}
        self._refused: dict[str, list[ModelInfo]] = {}

    def match(self, kind: str, name: str | None, sha: str | None) -> Match:
        """Find a model by its hash, or by its name if there is no hash.

        Args:
            kind: The kind of model, such as "lora".
            name: Its name; None if unknown.
            sha: Its hash, at least 8 hex digits in lower case; None if unknown.
        """
        if kind not in self._usable:
            listed = self._registry.models(kind)
            self._usable[kind] = [info for info in listed if info.refused is None]
            self._refused[kind] = [info for info in listed if info.refused is not None]
        usable = self._usable[kind]
        named = find_named(usable, name) if name else None
        if sha is None:
            return Match(named, named)
        ordered = sorted(usable, key=lambda info: (info is not named, info.size_bytes))
        for info in ordered:
            if any(_fits(sha, known) for known in self._known(info, sha)):
                return Match(info, named)
        unread = 0
        for info in ordered:
            if self._may_read is not None and info.size_bytes > self._may_read:
                unread += info.size_bytes
            elif self._holds(info, sha):
                return Match(info, named)
        return Match(None, named, unread)

    def refusal(self, kind: str, name: str | None) -> str:
        """Return why the file of that name cannot be used; empty if there is no such file."""
        found = find_named(self._refused.get(kind, []), name) if name else None
        return found.refused or "" if found else ""

    def sha256(self, info: ModelInfo) -> str:
        """Return a model's SHA-256; empty if it was never computed."""
        return self._registry.known_sha256(info) or ""

    def _known(self, info: ModelInfo, sha: str) -> Iterator[str]:
        """Yield a model's hashes that are known without reading more than 64 KiB of its file."""
        yield self.sha256(info)
        yield self._tensors.get(info.path, "")
        if info.path.is_file():
            yield from hashes_noted(info.path)
            try:
                metadata = read_header(info.path).metadata
            except ModelRefusedError:
                return
            yield from (metadata.get(key, "").removeprefix("0x") for key in _IN_HEADERS)
            if len(sha) == _V1_DIGITS:
                yield auto_v1(info.path)

    def _holds(self, info: ModelInfo, sha: str) -> bool:
        """Return whether a model's content has this hash; the file is read if that is unknown."""
        try:
            if self._registry.known_sha256(info) is None:
                self._count(info)
            if _fits(sha, self._registry.sha256(info)):
                return True
            if len(sha) <= _V2_DIGITS or not info.path.is_file():
                return False
            if info.path not in self._tensors:
                self._count(info)
                self._tensors[info.path] = sha256_of_tensors(info.path)
        except (MediaLabError, OSError):  # its note contradicts its content, or it is gone
            return False
        return _fits(sha, self._tensors[info.path])

    def _count(self, info: ModelInfo) -> None:
        if self._may_read is not None:
            self._may_read = max(0, self._may_read - info.size_bytes)


def find_named(infos: list[ModelInfo], name: str) -> ModelInfo | None:
    """Return the model of this name; case, Unicode form, folder and file extension may differ.

    If several match equally well, the result is None.
    """
    for alike in (str, _folded, lambda text: _folded(plain_name(text))):
        found = [info for info in infos if alike(info.name) == alike(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _fits(sha: str, known: str) -> bool:
    """Return whether two hashes agree up to the length of the shorter one."""
    known = known.casefold()
    digits = min(len(sha), len(known))
    return digits >= _V1_DIGITS and sha[:digits] == known[:digits]


def auto_v1(path: Path) -> str:
    """Return AutoV1, A1111's first hash: of 64 KiB after the first MiB; empty for shorter files."""
    start, length = _AUTO_V1
    with open_regular(path) as file:
        file.seek(start)
        content = file.read(length)
    return hashlib.sha256(content).hexdigest()[:_V1_DIGITS] if content else ""


def sha256_of_tensors(path: Path) -> str:
    """Return the SHA-256 of all bytes after a safetensors header, which AutoV3 abbreviates."""
    with open_regular(path) as file:
        file.seek(LENGTH_FIELD + int.from_bytes(file.read(LENGTH_FIELD), "little"))
        return hashlib.file_digest(file, "sha256").hexdigest()
