"""Numbers of an executor since it was made: jobs that ended, seconds of each stage."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from medialab.devices.jobs import Job


class Statistics:
    """Counts what happened; any thread may read and write it.

    Attributes:
        ended: Jobs that ended, by kind and state.
        stages: How often each stage ran.
        seconds: How long each stage ran in all.
        deaths: How often a process that makes pictures died, or could not be started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ended: Counter[tuple[str, str]] = Counter()
        self.stages: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.deaths = 0

    def count(self, job: Job) -> None:
        """Count a job that ended."""
        with self._lock:
            self.ended[job.kind, job.state] += 1

    def note(self, kind: str, event: Mapping[str, Any]) -> None:
        """Note a plain event; those that end a stage have its seconds."""
        if kind != "stage done":
            return
        stage, seconds = str(event.get("stage", "")), float(event.get("seconds", 0))
        with self._lock:
            self.stages[stage] += 1
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
