"""The checkpoint that a person begins with, remembered in the outputs folder."""

import json
from pathlib import Path

from medialab.errors import ArtifactError
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole

_FILE, _NAME = "default_checkpoint.json", "checkpoint"
_MOST_BYTES = 64 * 1024


class DefaultCheckpoint:
    """Remembers a name; a damaged file counts as none.

    Args:
        outputs: The outputs folder.
    """

    def __init__(self, outputs: Path) -> None:
        self._file = outputs / _FILE

    @property
    def name(self) -> str:
        """The checkpoint's name; "" if none was chosen."""
        try:
            content = json.loads(read_regular(self._file, _MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return ""
        name = content.get(_NAME) if isinstance(content, dict) else ""
        return name if isinstance(name, str) else ""

    def choose(self, name: str) -> None:
        """Remember a checkpoint's name; "" forgets it.

        Raises:
            ArtifactError: the file cannot be written.
        """
        try:
            write_whole(self._file, json.dumps({_NAME: name}, ensure_ascii=False).encode())
        except OSError as error:
            message = f"{self._file.name} cannot be written ({error.strerror}); check the folder"
            raise ArtifactError(message) from error
