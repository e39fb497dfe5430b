"""The one bound over all that is kept in memory: models, LoRA files, merged weights.

Bytes are counted before they are taken. What a run cannot do without may take all that the machine
has; what is kept for the next run leaves a part of it free, and the least lately used goes first.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import RLock
from typing import Any, Protocol
from weakref import WeakSet

from medialab.memory import free_bytes, free_memory, total_bytes

# What is kept leaves so much of the machine to the work itself and to other programs: an SDXL
# picture of 1024 px takes some 5 GB besides its weights (docs/performance.md).
FREE_SHARE, FREE_AT_MOST = 0.25, 8 * 2**30
# Taken by what cannot be counted: Python's own, the libraries' buffers.
MARGIN = 256 * 2**20


class Store(Protocol):
    """Things of known size in memory, on one device."""

    @property
    def device(self) -> str:
        """Where they are."""

    @property
    def nbytes(self) -> int:
        """What they take together."""

    def oldest(self, *, optional: bool) -> int | None:
        """The number of the longest unused thing's last use; None where all are in use.

        `optional` if room is wanted for what a run can do without.
        """

    def drop_oldest(self, *, optional: bool) -> None:
        """Let go of that thing."""


class Room:
    """How much may be kept, and who lets go of what when there is too little.

    With a `bound` in bytes all stores together stay within it; without one they leave a quarter of
    the machine free, at most 8 GiB. Safe to use from many threads.
    """

    def __init__(self, bound: int | None = None) -> None:
        self.bound = bound
        self.lock = RLock()
        self.began = 0
        self._uses = itertools.count(1)
        self._stores: WeakSet[Store] = WeakSet()
        self._free: dict[str, int] = {}

    def join(self, store: Store) -> None:
        """Count what this store keeps, and ask it to let go."""
        with self.lock:
            self._stores.add(store)

    def begin(self) -> None:
        """A stage begins: the models that it uses from here on stay while it lasts."""
        with self.lock:
            self.began = next(self._uses)

    def used(self) -> int:
        """The number of one more use; later ones have larger numbers."""
        return next(self._uses)

    @property
    def nbytes(self) -> int:
        """What all stores keep."""
        return sum(store.nbytes for store in self._stores)

    def look_again(self, device: str) -> None:
        """Ask the machine how much is free before the next thing is kept, and count from there."""
        with self.lock:
            self._free.pop(device, None)

    def _measure(self, device: str) -> None:
        self._free[device] = free_bytes(device)

    def may_keep(self, nbytes: int, device: str) -> bool:
        """Whether so much more may be kept; what was longest unused goes for it.

        What may be kept is counted as taken from here on.
        """
        with self.lock:
            if device not in self._free:
                self._measure(device)
            while not self._fits(nbytes, device):
                freed = self._drop(device, optional=True)
                if freed is None:
                    return False
                self._free[device] += freed
            self._free[device] -= nbytes
            return True

    def make(self, nbytes: int, device: str) -> int:
        """Make room for what a run cannot do without; the bytes that are missing, 0 if none.

        Everything that is not in use may go for it.
        """
        with self.lock:
            self._measure(device)
            if not self._fits(nbytes, device):
                free_memory()
                self._measure(device)
            while not self._fits(nbytes, device) and self._drop(device, optional=False) is not None:
                free_memory()
                self._measure(device)
            return max(0, nbytes + MARGIN - self._free[device])

    def _fits(self, nbytes: int, device: str) -> bool:
        if self.bound is not None:
            return self.nbytes + nbytes <= self.bound
        left = min(int(total_bytes(device) * FREE_SHARE), FREE_AT_MOST)
        return self._free[device] - nbytes >= left

    def _drop(self, device: str, *, optional: bool) -> int | None:
        """Let go of one thing; what it took, or None where there is nothing to let go of."""
        uses = [
            (use, number, store)
            for number, store in enumerate(self._stores)
            if store.device == device and (use := store.oldest(optional=optional)) is not None
        ]
        if not uses:
            return None
        store = min(uses)[2]
        before = store.nbytes
        store.drop_oldest(optional=optional)
        return before - store.nbytes


class Memory:
    """Things that can be made again, kept as long as a room has place for them.

    What was used since `begin` stays until `end`. Without that, a set that is larger than the room
    would push its own first layers out, and find none of them the next time.
    """

    def __init__(self, room: Room, device: str = "cpu") -> None:
        self.device = device
        self.nbytes = 0
        self._room = room
        self._kept: OrderedDict[Hashable, tuple[Any, int, int]] = OrderedDict()
        self._in_use: set[Hashable] = set()
        room.join(self)

    def begin(self) -> None:
        """What is asked for from here on belongs together."""
        with self._room.lock:
            self._in_use.clear()
            self._room.look_again(self.device)

    def end(self) -> None:
        """Nothing of it is in use any more."""
        with self._room.lock:
            self._in_use.clear()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under the key, else what `make` gives; it may find no room, and go."""
        with self._room.lock:
            if (found := self._found(key)) is not None:
                return found
            made = make()
            nbytes = bytes_of(made)
            if self._room.may_keep(nbytes, self.device):
                self._keep(key, made, nbytes)
            return made

    def get_if_room(self, key: Hashable, nbytes: int, make: Callable[[], Any]) -> Any:
        """What is kept under the key, else what `make` gives; None, and nothing made, without room.

        `nbytes` is what it will take.
        """
        with self._room.lock:
            if (found := self._found(key)) is not None:
                return found
            if not self._room.may_keep(nbytes, self.device):
                return None
            made = make()
            self._keep(key, made, nbytes)
            return made

    def oldest(self, *, optional: bool) -> int | None:
        """See `Store.oldest`."""
        del optional
        unused = (use for key, (_, _, use) in self._kept.items() if key not in self._in_use)
        return next(unused, None)

    def drop_oldest(self, *, optional: bool) -> None:
        """See `Store.drop_oldest`."""
        del optional
        key = next(key for key in self._kept if key not in self._in_use)
        self.nbytes -= self._kept.pop(key)[1]

    def clear(self) -> None:
        """Let go of everything."""
        with self._room.lock:
            self._kept.clear()
            self._in_use.clear()
            self.nbytes = 0

    def _found(self, key: Hashable) -> Any:
        self._in_use.add(key)
        if key not in self._kept:
            return None
        thing, nbytes, _ = self._kept.pop(key)
        self._kept[key] = thing, nbytes, self._room.used()
        return thing

    def _keep(self, key: Hashable, thing: Any, nbytes: int) -> None:
        self._kept[key] = thing, nbytes, self._room.used()
        self.nbytes += nbytes


def bytes_of(thing: Any) -> int:
    """Of a file, or of tensors by their names."""
    if isinstance(thing, Mapping):
        return sum(value.nbytes for value in thing.values())
    return int(thing.nbytes)
