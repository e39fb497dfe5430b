"""Editions that a person told of checkpoints, whose files do not tell them: turbo, or base?

An answer is kept in the outputs folder by what the model contains: nothing is written beside a
model, which may lie in another program's folder, and a renamed model keeps its answer.
"""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from medialab.errors import ConfigError, NotesError
from medialab.files.hashes import Stamp
from medialab.files.regular import read_regular
from medialab.files.samples import sampled_key
from medialab.files.whole import write_whole
from medialab.listing.folders import content_files
from medialab.listing.info import SINGLE_FILE, ModelInfo, check_listed

_EDITION, _NAME = "edition", "name"
_LARGEST = 2**16  # bytes of an answer


class Editions:
    """The answers to which edition a checkpoint is.

    Args:
        folder: The folder that they are kept in, one file for each; None to keep none on the disk.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._told: dict[str, str] = {}  # without a folder
        self._keys: dict[Path, tuple[tuple[Stamp, ...], str]] = {}

    def completed(self, info: ModelInfo) -> ModelInfo:
        """Return a model's entry with the edition that a person told of it, if any."""
        if not info.editions:
            return info
        with suppress(OSError):  # gone, or not readable: the listing says so
            told = self._recall(self._key(info))
            return replace(info, edition=told) if told in info.editions else info
        return info

    def tell(self, info: ModelInfo, edition: str) -> ModelInfo:
        """Remember which edition a model is, and return its entry with it.

        Args:
            info: The model.
            edition: One of its editions; "" to forget what was told.

        Raises:
            ConfigError: the model has no such editions.
            NotesError: it cannot be remembered; what was told before is unchanged.
        """
        check_listed(info)
        if edition and edition not in info.editions:
            known = ", ".join(info.editions) or "none, since its file tells what it is"
            message = f"{info.name!r} has no edition {edition!r}; its editions: {known}"
            raise ConfigError(message).about("edition", info.editions)
        try:
            self._write(self._key(info), info.name, edition)
        except OSError as error:
            message = f"the edition of {info.name!r} cannot be remembered ({error.strerror})"
            raise NotesError(message) from error
        return replace(info, edition=edition)

    def _key(self, info: ModelInfo) -> str:
        """Return a model's key. Cost: a stat a file if it is known, else reading 1 MiB of each."""
        files = [info.path] if info.path.is_file() else _weights_in(info.path)
        # Those of the files, not of the folder, whose own stays where one in it is replaced.
        stamps = tuple(Stamp.of(file.stat()) for file in files)
        known = self._keys.get(info.path)
        if known is not None and known[0] == stamps:
            return known[1]
        key = sampled_key(files)
        if all(stamp.is_settled() for stamp in stamps):
            self._keys[info.path] = (stamps, key)
        return key

    def _recall(self, key: str) -> str:
        if self._folder is None:
            return self._told.get(key, "")
        try:
            answer = json.loads(read_regular(self._folder / f"{key}.json", _LARGEST))
        except (OSError, ValueError, RecursionError):  # none, or damaged: it is asked again
            return ""
        return str(answer.get(_EDITION, "")) if isinstance(answer, dict) else ""

    def _write(self, key: str, name: str, edition: str) -> None:
        self._told[key] = edition
        if self._folder is None:
            return
        file = self._folder / f"{key}.json"
        if edition:
            write_whole(file, json.dumps({_NAME: name, _EDITION: edition}).encode())
        else:
            file.unlink(missing_ok=True)


def _weights_in(folder: Path) -> list[Path]:
    return [file for file in content_files(folder) if file.suffix == SINGLE_FILE]
