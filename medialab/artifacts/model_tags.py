"""Tags of models, kept in the outputs folder by what a model's file contains.

A model keeps its tags when it is renamed, moved, or read from another program's folder, into which
nothing is written. The file `outputs/tags/models.json` is readable JSON: for each SHA-256 the name
that the model had when it was last tagged, its kind and its tags.
"""

import json
import os
import time
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from medialab.artifacts.tag_names import changed_tags, without_doubles
from medialab.errors import ArtifactError
from medialab.files.locks import try_lock
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole

FOLDER: Final = "tags"  # in the outputs folder
_FILE, _LOCK = "models.json", ".lock"
_VERSION: Final = 1
_MOST_BYTES = 64 * 2**20
_WAIT_SECONDS = 10.0  # for another process that writes tags: it takes milliseconds


class TaggedModel(BaseModel):
    """A model's kind, its name when it was last tagged, and its tags."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    tags: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = _VERSION
    models: dict[str, TaggedModel] = {}


class ModelTags:
    """The tags of models, by the SHA-256 of their content."""

    def __init__(self, outputs: Path) -> None:
        self._folder = outputs / FOLDER
        self._path = self._folder / _FILE

    def all(self) -> Mapping[str, TaggedModel]:
        """Return every model that has tags, by its SHA-256.

        Raises:
            ArtifactError: the file is damaged, or written by a newer version.
        """
        try:
            content = read_regular(self._path, _MOST_BYTES).removeprefix(BOM_UTF8)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ArtifactError(f"{self._path} cannot be read ({error.strerror})") from error
        try:
            version = json.loads(content)["schema_version"]
            if isinstance(version, int) and version > _VERSION:
                raise ArtifactError(
                    f"{self._path} was written by a newer version of the studio; update this one"
                )
            return _File.model_validate_json(content).models
        except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ArtifactError(
                f"{self._path} is damaged; restore it from a copy, or move it away to begin anew"
            ) from error

    def of(self, sha256: str) -> tuple[str, ...]:
        """Return the tags of a model."""
        found = self.all().get(sha256)
        return found.tags if found else ()

    def counts(self) -> Counter[str]:
        """Return each tag with the number of models that have it."""
        return Counter(tag for one in self.all().values() for tag in one.tags)

    def change(
        self,
        models: Mapping[str, tuple[str, str]],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Add and remove tags of models, given their kind and name by their SHA-256.

        Raises:
            ArtifactError: the file cannot be written; it is unchanged.
        """

        def change(known: Mapping[str, TaggedModel]) -> Mapping[str, TaggedModel]:
            changed = dict(known)
            for sha256, (kind, name) in models.items():
                old = known[sha256].tags if sha256 in known else ()
                tags = changed_tags(old, add, remove)
                changed[sha256] = TaggedModel(name=name, kind=kind, tags=tags)
            return changed

        self._write(change)

    def replace(self, new_of: Callable[[str], str]) -> int:
        """Replace tags in every model, and return in how many there was one to replace.

        Args:
            new_of: Returns the tag that stands for a given one; the same if it stays.

        Raises:
            ArtifactError: as `change`.
        """
        count = 0

        def change(known: Mapping[str, TaggedModel]) -> Mapping[str, TaggedModel]:
            nonlocal count
            changed = dict(known)
            for sha256, one in known.items():
                tags = without_doubles(map(new_of, one.tags))
                if tags != one.tags:
                    changed[sha256] = one.model_copy(update={"tags": tags})
                    count += 1
            return changed

        if self._path.exists():
            self._write(change)
        return count

    def _write(
        self, change: Callable[[Mapping[str, TaggedModel]], Mapping[str, TaggedModel]]
    ) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _locked(self._folder / _LOCK):
                known = self.all()
                changed = {sha256: one for sha256, one in change(known).items() if one.tags}
                if changed != known:
                    text = _File(models=changed).model_dump_json(indent=2)
                    write_whole(self._path, f"{text}\n".encode())
        except OSError as error:
            raise ArtifactError(
                f"the tags of models cannot be written to {self._folder} "
                f"({error.strerror or error}); check that you may write there"
            ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock for the block.

    Raises:
        OSError: another process held it all the time.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        end = time.monotonic() + _WAIT_SECONDS
        while not try_lock(lock):
            if time.monotonic() > end:
                message = "another process writes them; try again"
                raise OSError(message)
            time.sleep(0.01)
        yield
    finally:
        os.close(lock)
