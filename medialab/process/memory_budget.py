"""One budget for everything cached in memory: models, LoRA files, merged weights.

Bytes are counted before they are allocated. A run's own needs may use all of the machine's memory;
caches for the next run leave a part of it free, and the least recently used entries go first.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import RLock
from typing import Any, Protocol
from weakref import WeakSet

from medialab.process.memory import free_bytes, free_memory, total_bytes

# Memory that caches leave to the work itself and to other programs, as a share of the machine's and
# at most so many bytes: an SDXL picture of 1024 px takes some 5 GB besides its weights
# (docs/performance.md).
FREE_SHARE, FREE_AT_MOST = 0.25, 8 * 2**30
# Memory that cannot be counted, in bytes and as a share of a large object: Python's own, buffers of
# libraries, and fragmentation from converting weights to another type (4 % of an SDXL, measured).
MARGIN, MARGIN_SHARE = 256 * 2**20, 0.04
# Free memory down to which the models of one run stay loaded together: loading one again takes
# longer than an operation that runs out of memory and releases them itself.
RUN_SHARE, RUN_AT_MOST = 1 / 16, 2**30


class Store(Protocol):
    """A cache in memory, on one device, whose entries have known sizes."""

    @property
    def device(self) -> str:
        """The torch device that holds the entries."""

    @property
    def nbytes(self) -> int:
        """The size of all entries, in bytes."""

    def oldest(self, before: int | None) -> int | None:
        """Return the number of the last use of the least recently used entry that may go.

        Args:
            before: Entries that are expensive to make count as in use if they were used at this
                number or later; None for none of them.

        Returns:
            The number, as `MemoryBudget.next_use` counts; None if all entries are in use.
        """

    def drop_oldest(self, before: int | None) -> None:
        """Remove that entry."""


class MemoryBudget:
    """The limit for all caches together, and their eviction. Thread-safe.

    Args:
        bound: Bytes that all stores together may use. None leaves a quarter of the machine's memory
            free, at most 8 GiB.
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
        """Include a store in the budget; it may be asked to drop entries."""
        with self.lock:
            self._stores.add(store)

    def begin_run(self) -> None:
        """Mark the start of a run: models used from now on are evicted last."""
        with self.lock:
            self._began_run = next(self._uses)

    def begin_stage(self) -> None:
        """Mark the start of a stage: models used from now on stay until the next one starts."""
        with self.lock:
            self._began = next(self._uses)

    def next_use(self) -> int:
        """Return the number for one more use; numbers increase."""
        return next(self._uses)

    @property
    def nbytes(self) -> int:
        """The size of all stores together, in bytes."""
        return sum(store.nbytes for store in self._stores)

    def remeasure(self, device: str) -> None:
        """Measure the device's free memory again before the next reservation."""
        with self.lock:
            self._free.pop(device, None)

    def _measure(self, device: str) -> None:
        self._free[device] = free_bytes(device)

    def reserve(self, nbytes: int, device: str) -> bool:
        """Reserve memory for a cache entry, evicting the least recently used ones if needed.

        Args:
            nbytes: Size of the entry.
            device: Its torch device.

        Returns:
            Whether the entry fits; then its bytes count as used from now on.
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

    def make_room(self, nbytes: int, device: str) -> int:
        """Make room for something that a run needs, such as its model.

        All entries not in use may be evicted; those that this run used before, only if they do not
        fit beside it.

        Returns:
            The bytes that are still missing; 0 if there is enough room.
        """
        margin = max(MARGIN, int(nbytes * MARGIN_SHARE))
        with self.lock:
            self._measure(device)
            roomy = self._left(device, FREE_SHARE, FREE_AT_MOST)
            if self._missing(nbytes, device, roomy) > 0:
                free_memory()
                self._measure(device)
            self._evict(nbytes, device, roomy, self._began_run)
            tight = max(margin, self._left(device, RUN_SHARE, RUN_AT_MOST))
            self._evict(nbytes, device, tight, None)
            return max(0, nbytes + margin - self._free[device])

    def _evict(self, nbytes: int, device: str, left: int, before: int | None) -> None:
        """Evict entries until `nbytes` fit with `left` bytes still free, or no entry is left.

        Releasing memory to the system takes up to a second, so it is done for many entries at once:
        each time for twice as many bytes, since freed memory may be fragmented.
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
        """Return how many bytes are missing for `nbytes` more; negative if there are enough."""
        if self.bound is not None:
            return self.nbytes + nbytes - self.bound
        return nbytes + left - self._free[device]

    def _left(self, device: str, share: float, most: int) -> int:
        """Return the bytes that must stay free: a share of the machine's memory, up to `most`."""
        return 0 if self.bound is not None else min(int(total_bytes(device) * share), most)

    def _drop(self, device: str, before: int | None) -> int | None:
        """Drop one entry; return its size in bytes, or None if there is none to drop."""
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


