"""Applies LoRAs to a checkpoint for the length of a stage, and removes them again bit for bit.

There are two ways; the number of calls of the denoiser decides which is cheaper. *Attached*: a hook
adds `up(down(x))` to a layer's output; this takes milliseconds to switch and some 10 % of each
call. *Merged*: the layer's weight is replaced by `W + Σ wᵢ ΔWᵢ`, which is cached; calls then cost
nothing more. All kinds but plain low-rank pairs (LoHa, LoKr, DoRA, IA3, OFT, full differences) are
always merged; prompt encoders, which are called once or twice, are merged only for those kinds.

The choice does not depend on memory: the two ways differ by rounding, and the same settings must
give the same bytes with an empty cache and a full one, on a large machine and a small one. If a
layer's sum does not fit into memory, it is computed for each call and dropped afterwards: the same
bytes, one layer's memory, and about as much time as attached.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from medialab.errors import ModelRefusedError
from medialab.files.hashes import HashCache
from medialab.listing.noted_hashes import refuse_other
from medialab.lora.files import LoRAFile, read_lora
from medialab.lora.fitting import Fit, Report, parts_of
from medialab.lora.patches import Dial, Merged, attach, can_attach, ready_to_attach
from medialab.lora.sets import Entry, LoRAUse, Member, Place, places_of
from medialab.lora.shapes import is_packed
from medialab.process.memory import claim
from medialab.process.memory_budget import BudgetedCache, MemoryBudget
from medialab.process.retries import Fallback

if TYPE_CHECKING:
    from medialab.loading.checkpoint import LoadedCheckpoint

# Calls of the denoiser from which merging is cheaper than hooks: measured 1.6 for a UNet of 38 M
# parameters, 0.7 for SD1.5's (tests/benchmarks/test_lora_benchmark.py, the last line it prints).
MERGED_FROM = 2


@dataclass
class Applied:
    """The LoRAs applied to a checkpoint at the moment.

    Attributes:
        reports: How each file fits.
        mode: "attached", "merged", "attached and merged", or "none" if nothing is changed.
        in_texts: Identifies the LoRAs in the prompt encoders: encoded prompts are cached by it.
    """

    reports: tuple[Report, ...] = ()
    mode: str = "none"
    in_texts: Hashable = ()
    _dials: Sequence[Dial] = ()
    _merged: Sequence[Merged] = ()

    @property
    def on(self) -> tuple[bool, ...]:
        """Which LoRAs are on at the moment."""
        return tuple(dial.on for dial in self._dials)

    def advance(self, share: float) -> None:
        """Switch LoRAs on or off for the denoiser's progress, a share of its steps from 0 to 1."""
        before = self.on
        for dial in self._dials:
            dial.turn(share)
        if before != self.on:
            for module in self._merged:
                module.turn()

    def fallbacks(self) -> list[Fallback]:
        """Return the fallbacks that need less memory: merged sums are computed for each call."""
        if not self._merged:
            return []
        return [Fallback("LoRAs merged layer by layer", True, self._frugally)]

    @contextmanager
    def _frugally(self) -> Iterator[None]:
        for module in self._merged:
            module.merge_each_call()
        yield


