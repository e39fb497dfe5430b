"""LoRAs put into a checkpoint for the length of a stage, and taken out again bit for bit.

Two ways, and the cheaper is picked by how often the denoiser will be called. *Attached*: a hook
adds `up(down(x))` to a layer's output; it costs milliseconds to switch and some 15 % of each call.
*Merged*: the layer's weight is swapped for `W + Σ wᵢ ΔWᵢ`, whose sum is remembered; calls cost
nothing more. Neither touches the original tensors: a hook is removed, a pointer is put back. What
is no plain low-rank pair (LoHa, LoKr, DoRA, IA3, whole differences) is merged always.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from medialab.errors import ConfigError, ModelRefusedError
from medialab.hashes import Stamp
from medialab.lora.blocks import block_of, read_block_weights
from medialab.lora.deltas import delta
from medialab.lora.files import Layer, LoRAFile, read_lora
from medialab.lora.names import modules_by_name, plain

if TYPE_CHECKING:
    import torch

    from medialab.loading import LoadedModel

CACHE_BYTES = 2 * 2**30
# Calls of the denoiser from which on merging is cheaper than hooks (measured: reference figures in
# the benchmark of LoRA sets, tests/benchmarks).
MERGED_FROM = 4
TEXT_PARTS = ("text_encoder", "text_encoder_2")
PARTS = ("unet", *TEXT_PARTS)


@dataclass(frozen=True)
class LoRAUse:
    """A LoRA as it is asked for: how much of it, in which parts, for which share of the steps.

    `weight` is that of the denoiser, `text_encoder` that of the text encoders (None: the same);
    any finite number, negative ones turn a style around. `block_weights` is a preset or numbers
    (`medialab.lora.blocks`). From `start` to `stop` (shares of the steps, 0 to 1) the denoiser
    follows it.
    """

    path: Path
    weight: float = 1.0
    text_encoder: float | None = None
    block_weights: str | None = None
    start: float = 0.0
    stop: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.weight, self.text_encoder or 0.0)
        if not all(map(math.isfinite, numbers)) or not 0 <= self.start <= self.stop <= 1:
            message = (
                f"LoRA {self.path.stem!r}: weights must be finite numbers and "
                f"0 <= start <= stop <= 1; got {numbers}, {self.start} to {self.stop}"
            )
            raise ConfigError(message)
        if self.block_weights is not None:
            read_block_weights(self.block_weights)

    @property
    def is_timed(self) -> bool:
        """Whether it counts for a share of the steps only."""
        return (self.start, self.stop) != (0.0, 1.0)


@dataclass(frozen=True)
class Report:
    """What of a file fitted: its kinds, rank, and how many layers did and did not find a place."""

    name: str
    kinds: tuple[str, ...]
    rank: int | None
    matched: int
    unmatched: tuple[str, ...] = ()

    @property
    def as_record(self) -> dict[str, Any]:
        """As a run's record tells it."""
        told: dict[str, Any] = {
            "name": self.name,
            "kinds": list(self.kinds),
            "rank": self.rank,
            "matched": self.matched,
        }
        if self.unmatched:
            told |= {"unmatched": len(self.unmatched), "such_as": list(self.unmatched[:3])}
        return told


@dataclass
class Applied:
    """What is in a checkpoint right now; `advance` tells it how far the steps have come."""

    reports: tuple[Report, ...] = ()
    mode: str = "none"
    _timed: "list[tuple[LoRAUse, _Dial]]" = field(default_factory=list)

    def advance(self, share: float) -> None:
        """From here on the denoiser works at this share (0 to below 1) of its steps."""
        for use, dial in self._timed:
            dial.on = use.start <= share < use.stop or (share >= 1 and use.stop == 1)


class _Dial:
    """Whether a timed LoRA counts at the moment."""

    def __init__(self, *, on: bool) -> None:
        self.on = on


