"""Those that hear of what several processes make, at any moment, on any thread."""

import logging
from collections.abc import Callable

from medialab.process.events import Event
from medialab.process.jobs import Listener

_LOG = logging.getLogger("medialab")


class Listeners:
    """Functions that are called with each event."""

    def __init__(self) -> None:
        self._all: list[Listener] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, listener: Listener) -> Callable[[], object]:
        """Call this with every event from now on; return a function that ends that."""
        self._all.append(listener)
        return lambda: self._all.remove(listener)

    def tell(self, event: Event) -> None:
        """Tell all; one that fails keeps neither another nor a process's reader."""
        for listener in list(self._all):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whoever wrote it reads this; the pictures go on
                _LOG.exception("a listener failed at %r of the job %s", event.kind, event.job)
