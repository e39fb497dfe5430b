"""Things of known size kept in memory, within a bound of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any


class Memory:
    """The least lately used is dropped first; what was used since `begin` stays.

    Without that, a set that is larger than the bound would push its own first layers out, and
    find none of them the next time.
    """

    def __init__(self, bound: int) -> None:
        self.nbytes = 0
        self._bound = bound
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._in_use: set[Hashable] = set()

    def begin(self, bound: int) -> None:
        """What is asked for from here on belongs together; all that is kept fits this bound."""
        self._in_use.clear()
        self._bound = bound
        self._make_room(0)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under the key, else what `make` gives; it may find no room, and go."""
        self._in_use.add(key)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        made = make()
        nbytes = _bytes_of(made)
        if self._make_room(nbytes):
            self._kept[key] = (made, nbytes)
            self.nbytes += nbytes
        return made

    def _make_room(self, nbytes: int) -> bool:
        while self.nbytes + nbytes > self._bound:
            oldest = next(iter(self._kept), None)
            if oldest is None or oldest in self._in_use:
                return False
            self.nbytes -= self._kept.pop(oldest)[1]
        return True

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._in_use.clear()
        self.nbytes = 0


def _bytes_of(thing: Any) -> int:
    """Of a file, or of tensors by their names."""
    if isinstance(thing, Mapping):
        return sum(value.nbytes for value in thing.values())
    return int(thing.nbytes)
