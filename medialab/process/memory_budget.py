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

from medialab.process.memory import free_bytes, free_memory, total_bytes

# What is kept leaves so much of the machine to the work itself and to other programs: an SDXL
# picture of 1024 px takes some 5 GB besides its weights (docs/performance.md).
FREE_SHARE, FREE_AT_MOST = 0.25, 8 * 2**30
# Taken by what cannot be counted: Python's own, the libraries' buffers; of something large, the
# holes that bringing its weights to another type and layout leaves (4 % of an SDXL's, measured).
MARGIN, MARGIN_SHARE = 256 * 2**20, 0.04
# A run's own models stay beside each other down to so much: to load one again takes longer than
# a piece of work that finds too little room and lets go of them itself.
RUN_SHARE, RUN_AT_MOST = 1 / 16, 2**30


class Store(Protocol):
    """Things of known size in memory, on one device."""

    @property
    def device(self) -> str:
        """Where they are."""

    @property
    def nbytes(self) -> int:
        """What they take together."""

    def oldest(self, before: int | None) -> int | None:
        """The number of the longest unused thing's last use; None where all are in use.

        What cost much to make is in use from the number `before` on.
        """

    def drop_oldest(self, before: int | None) -> None:
        """Let go of that thing."""


class Room:
    """How much may be kept, and who lets go of what when there is too little.

    With a `bound` in bytes all stores together stay within it; without one they leave a quarter of
    the machine free, at most 8 GiB. Safe to use from many threads.
    """

    def __init__(self, bound: int | None = None) -> None:
        self.bound = bound
        self.lock = RLock()
        self._began = 0
        self._began_run: int | None = None
        self._uses = itertools.count(1)
        self._stores: WeakSet[Store] = WeakSet()
        self._free: dict[str, int] = {}

    def join(self, store: Store) -> None:
        """Count what this store keeps, and ask it to let go."""
        with self.lock:
            self._stores.add(store)

    def begin_run(self) -> None:
        """A run begins: the models that it uses from here on go last."""
        with self.lock:
            self._began_run = next(self._uses)

    def begin(self) -> None:
        """A stage begins: the models that it uses from here on stay while it lasts."""
        with self.lock:
            self._began = next(self._uses)

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
            left = self._left(device, FREE_SHARE, FREE_AT_MOST)
            while self._missing(nbytes, device, left) > 0:
                freed = self._drop(device, self._began)
                if freed is None:
                    return False
                self._free[device] += freed
            self._free[device] -= nbytes
            return True

    def make(self, nbytes: int, device: str) -> int:
        """Make room for what a run cannot do without; the bytes that are missing, 0 if none.

        Everything that is not in use may go for it; what the run used before only where there is
        no place for both.
        """
        margin = max(MARGIN, int(nbytes * MARGIN_SHARE))
        with self.lock:
            self._measure(device)
            roomy = self._left(device, FREE_SHARE, FREE_AT_MOST)
            if self._missing(nbytes, device, roomy) > 0:
                free_memory()
                self._measure(device)
            self._let_go(nbytes, device, roomy, self._began_run)
            tight = max(margin, self._left(device, RUN_SHARE, RUN_AT_MOST))
            self._let_go(nbytes, device, tight, None)
            return max(0, nbytes + margin - self._free[device])

    def _let_go(self, nbytes: int, device: str, left: int, before: int | None) -> None:
        """Let go of things until so much fits, and `left` stays free, or there are none.

        To give back to the system takes up to a second, so that it is done for many things at once:
        each time for twice as many bytes, since what is let go of may leave holes only.
        """
        wanted = 0
        while (missing := self._missing(nbytes, device, left)) > 0:
            wanted, freed = max(missing, 2 * wanted), 0
            while freed < wanted and (one := self._drop(device, before)) is not None:
                freed += one
            if not freed:
                return
            free_memory()
            self._measure(device)

    def _missing(self, nbytes: int, device: str, left: int) -> int:
        """How much too little there is for so many bytes more; below 0 if it is enough."""
        if self.bound is not None:
            return self.nbytes + nbytes - self.bound
        return nbytes + left - self._free[device]

    def _left(self, device: str, share: float, most: int) -> int:
        """What is to stay free: a share of the machine."""
        return 0 if self.bound is not None else min(int(total_bytes(device) * share), most)

    def _drop(self, device: str, before: int | None) -> int | None:
        """Let go of one thing; what it took, or None where there is nothing to let go of."""
        uses = [
            (use, number, store)
            for number, store in enumerate(self._stores)
            if store.device == device and (use := store.oldest(before)) is not None
        ]
        if not uses:
            return None
        store = min(uses)[2]
        held = store.nbytes
        store.drop_oldest(before)
        return held - store.nbytes


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

    def oldest(self, before: int | None) -> int | None:
        """See `Store.oldest`."""
        del before
        unused = (use for key, (_, _, use) in self._kept.items() if key not in self._in_use)
        return next(unused, None)

    def drop_oldest(self, before: int | None) -> None:
        """See `Store.drop_oldest`."""
        del before
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