class LoRAManager:
    """Reads LoRA files, caches them while there is room, and applies sets of them.

    Only one set at a time can be applied to a checkpoint: a second one meanwhile is an error, since
    removing them in another order would leave wrong weights.

    Args:
        budget: Limits the memory for files, merged weights and weights ready to attach; a workbench
            shares its own.
        hashes: Caches the files' SHA-256; a workbench shares its own.
    """

    def __init__(
        self,
        budget: MemoryBudget | None = None,
        hashes: HashCache | None = None,
    ) -> None:
        self._budget = budget or MemoryBudget()
        self._files = BudgetedCache(self._budget)
        self._hashes = hashes or HashCache()
        self._busy: set[int] = set()
        self._users = 0  # blocks in which files that were read must stay cached
        # One for each checkpoint; it goes with the checkpoint.
        self._merged: WeakSet[BudgetedCache] = WeakSet()
        self._lock = RLock()

    def clear_cache(self) -> None:
        """Drop all cached files and merged weights."""
        with self._lock:
            self._files.clear()
            for memory in self._merged:
                memory.clear()

    @property
    def cached_bytes(self) -> int:
        """The memory used for LoRAs, in bytes."""
        return self._files.nbytes + sum(memory.nbytes for memory in self._merged)

    def read(self, path: Path) -> LoRAFile:
        """Return a file's layers, cached by its content.

        Cost: one stat if it is cached.

        Raises:
            ModelRefusedError: it is a pickle, damaged, not a LoRA, or differs from its notes.
        """
        with self._using_files():
            return self._read(path)

    def _read(self, path: Path) -> LoRAFile:
        try:
            sha256 = self._hashes.sha256(path)
        except OSError as error:
            message = f"LoRA {path.stem!r} cannot be read: {error.strerror}"
            raise ModelRefusedError(message) from error
        file: LoRAFile = self._files.get(
            (str(path), sha256), partial(self._read_anew, path, sha256)
        )
        return file

    @contextmanager
    def _using_files(self) -> Iterator[None]:
        """Keep files that are read in the cache for the block; blocks may be nested."""
        with self._lock:
            if not self._users:
                self._files.begin()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._files.end()

    def _read_anew(self, path: Path, sha256: str) -> LoRAFile:
        refuse_other(path, sha256)
        claim(path.stat().st_size, "cpu", f"LoRA {path.stem!r}")
        file = read_lora(path, sha256)
        if self._hashes.sha256(path) != sha256:
            message = f"{path.name} was replaced while it was being read; try again"
            raise ModelRefusedError(message)
        return file

    def report(self, model: "LoadedCheckpoint", path: Path) -> Report:
        """Return how a file fits a checkpoint, without changing anything."""
        return Fit(self.read(path), model).report

    @contextmanager
    def apply_loras(
        self,
        model: "LoadedCheckpoint",
        loras: Sequence[LoRAUse],
        *,
        calls: int = MERGED_FROM,
        parts: Sequence[str] | None = None,
    ) -> Iterator[Applied]:
        """Apply LoRAs to a checkpoint for the block; afterwards it is bit for bit as before.

        Args:
            model: The checkpoint; nobody else may compute with it meanwhile.
            loras: The LoRAs.
            calls: How often the denoiser will be called.
            parts: The parts of the checkpoint to change; None for all.

        Raises:
            ModelRefusedError: a file is made for another family, or none of its layers fits;
                nothing was changed.
        """
        if not loras:
            yield Applied()
            return
        with self._alone(model), self._using_files(), ExitStack() as undo:
            fits = [Fit(self._read(use.path), model) for use in loras]
            for fit in fits:
                fit.refuse_foreign()
            members = [Member(use, fit) for use, fit in zip(loras, fits, strict=True)]
            undo.callback(self._memory_of(model).end)
            yield self._put_in(model, members, calls, parts or parts_of(model), undo)

    @contextmanager
    def _alone(self, model: "LoadedCheckpoint") -> Iterator[None]:
        if id(model) in self._busy:
            message = "LoRAs are applied to this checkpoint already; one set at a time"
            raise RuntimeError(message)
        self._busy.add(id(model))
        try:
            yield
        finally:
            self._busy.discard(id(model))

    def _put_in(
        self,
        model: "LoadedCheckpoint",
        members: Sequence[Member],
        calls: int,
        parts: Sequence[str],
        undo: ExitStack,
    ) -> Applied:
        """Apply a set, and register its removal in `undo`."""
        memory = self._memory_of(model)
        memory.begin()
        attached, merged = 0, []
        for place in places_of(members, parts):
            merges = calls >= MERGED_FROM and place.part == model.family.denoiser.part
            summed = []
            for one in place.entries:
                in_sum = merges and not one.is_timed and not is_packed(place.module)
                if in_sum or not can_attach(place.module, one.part.layer):
                    summed.append(one)
                    continue
                make = partial(ready_to_attach, place.module, one.part)
                ready = memory.get((*_key_of(place), "attached", one.key), make)
                undo.callback(attach(place.module, ready, one.part.dial).remove)
                attached += 1
            if summed:
                remember = partial(_remembered, memory, place, [one.key for one in summed])
                naming = partial(_naming, summed, place)
                module = Merged(place.module, [one.part for one in summed], remember, naming)
                undo.callback(module.restore)
                module.turn()
                merged.append(module)
        modes = [name for name, count in (("attached", attached), ("merged", merged)) if count]
        return Applied(
            tuple(one.fit.report for one in members),
            " and ".join(modes) or "none",
            tuple(key for one in members if (key := one.text_key(parts))),
            [one.dial for one in members],
            merged,
        )

    def _memory_of(self, model: "LoadedCheckpoint") -> BudgetedCache:
        """Return the cache for a checkpoint, which goes with the checkpoint."""
        # A model may be used by several managers, each with a budget of its own.
        name = f"LoRAs in budget {id(self._budget)}"
        memory: BudgetedCache = model.cached(
            name, lambda: BudgetedCache(self._budget, model.device)
        )
        self._merged.add(memory)
        return memory


def _remembered(
    memory: BudgetedCache,
    place: Place,
    keys: Sequence[Hashable],
    counting: Sequence[int],
    nbytes: int,
    make: Callable[[], Any],
) -> Any:
    """Return the sum of the LoRAs of a module that are on; None if it does not fit the budget."""
    key = (*_key_of(place), "merged", *(keys[number] for number in counting))
    return memory.get_if_room(key, nbytes, make)


@contextmanager
def _naming(entries: Sequence[Entry], place: Place) -> Iterator[None]:
    """Convert errors of tensors that do not fit after all to one that names file and layer."""
    try:
        yield
    except ValueError as error:
        names = " or ".join(sorted({one.file for one in entries}))
        message = f"LoRA {names!r} cannot be used: its {place.part} {place.path}: {error}"
        raise ModelRefusedError(message) from error


def _key_of(place: Place) -> tuple[str, str, str, int]:
    """Return a layer's cache key: its name, dtype and the number of CPU threads.

    The dtype is float32 temporarily after NaN; threads share sums among them, so their number
    affects the last bits.
    """
    import torch

    dtype = str(place.module.weight.dtype)
    return place.part, place.path, dtype, torch.get_num_threads()
