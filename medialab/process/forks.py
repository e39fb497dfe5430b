"""Whether this is still the process that something was made in: a fork has none of its threads.

`multiprocessing` forks by default on Linux. What waits there for a thread would wait for ever.
"""

import os

from medialab.errors import WorkbenchClosedError


class Home:
    """The process in which this was made."""

    def __init__(self) -> None:
        self._process = os.getpid()

    @property
    def is_left(self) -> bool:
        """Whether this is another process, which was forked from that one."""
        return os.getpid() != self._process

    def refuse_left(self) -> None:
        """Refuse work in another process.

        Raises:
            WorkbenchClosedError: this is another one; the message says what to do there.
        """
        if self.is_left:
            message = (
                "this workbench was made in another process, whose threads are not in this one: "
                "make one here, bench = Workbench(), or name its devices and submit from there"
            )
            raise WorkbenchClosedError(message)
