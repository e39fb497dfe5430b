"""Which of the pictures that a journal notes as done are still in the outputs folder."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab.batch.ledger import DONE

State = Mapping[str, Any]
"""The last line of a row in the journal."""


class SavedPictures:
    """The pictures of a batch in the outputs folder.

    Args:
        outputs: The folder.
    """

    def __init__(self, outputs: Path) -> None:
        self._outputs = outputs

    def path(self, state: State) -> Path:
        """Return the path of a row's picture, which is done."""
        return self._outputs / str(state["path"])

    def has(self, state: State | None) -> bool:
        """Return whether a row is done and its picture is there."""
        return state is not None and state["state"] == DONE and self.path(state).exists()

    def made(self, noted: Mapping[int, State]) -> set[int]:
        """Return the rows that are done and whose pictures are there; each folder is listed once.

        Args:
            noted: The last line of each row that has one.
        """
        done = {
            row: str(state["path"]).rpartition("/")
            for row, state in noted.items()
            if state["state"] == DONE
        }
        folders = {folder for folder, _, _ in done.values()}
        listed = {folder: self._names_in(folder) for folder in folders}
        return {row for row, (folder, _, name) in done.items() if name in listed[folder]}

    def _names_in(self, folder: str) -> set[str]:
        with suppress(OSError), os.scandir(self._outputs / folder) as entries:
            return {entry.name for entry in entries}
        return set()
