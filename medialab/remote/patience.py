"""How often a download is tried again before its error is told."""

from medialab.errors import RemoteError

MOST_WAIT = 120.0  # seconds for all waits that a busy source asks for
# Seconds before a broken connection is tried again, for each time in a row without a new byte.
CUT_WAITS = (0.2, 0.5, 1.0)
MOST_CUTS = 100  # in all: a source that gives a few bytes each time is left in the end
BUSY_WAITS = (1.0, 2.0, 4.0, 8.0)  # where a busy source names no time
# How often other things are tried again: an address that has expired, a part that was of another
# file, an answer that says it is passing.
_TIMES = {"expired": 2, "wrong": 1, "passing": 1, "": 2}


class Again(Exception):  # noqa: N818 - not an error, but the way back to the loop
    """A request is to be sent again.

    Args:
        error: What is told if it has been sent often enough.
        kind: "busy", "expired", "wrong" (content), "passing", or "".
        wait: Seconds that a busy source asks to wait; below 0 if it names none.
    """

    def __init__(self, error: RemoteError, *, kind: str = "", wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.kind, self.wait = error, kind, wait


class Patience:
    """The tries of one download.

    Args:
        done: Bytes that are there before the first; a resumed part may turn out to be another's.
    """

    def __init__(self, done: int) -> None:
        self._best, self._was_resumed = done, done > 0
        self._cuts = self._in_a_row = self._busy = 0
        self._waited = 0.0
        self._times: dict[str, int] = {}

    def after_cut(self, done: int, error: RemoteError) -> float:
        """Return the seconds to wait after the connection broke, with this many bytes there.

        Raises:
            RemoteError: `error`, after too many breaks without a new byte, or in all.
        """
        self._was_resumed = True
        self._in_a_row = 0 if done > self._best else self._in_a_row + 1
        self._best = max(self._best, done)
        self._cuts += 1
        if self._in_a_row > len(CUT_WAITS) or self._cuts > MOST_CUTS:
            raise error
        return CUT_WAITS[max(self._in_a_row - 1, 0)]

    def after(self, again: Again) -> float:
        """Return the seconds to wait before a request is sent again.

        Raises:
            RemoteError: that of `again`, if it was sent often enough, or the wait is too long.
        """
        if again.kind == "busy":
            return self._after_busy(again)
        times = self._times[again.kind] = self._times.get(again.kind, 0) + 1
        if times > _TIMES[again.kind] or (again.kind == "wrong" and not self._was_resumed):
            raise again.error from again
        return 0.0

    def _after_busy(self, again: Again) -> float:
        wait = again.wait
        if wait < 0:
            if self._busy == len(BUSY_WAITS):
                raise again.error from again
            wait = BUSY_WAITS[self._busy]
        self._busy += 1
        self._waited += max(wait, 0.1)
        if self._waited > MOST_WAIT:
            raise again.error from again
        return wait
