"""The studio's settings, saved on the disk, so that a new kernel continues where the last ended.

One small JSON file in the outputs folder; it may be deleted at any time.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab import PipelineConfig
from medialab.errors import ArtifactError, ConfigError
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole

_NAME = "studio.json"
_MOST_BYTES = 16 * 2**20  # of the file; a hundred edited detections take about 30 kB


class SavedState:
    """Reads and writes that file; a broken file, or one of another version, counts as missing."""

    def __init__(self, outputs: Path) -> None:
        self.path = outputs / _NAME
        self.batch = ""  # the name of the one that was open, once `load` has read it
        self._is_said = False

    def save(
        self, config: PipelineConfig, began_with: PipelineConfig | None, batch: str = ""
    ) -> None:
        """Save the settings, those that the session began with, and which batch is open.

        Args:
            config: the settings.
            began_with: those that the session began with.
            batch: the batch's name; "" for none.

        Raises:
            ArtifactError: the folder cannot be written; raised once, not at every change.
        """
        content = {
            "config": config.model_dump(mode="json"),
            "began_with": began_with.model_dump(mode="json") if began_with else None,
            "batch": batch,
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        try:
            write_whole(self.path, text.encode())
        except OSError as error:
            if self._is_said:
                return
            self._is_said = True
            raise ArtifactError(
                f"the studio's settings cannot be saved in {self.path.parent.name}/ "
                f"({error.strerror}); after a restart the previous ones return"
            ) from error
        self._is_said = False

    def load(self) -> tuple[PipelineConfig, PipelineConfig | None] | None:
        """Return the last settings, and the settings that session began with, if any."""
        broken = (OSError, ValueError, KeyError, TypeError, RecursionError, ConfigError)
        with suppress(*broken):
            content: Mapping[str, Any] = json.loads(read_regular(self.path, _MOST_BYTES))
            began = content["began_with"]
            self.batch = str(content.get("batch", ""))
            return (
                PipelineConfig.parse(content["config"]),
                PipelineConfig.parse(began) if began else None,
            )
        return None