class BudgetedCache:
    """A cache of reproducible values, within a memory budget.

    Entries used since `begin` stay until `end`. Otherwise a set larger than the budget would evict
    its own first entries, and find none of them the next time.
    """

    def __init__(self, budget: MemoryBudget, device: str = "cpu") -> None:
        self.device = device
        self.nbytes = 0
        self._budget = budget
        self._entries: OrderedDict[Hashable, tuple[Any, int, int]] = OrderedDict()
        self._in_use: set[Hashable] = set()
        budget.join(self)

    def begin(self) -> None:
        """Start a set of entries that are used together."""
        with self._budget.lock:
            self._in_use.clear()
            self._budget.remeasure(self.device)

    def end(self) -> None:
        """End the set: its entries are no longer in use."""
        with self._budget.lock:
            self._in_use.clear()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the cached value, or else the result of `make`, cached if it fits."""
        with self._budget.lock:
            if (found := self._found(key)) is not None:
                return found
            made = make()
            nbytes = bytes_of(made)
            if self._budget.reserve(nbytes, self.device):
                self._store(key, made, nbytes)
            return made

    def get_if_room(self, key: Hashable, nbytes: int, make: Callable[[], Any]) -> Any:
        """Return the cached value, or else the result of `make`; None if it would not fit.

        Args:
            key: The key.
            nbytes: Size of the value, known in advance.
            make: Makes the value; it is not called if the value would not fit.
        """
        with self._budget.lock:
            if (found := self._found(key)) is not None:
                return found
            if not self._budget.reserve(nbytes, self.device):
                return None
            made = make()
            self._store(key, made, nbytes)
            return made

    def oldest(self, before: int | None) -> int | None:
        """Implement `Store.oldest`."""
        del before
        unused = (use for key, (_, _, use) in self._entries.items() if key not in self._in_use)
        return next(unused, None)

    def drop_oldest(self, before: int | None) -> None:
        """Implement `Store.drop_oldest`."""
        del before
        key = next(key for key in self._entries if key not in self._in_use)
        self.nbytes -= self._entries.pop(key)[1]

    def clear(self) -> None:
        """Remove all entries."""
        with self._budget.lock:
            self._entries.clear()
            self._in_use.clear()
            self.nbytes = 0

    def _found(self, key: Hashable) -> Any:
        self._in_use.add(key)
        if key not in self._entries:
            return None
        thing, nbytes, _ = self._entries.pop(key)
        self._entries[key] = thing, nbytes, self._budget.next_use()
        return thing

    def _store(self, key: Hashable, thing: Any, nbytes: int) -> None:
        self._entries[key] = thing, nbytes, self._budget.next_use()
        self.nbytes += nbytes


def bytes_of(thing: Any) -> int:
    """Return the size in bytes of a value that has `nbytes`, or of a mapping to such values."""
    if isinstance(thing, Mapping):
        return sum(value.nbytes for value in thing.values())
    return int(thing.nbytes)
