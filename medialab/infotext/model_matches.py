"""Finds the model file that a name and a hash from another program refer to.

If name and hash disagree, the hash wins, and the user is told. A hash is compared with those of
each file: its SHA-256 (AutoV2 is the first 10 digits), the SHA-256 of its tensors (AutoV3, kohya's,
SwarmUI's), AutoV1, of 64 KiB inside it, and BLAKE3 and CRC32 where they were computed before.

Cost: none for hashes that are already known. Otherwise files are hashed, those of the same name
first, then all others of the kind from the smallest on, until one matches or `may_read` bytes are
read; about 5 s per gigabyte.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from medialab.errors import MediaLabError, ModelRefusedError
from medialab.files.digests import AUTOV1_DIGITS, AUTOV2_DIGITS, LEAST_DIGITS, Digests, autov1
from medialab.files.headers import read_header
from medialab.infotext.foreign_json import plain_name
from medialab.listing.noted_hashes import hashes_noted
from medialab.listing.notes import read_notes
from medialab.loading.registry import ModelInfo, ModelRegistry

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

    def of_version(self, kind: str, version: str) -> ModelInfo | None:
        """Return the model whose note says that it is a version at CivitAI; None without one.

        Args:
            kind: A kind for which `match` was called before.
            version: The version's number.

        Cost: reading the notes beside the files of the kind.
        """
        for info in self._usable[kind]:
            if str(read_notes(info.path).civitai.get("id", "")) == version:
                return info
        return None

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
        if not info.path.is_file():
            return
        if self._digests(info).include(sha):
            yield sha
        yield from hashes_noted(info.path)
        try:
            metadata = read_header(info.path).metadata
        except ModelRefusedError:
            return
        yield from (metadata.get(key, "").removeprefix("0x") for key in _IN_HEADERS)
        if len(sha) == AUTOV1_DIGITS:
            yield autov1(info.path)

    def _digests(self, info: ModelInfo) -> Digests:
        """Return what is known of a file without reading it."""
        try:
            return self._registry.hashes.known_digests(info.path) or Digests("")
        except OSError:  # gone in the meantime
            return Digests("")

    def _holds(self, info: ModelInfo, sha: str) -> bool:
        """Return whether a model's content has this hash; the file is read if that is unknown."""
        try:
            if len(sha) <= AUTOV2_DIGITS or not info.path.is_file():
                if self._registry.known_sha256(info) is None:
                    self._count(info)
                return _fits(sha, self._registry.sha256(info))
            if not self._digests(info).is_complete:
                self._count(info)
            found = self._registry.hashes.digests(info.path)
            self._registry.sha256(info)  # known by now; refuses a file that its note contradicts
        except (MediaLabError, OSError):  # or it is gone
            return False
        return found.include(sha)

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
    return digits >= LEAST_DIGITS and sha[:digits] == known[:digits]