class LoRAManager:
    """Reads LoRA files, keeps them within a bound of bytes, and applies sets of them.

    Sets are applied to a `LoadedModel` as a whole, one at a time: a second one while the first is
    applied is an error, since taking them out in another order would leave wrong weights.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._bound = cache_bytes
        self._cache = _Memory(cache_bytes)
        self._loaded: OrderedDict[str, LoRAUse] = OrderedDict()
        self._busy: set[int] = set()
        # Merged weights go with their checkpoint.
        self._merged: WeakKeyDictionary[LoadedModel, _Memory] = WeakKeyDictionary()
        self._lock = RLock()

    def load_lora(self, path: Path | str, weight: float = 1.0) -> LoRAFile:
        """Read a file and remember it for the sets of `apply_loras(model)` that name none.

        Raises:
            ModelRefusedError: it is a pickle, broken, or no LoRA.
        """
        use = LoRAUse(Path(path), weight)
        file = self.read(use.path)
        self._loaded[str(use.path)] = use
        return file

    def unload_lora(self, path: Path | str | None = None) -> None:
        """Forget what `load_lora` remembers: one file, or all."""
        if path is None:
            self._loaded.clear()
        else:
            self._loaded.pop(str(path), None)

    def clear_cache(self) -> None:
        """Let go of all that was read and merged."""
        with self._lock:
            for memory in self._memories():
                memory.clear()

    @property
    def cached_bytes(self) -> int:
        """What is kept in memory."""
        return sum(memory.nbytes for memory in self._memories())

    def _memories(self) -> "list[_Memory]":
        """Files, and the merged weights of each checkpoint that is still in memory."""
        return [self._cache, *self._merged.values()]

    def read(self, path: Path) -> LoRAFile:
        """A file's layers; read once as long as it stays the same file. Cost: a stat when it is."""
        try:
            stamp = Stamp.of(path.stat())
        except OSError as error:
            message = f"LoRA {path.stem!r} cannot be read: {error.strerror}"
            raise ModelRefusedError(message) from error
        with self._lock:
            file: LoRAFile = self._cache.get((str(path), stamp), lambda: read_lora(path))
            return file

    def report(self, model: "LoadedModel", path: Path) -> Report:
        """What of a file fits a checkpoint; changes nothing."""
        return _Fit(self.read(path), model).report

    @contextmanager
    def apply_loras(
        self,
        model: "LoadedModel",
        loras: Sequence[LoRAUse] | None = None,
        *,
        calls: int = MERGED_FROM,
        parts: Sequence[str] = PARTS,
    ) -> Iterator[Applied]:
        """While it lasts, the checkpoint has these LoRAs; afterwards it is bit for bit as before.

        `loras` are those of `load_lora` by default; an empty list is none. `calls` is how often the
        denoiser will be called. `parts` are those of the checkpoint to touch.

        Raises:
            ModelRefusedError: a file is made for another family, or nothing of it fits; nothing
                was changed then.
        """
        uses = list(self._loaded.values()) if loras is None else list(loras)
        if not uses:
            yield Applied()
            return
        fits = [_Fit(self.read(use.path), model) for use in uses]
        for fit in fits:
            fit.refuse_foreign()
        with self._alone(model), ExitStack() as undo:
            yield self._put_in(model, list(zip(uses, fits, strict=True)), calls, parts, undo)

    @contextmanager
    def _alone(self, model: "LoadedModel") -> Iterator[None]:
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
        model: "LoadedModel",
        sets: "Sequence[tuple[LoRAUse, _Fit]]",
        calls: int,
        parts: Sequence[str],
        undo: ExitStack,
    ) -> Applied:
        """Apply a set; `undo` takes it out again."""
        dials = {id(use): _Dial(on=use.start == 0) for use, _ in sets}
        blocks = int(getattr(model.components["unet"].config, "layers_per_block", 2))
        by_module: dict[int, tuple[str, Any, list[tuple[LoRAUse, Layer, float]]]] = {}
        for use, fit in sets:
            for path, module, layer in fit.places:
                share = _share(use, layer, path, blocks)
                if layer.part in parts and share:
                    entry = by_module.setdefault(id(module), (f"{layer.part}.{path}", module, []))
                    entry[2].append((use, layer, share))
        merges = calls >= MERGED_FROM
        remembered = self._merged.setdefault(model, _Memory(self._bound))
        modes = set()
        keys = {id(use): (str(use.path), Stamp.of(use.path.stat())) for use, _ in sets}
        for path, module, layers in by_module.values():
            hooked = [
                one for one in layers if _can_hook(one[1]) and (one[0].is_timed or not merges)
            ]
            merged = [one for one in layers if one not in hooked]
            if merged:
                late = [use.path.stem for use, _, _ in merged if use.is_timed]
                if late:
                    message = (
                        f"LoRA {late[0]!r} is of a kind that counts for all steps or none; "
                        "take start and stop away"
                    )
                    raise ConfigError(message)
                kind = str(module.weight.dtype)  # float32 for a while where the usual one gave NaN
                key = (path, kind, *((*keys[id(use)], share) for use, _, share in merged))
                pairs = [(layer, share) for _, layer, share in merged]
                _swap(module, remembered.get(key, partial(_merge, module, pairs)), undo)
                modes.add("merged")
            for use, layer, share in hooked:
                undo.callback(_hook(module, layer, share, dials[id(use)]).remove)
                modes.add("attached")
        undo.callback(setattr, model, "adapted", model.adapted)
        model.adapted = tuple(
            (keys[id(use)], _text_weight(use))
            for use, fit in sets
            if any(layer.part != "unet" and layer.part in parts for _, _, layer in fit.places)
        )
        reports = tuple(fit.report for _, fit in sets)
        timed = [(use, dials[id(use)]) for use, _ in sets if use.is_timed]
        return Applied(reports, " and ".join(sorted(modes)) or "none", timed)


