"""What the studio was set to, kept on the disk: a new kernel goes on where the last one was.

One small JSON file in the outputs folder; it may be deleted at any time.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab import PipelineConfig
from medialab.errors import ConfigError

_NAME = "studio.json"


class Memory:
    """Reads and writes that file. A broken one, or one of another version, counts as not there."""

    def __init__(self, outputs: Path) -> None:
        self.path = outputs / _NAME

    def keep(self, config: PipelineConfig, began_with: PipelineConfig | None, task: str) -> None:
        """Keep the settings, those that the session began with, and the tab.

        Raises:
            OSError: the folder cannot be written.
        """
        content = {
            "config": config.model_dump(mode="json"),
            "began_with": began_with.model_dump(mode="json") if began_with else None,
            "task": task,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f".{_NAME}.partial")
        partial.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(self.path)

    def last(self) -> tuple[PipelineConfig, PipelineConfig | None, str] | None:
        """The last settings, what that session began with, and the tab; None without any."""
        with suppress(OSError, ValueError, KeyError, TypeError, ConfigError):
            content: Mapping[str, Any] = json.loads(self.path.read_bytes())
            began = content["began_with"]
            return (
                PipelineConfig.parse(content["config"]),
                PipelineConfig.parse(began) if began else None,
                str(content["task"]),
            )
        return None
