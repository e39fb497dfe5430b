"""The file here that another program's name and hash mean: its content decides, then its name.

A name is how a person speaks of a model; where the two disagree, the content wins and the person
is told. Hashes that programs tell are compared with those that are known of a file: its sha256
(AutoV2 is its first 10 digits), that of its tensors (AutoV3, kohya's, SwarmUI's), and AutoV1, of
64 KiB in its midst.

Cost: hashes that are known cost nothing. Files of the same name are read first, then all others of
the kind from the smallest on, until one fits or `may_read` bytes are read; about 5 s a gigabyte.
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

_AUTO_V1 = (0x100000, 0x10000)  # where its bytes begin, and how many
_V1_DIGITS, _V2_DIGITS = 8, 10
# Bytes that are read for one text where nobody says how many: some minutes.
MOST_READ = 32 * 2**30
_IN_HEADERS = ("sshs_model_hash", "modelspec.hash_sha256")


@dataclass(frozen=True)
class Match:
    """What was found for a name and a hash.

    `found` is the model that is meant, None if it is not here. `named` is the one that has the
    name, which may be another. `unread` are bytes of files that were not compared.
    """

    found: ModelInfo | None
    named: ModelInfo | None
    unread: int = 0

    @property
    def is_other(self) -> bool:
        """Whether the file of that name was compared, and is not the one that is meant."""
        return self.found is None and self.named is not None and not self.unread


class Matcher:
    """Finds models in a registry, as they lie there when a kind is first asked for.

    `may_read` are bytes that may be hashed; None: all there are.
    """

    def __init__(self, registry: ModelRegistry, may_read: int | None = None) -> None:
        self._registry = registry
        self._may_read = may_read
        self._tensors: dict[Path, str] = {}
        self._usable: dict[str, list[ModelInfo]] = {}
        self._refused: dict[str, list[ModelInfo]] = {}

    def match(self, kind: str, name: str | None, sha: str | None) -> Match:
        """Return the model of a kind that a hash means, or without a hash a name.

        Either may be missing.
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
        """Return why the file of that name cannot be used; empty where there is no such file."""
        found = find_named(self._refused.get(kind, []), name) if name else None
        return found.refused or "" if found else ""

    def sha256(self, info: ModelInfo) -> str:
        """Return what is known of a model's sha256; empty if it was never computed."""
        return self._registry.known_sha256(info) or ""

    def _known(self, info: ModelInfo, sha: str) -> Iterator[str]:
        """The hashes of a model that cost no reading of its body, or 64 KiB of it."""
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
        """Whether a model's bytes have this hash, which costs reading them where it is unknown."""
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
        except (MediaLabError, OSError):  # a note says that it is another, or it is gone
            return False
        return _fits(sha, self._tensors[info.path])

    def _count(self, info: ModelInfo) -> None:
        if self._may_read is not None:
            self._may_read = max(0, self._may_read - info.size_bytes)


def find_named(infos: list[ModelInfo], name: str) -> ModelInfo | None:
    """Return the model of this name; capitals, Unicode forms, folders and endings may differ.

    Of several that are as much alike none is taken.
    """
    for alike in (str, _folded, lambda text: _folded(plain_name(text))):
        found = [info for info in infos if alike(info.name) == alike(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _fits(sha: str, known: str) -> bool:
    """Whether two hashes are the same as far as the shorter of them goes."""
    known = known.casefold()
    digits = min(len(sha), len(known))
    return digits >= _V1_DIGITS and sha[:digits] == known[:digits]


def auto_v1(path: Path) -> str:
    """Return A1111's first hash of a file, of 64 KiB after a megabyte; empty for a shorter one."""
    start, length = _AUTO_V1
    with open_regular(path) as file:
        file.seek(start)
        content = file.read(length)
    return hashlib.sha256(content).hexdigest()[:_V1_DIGITS] if content else ""


def sha256_of_tensors(path: Path) -> str:
    """Return the sha256 of all bytes after a safetensors header: AutoV3, to its full length."""
    with open_regular(path) as file:
        file.seek(LENGTH_FIELD + int.from_bytes(file.read(LENGTH_FIELD), "little"))
        return hashlib.file_digest(file, "sha256").hexdigest()