class _Fit:
    """A file against a checkpoint: which of its layers have a place there."""

    def __init__(self, file: LoRAFile, model: "LoadedModel") -> None:
        self._file = file
        self._model = model
        self.places: list[tuple[str, Any, Layer]] = []
        self._unmatched: list[str] = list(file.strange)
        names = model.cached("layers by name", lambda: _names_of(model))
        for layer in file.layers:
            found = names.get(layer.part, {}).get(plain(layer.path))
            if found is None:
                self._unmatched.append(f"{layer.part}: {layer.path}")
            else:
                self.places.append((*found, layer))

    @property
    def report(self) -> Report:
        file = self._file
        unmatched = tuple(self._unmatched)
        return Report(file.name, file.kinds, file.rank, len(self.places), unmatched)

    def refuse_foreign(self) -> None:
        """Refuse a file of which nothing fits, by name or by shape."""
        name = self._file.name
        if not self.places:
            message = (
                f"LoRA {name!r} fits no layer of this {self._model.family} checkpoint "
                f"(such as {self._unmatched[0]}); it is made for another model"
            )
            raise ModelRefusedError(message)
        for path, module, layer in self.places:
            if not _fits(layer, module.weight):
                message = (
                    f"LoRA {name!r} is made for another model: its {layer.part} {path} does not "
                    f"fit a weight of {tuple(module.weight.shape)}"
                )
                raise ModelRefusedError(message)


def _names_of(model: "LoadedModel") -> dict[str, Any]:
    return {
        part: modules_by_name(part, network)
        for part in PARTS
        if (network := model.components.get(part)) is not None
    }


def _fits(layer: Layer, weight: "torch.Tensor") -> bool:
    """Whether a layer's tensors have the sides of a weight. Cost: no arithmetic."""
    leaves = layer.leaves
    outputs, inputs = weight.shape[0], math.prod(weight.shape[1:])
    if "mid" in leaves:
        sides = leaves["up"].shape[0], leaves["down"].shape[1] * math.prod(leaves["mid"].shape[2:])
        return sides == (outputs, inputs)
    if "down" in leaves:
        down, up = leaves["down"], leaves.get("up")
        return (
            up is not None
            and up.shape[0] == outputs
            and math.prod(down.shape[1:]) == inputs
            and math.prod(up.shape[1:]) == down.shape[0]
        )
    if "diff" in leaves:
        return leaves["diff"].numel() == weight.numel()
    if "ia3" in leaves:
        return leaves["ia3"].numel() in {outputs, weight.shape[1] if weight.ndim > 1 else outputs}
    if layer.kind in {"loha", "lokr"}:
        import torch

        with torch.device("meta"):
            meta = torch.empty(weight.shape)
            try:
                shapes = {name: value.to("meta") for name, value in leaves.items()}
                delta({name: one for name, one in shapes.items() if name not in _NUMBERS}, meta)
            except ValueError:
                return False
    return True


