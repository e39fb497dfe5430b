"""How far a download is: bytes, speed, time left."""

import time
from collections import deque
from collections.abc import Callable

WINDOW = 5.0  # seconds over which the speed is measured
_STEP = 0.25  # seconds between two marks


class Meter:
    """Counts bytes as they arrive. One thread counts, any may look.

    Attributes:
        done: Bytes that are there.
        total: Bytes of the whole; None if unknown.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.done, self.total = 0, None
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    total: int | None

    def begin(self, done: int, total: int | None) -> None:
        """Count from here on; what was there before has no speed."""
        self.done, self.total = done, total
        self._marks = deque([(self._clock(), done)])

    def add(self, count: int) -> None:
        """Count bytes that have arrived."""
        self.done += count
        now, marks = self._clock(), self._marks
        if now - marks[-1][0] >= _STEP:
            marks.append((now, self.done))
            while len(marks) > 2 and now - marks[0][0] > WINDOW:
                marks.popleft()

    def move(self, done: int) -> None:
        """Set the bytes that are there, without a change of the speed."""
        by, self.done = done - self.done, done
        self._marks = deque((then, count + by) for then, count in self._marks)

    def rest(self) -> None:
        """Forget the speed: nothing arrives at present."""
        self._marks = deque([(self._clock(), self.done)])

    @property
    def speed(self) -> float:
        """Bytes per second, over the last WINDOW seconds; 0 before anything arrived."""
        marks = self._marks
        if not marks:
            return 0.0
        begun, done = marks[0]
        seconds = self._clock() - begun
        return (self.done - done) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the whole is there at this speed; None if unknown."""
        speed = self.speed
        if self.total is None or not speed:
            return None
        return max(self.total - self.done, 0) / speed
