"""Facts that were measured on this machine, kept in a file so that each is measured once.

A fact that decides how a picture is computed must not change from run to run with the machine's
other work. The file is small, is replaced whole, and can be deleted at any time.
"""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from medialab.files.locks import alone
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole

_LARGEST = 2**20  # bytes
_LIMIT = 1e12  # of a fact, which is a ratio or some seconds
_MOST = 200  # facts; the oldest are forgotten, such as those of libraries that were replaced


class MachineFacts:
    """Numbers by name, such as how much faster one way is than another.

    Args:
        file: Keeps them; None to keep them in memory only.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, float] = {}
        self._measuring = threading.Lock()

    def known(self, name: str) -> float | None:
        """Return a fact if it was measured before; None also where the file is damaged."""
        if name not in self._known:
            self._known |= self._read()
        return self._known.get(name)

    def measured(self, name: str, measure: Callable[[], float]) -> float:
        """Return a fact, measured now if it is not known; processes that ask at once agree on it.

        Args:
            name: The fact's name, with all that decides it: the processor, versions, threads.
            measure: Measures it. Its errors are passed on, and nothing is kept then.
        """
        with self._measuring:
            found = self.known(name)
            if found is None:
                with self._alone():
                    found = self.known(name)  # another process may have measured it meanwhile
                    if found is None:
                        found = self._known[name] = float(measure())
                        self._write()
            return found

    def _alone(self) -> AbstractContextManager[object]:
        """Keep other processes from measuring at the same time, which would slow both down."""
        if self._file is None:
            return nullcontext()
        return alone(self._file.with_name(f".{self._file.stem}.lock"))

    def _read(self) -> dict[str, float]:
        """Return the file's facts; a damaged file has none, and a damaged fact is left out."""
        if self._file is None:
            return {}
        try:
            read = json.loads(read_regular(self._file, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(read, dict):
            return {}
        return {name: float(value) for name, value in read.items() if _is_fact(value)}

    def _write(self) -> None:
        if self._file is None:
            return
        every = {**self._read(), **self._known}  # another process may have measured others
        newest = dict(list(every.items())[-_MOST:])
        with suppress(OSError):  # a folder that cannot be written: measured again next time
            write_whole(self._file, json.dumps(newest, indent=1).encode())


def _is_fact(value: object) -> bool:
    """Return whether a value of the file can be a fact: a ratio or some seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < _LIMIT  # NaN is neither