_NUMBERS = {"alpha", "magnitude"}


def _share(use: LoRAUse, layer: Layer, path: str, layers_per_block: int) -> float:
    """How much of a LoRA counts in one layer."""
    if layer.part != "unet":
        return _text_weight(use)
    if use.block_weights is None:
        return use.weight
    return use.weight * read_block_weights(use.block_weights).get(
        block_of(path, layers_per_block), 1.0
    )


def _text_weight(use: LoRAUse) -> float:
    """How much of a LoRA counts in the text encoders."""
    weight = use.weight if use.text_encoder is None else use.text_encoder
    if use.block_weights is None:
        return weight
    return weight * read_block_weights(use.block_weights).get("BASE", 1.0)


def _can_hook(layer: Layer) -> bool:
    """Whether what it adds can be added to a layer's output without making ΔW."""
    return layer.kind == "lora" and "mid" not in layer.leaves and "diff_b" not in layer.leaves


def _merge(module: Any, layers: "list[tuple[Layer, float]]") -> "dict[str, torch.Tensor]":
    """W + Σ wᵢ ΔWᵢ, summed in float32; every ΔW is that of the original weight."""
    import torch

    with torch.inference_mode(mode=False), torch.no_grad():
        weight = module.weight.detach()
        total = weight.float()
        made: dict[str, torch.Tensor] = {}
        for layer, share in layers:
            if any(name != "diff_b" for name in layer.leaves):
                total = total + share * delta(layer.leaves, weight)
            if (bias := layer.leaves.get("diff_b")) is not None and module.bias is not None:
                base = made.get("bias", module.bias.detach().float())
                made["bias"] = base + share * bias.to(base).reshape(base.shape)
        made["weight"] = total
        return {
            name: torch.empty_like(getattr(module, name)).copy_(value)
            for name, value in made.items()
        }


def _swap(module: Any, new: "Mapping[str, torch.Tensor]", undo: ExitStack) -> None:
    """Point a module's parameters at other tensors; the original ones are kept as they are."""
    for name, value in new.items():
        parameter = getattr(module, name)
        undo.callback(setattr, parameter, "data", parameter.data)
        parameter.data = value


def _hook(module: Any, layer: Layer, share: float, dial: _Dial) -> Any:
    """Add `up(down(x))` to what a linear layer or a convolution gives."""
    import torch
    import torch.nn.functional as F

    weight = module.weight
    alpha = layer.leaves.get("alpha")
    down = layer.leaves["down"].to(weight)
    scale = share * (1.0 if alpha is None else float(alpha) / down.shape[0])
    up = (layer.leaves["up"].float() * scale).to(weight)
    convolves = isinstance(module, torch.nn.Conv2d)
    if convolves:
        down = down.reshape(-1, *weight.shape[1:])
        up = up.reshape(weight.shape[0], -1, 1, 1)
    else:
        down, up = down.flatten(1), up.flatten(1)

    def add(_module: Any, args: Any, output: "torch.Tensor") -> "torch.Tensor":
        if not dial.on:
            return output
        if convolves:
            within = F.conv2d(args[0], down, None, module.stride, module.padding, module.dilation)
            return output + F.conv2d(within, up)
        return output + F.linear(F.linear(args[0], down), up)

    return module.register_forward_hook(add)


class _Memory:
    """Things of known size, the least lately used of them dropped when they grow too large."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self.nbytes = 0

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under the key, else what `make` gives."""
        if key not in self._kept:
            made = make()
            nbytes = _bytes_of(made)
            self._kept[key] = (made, nbytes)
            self.nbytes += nbytes
        self._kept.move_to_end(key)
        found = self._kept[key][0]
        while self.nbytes > self._bound and self._kept:
            self.nbytes -= self._kept.popitem(last=False)[1][1]
        return found

    def clear(self) -> None:
        self._kept.clear()
        self.nbytes = 0


def _bytes_of(thing: Any) -> int:
    """Of a file, or of a layer's new tensors by their names."""
    if isinstance(thing, Mapping):
        return sum(value.nbytes for value in thing.values())
    return int(thing.nbytes)
