"""The models in memory: loaded once, lent to one thread at a time, kept within a budget.

>>> registry = ModelRegistry(Path("models"))
>>> model = registry.load(registry.find("my-checkpoint", "checkpoint"))
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from medialab.errors import OutOfMemoryError
from medialab.files.hashes import Stamp
from medialab.files.machine_facts import MachineFacts
from medialab.listing.info import ModelInfo
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.detectors import load_detector
from medialab.loading.hashing import BackgroundHashing
from medialab.loading.library import ModelLibrary
from medialab.loading.memory_needs import bytes_in_memory, part_sizes
from medialab.loading.networks import load_controlnet
from medialab.loading.upscalers import load_upscaler
from medialab.loading.vaes import facts_of_config, load_vae
from medialab.process.installation import short_path
from medialab.process.memory import gigabytes
from medialab.process.memory_budget import MemoryBudget
from medialab.process.offloading import Way, most_on_device
from medialab.process.precisions import WEIGHT_DTYPES, of_device
from medialab.process.threads import pick_device

__all__ = ["ModelInfo", "ModelRegistry"]

# Kinds that are loaded in the precision of the run; the others compute in float32.
_PRECISE = frozenset({"checkpoint", "vae", "controlnet"})
WAIT_SECONDS = 0.1  # between two attempts to borrow the models

# A model's path, the stamps of its files, and the other facts that decide how it is loaded.
_Key = tuple[Path, tuple[Stamp, ...], str]


class Loaded(Protocol):
    """A model in memory, of any kind."""

    nbytes: int

    def release(self) -> None:
        """Release the weights."""


class ModelRegistry(ModelLibrary):
    """The models of one folder or several, as `ModelLibrary`, and those that are in memory.

    Loaded models stay as long as they fit into the memory budget; the least recently used is
    released first, and the last one loaded always stays. Any thread may call it; one thread at a
    time may compute with the models, within `lent`.

    Attributes:
        budget: the memory budget, which other caches may share.
        hashing: computes the hashes of all models in the background, once started.
        facts: what was measured on this machine; kept in the file `facts`, or without one in memory
            only.

    Args:
        device: a torch device name, or a function that returns it, where another process computes;
            by default the best of this machine.
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        *,
        hash_cache: Path | None = None,
        editions: Path | None = None,
        facts: Path | None = None,
        budget: MemoryBudget | None = None,
        device: str | Callable[[], str] | None = None,
    ) -> None:
        super().__init__(folders, hash_cache=hash_cache, editions=editions)
        self.budget = budget or MemoryBudget()
        self._device = device
        self.facts = MachineFacts(facts)
        self._loaded: OrderedDict[_Key, Loaded] = OrderedDict()
        self._uses: dict[int, int] = {}  # the number of the last use, by a loaded model's id
        self._kept: Collection[Any] = ()
        # Not the lock of the listing, which must not wait for the seconds that a load takes.
        self._loading = threading.RLock()
        # Held by the thread that computes with the models; always taken before the loading lock.
        self._lending = threading.RLock()
        self._loans = 0  # of this thread, nested
        self.hashing = BackgroundHashing(
            self.hashes, self.models, lambda: self.is_lent or self.hashes.is_awaited
        )
        self.budget.join(self)

    def __repr__(self) -> str:
        return f"ModelRegistry({short_path(self.folder)!r}, device={self.device!r})"

    @contextmanager
    def lent(self, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Lend the loaded models to this thread, and to no other, within the block.

        Models are shared, and a stage changes them while it runs: it merges weights, puts adapters
        on, replaces dtypes and forwards. The loan covers all models, so that two borrowers of
        several checkpoints cannot deadlock; they share one device anyhow. A thread may nest its
        loans.

        Args:
            waiting: called every WAIT_SECONDS until the models are free; may raise to give up.
        """
        while not self._lending.acquire(timeout=WAIT_SECONDS):
            waiting()
        self._loans += 1
        try:
            yield
        finally:
            self._loans -= 1
            self._lending.release()

    @property
    def is_lent(self) -> bool:
        """Whether a thread computes with the models just now."""
        return self._loans > 0

    def load(
        self,
        info: ModelInfo,
        *,
        kept: Collection[Any] = (),
        like: Any = None,
        encoders: Sequence[ModelInfo] = (),
        precision: str | None = None,
        weight_dtype: str = WEIGHT_DTYPES[0],
        offload: Way = "none",
    ) -> Any:
        """Return a model in memory, as its files are now: for a checkpoint, a `LoadedCheckpoint`.

        Other models are released before it is read, so that the old and the new need not fit
        together.

        Args:
            info: the model as listed.
            kept: loaded models that are in use: they are not released for it.
            like: for a VAE, the network of the checkpoint's own VAE; a single file, which has no
                config, is built after it.
            encoders: for a checkpoint in a single file, the text encoders that it lacks.
            precision: one of `medialab.process.precisions`; by default the device's own. Detectors
                and upscalers always compute in float32.
            weight_dtype: how a checkpoint's denoiser is stored, one of WEIGHT_DTYPES.
            offload: which of a checkpoint's parts wait on the CPU.

        Raises:
            ModelRefusedError: it cannot be loaded; other models may have been released by then.
            OutOfMemoryError: it is larger than all available memory; nothing was read.
        """
        with self._loading:
            facts = _facts_beside(info, like)
            for one in encoders:
                facts += f"{one.path} {self._files.stamps(one.path)}"
            precision = precision or of_device(self.device)
            facts += precision if info.kind in _PRECISE else ""
            facts += f" {weight_dtype} {offload}" if info.kind == "checkpoint" else ""
            key = (info.path, self._files.stamps(info.path), facts)
            if key not in self._loaded:
                self._forget_replaced(info.path)
                self._kept = kept
                try:
                    self._refuse_too_large(info, encoders, precision, weight_dtype, offload)
                    stored = weight_dtype, offload
                    self._loaded[key] = self._read(info, like, encoders, precision, *stored)
                finally:
                    self._kept = ()
            self._loaded.move_to_end(key)
            self._uses[id(self._loaded[key])] = self.budget.next_use()
            return self._loaded[key]

    def _refuse_too_large(
        self,
        info: ModelInfo,
        encoders: Sequence[ModelInfo],
        dtype: str,
        weight_dtype: str,
        offload: Way,
    ) -> None:
        """Make room for a model, or refuse it by the bytes that it needs."""
        needs = sum(bytes_in_memory(one, dtype) for one in (info, *encoders))
        if info.kind == "checkpoint" and self.device != "cpu":
            # What comes to a device apart is stored by then; an unreadable header tells nothing.
            parts = part_sizes(info, encoders, dtype, weight_dtype)
            needs = most_on_device(parts, 0, offload) or needs
        if missing := self.budget.make_room(needs, self.device):
            free = needs - missing
            message = (
                f"{info.kind} {info.name!r} needs {gigabytes(needs)} of memory as "
                f"{dtype}, {gigabytes(max(free, 0))} can be given to it: "
                "close other programs and kernels, or choose a smaller one"
            )
            raise OutOfMemoryError(message)

    @property
    def device(self) -> str:
        """The torch device that models are loaded onto."""
        return self._device() if callable(self._device) else pick_device(self._device)

    @property
    def nbytes(self) -> int:
        """Bytes of the loaded models."""
        return sum(model.nbytes for model in list(self._loaded.values()))

    def oldest(self, before: int | None) -> int | None:
        """Return when the least recently used model was used, as `MemoryBudget` counts.

        Args:
            before: only models used before this count; None: all but those in use.
        """
        # Do not wait for another thread that loads: it may itself wait for the budget.
        if not self._loading.acquire(blocking=False):
            return None
        try:
            return min((use for use, _ in self._droppable(before)), default=None)
        finally:
            self._loading.release()

    def drop_oldest(self, before: int | None) -> None:
        """Release that model, unless another thread is loading one."""
        if not self._loading.acquire(blocking=False):
            return
        try:
            if there := self._droppable(before):
                self._release(min(there, key=itemgetter(0))[1])
        finally:
            self._loading.release()

    def _droppable(self, before: int | None) -> "list[tuple[int, _Key]]":
        kept = {id(one) for one in self._kept}
        uses = [(self._uses[id(one)], key) for key, one in self._loaded.items()]
        return [
            (use, key)
            for use, key in uses
            if (before is None or use < before) and id(self._loaded[key]) not in kept
        ]

    def _release(self, key: "_Key") -> None:
        model = self._loaded.pop(key)
        self._uses.pop(id(model), None)
        model.release()

    def _read(
        self,
        info: ModelInfo,
        like: Any,
        encoders: Sequence[ModelInfo],
        precision: str,
        weight_dtype: str,
        offload: Way,
    ) -> Loaded:
        if info.kind == "detector":
            return load_detector(info, self.device)
        if info.kind == "upscaler":
            return load_upscaler(info.path, self.device)
        if info.kind == "controlnet":
            return load_controlnet(info, self.device, precision=precision)
        if info.kind == "vae":
            return load_vae(info, like, self.device, precision=precision)
        return load_checkpoint(
            info,
            self.device,
            encoders=encoders,
            precision=precision,
            weight_dtype=weight_dtype,
            offload=offload,
        )

    def unload_all(self) -> None:
        """Release every loaded model and return its memory to the system, once none is lent."""
        with self._lending, self._loading:
            if not self._loaded:
                return
            for key in list(self._loaded):
                self._release(key)

    def release_others(self, kept: Collection[Any]) -> None:
        """Release every loaded model except `kept`."""
        with self._loading:
            for key, model in list(self._loaded.items()):
                if not any(model is one for one in kept):
                    self._release(key)

    def _forget_replaced(self, path: Path) -> None:
        """Release models whose files were replaced."""
        for key in [key for key in self._loaded if key[0] == path]:
            self._release(key)


def _facts_beside(info: ModelInfo, like: Any) -> str:
    """Return the facts that decide how a model is loaded, besides its files."""
    if info.kind == "vae" and info.path.is_file():
        return facts_of_config(like)
    if info.kind == "detector":  # an .onnx session keeps the thread count that it was made with
        import torch

        return f"{torch.get_num_threads()} threads"
    return ""
