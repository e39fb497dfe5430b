"""The LoRAs of one module: added to its output, or merged into its weight.

Neither changes the original tensors: a hook is removed, a pointer is reset.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.lora.deltas import delta
from medialab.lora.files import Layer
from medialab.lora.shapes import is_packed

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]


class Dial:
    """Switches a LoRA on from `start` to `stop`, shares of the steps from 0 to 1."""

    def __init__(self, start: float, stop: float) -> None:
        self._start = start
        self._stop = stop
        self.on = False
        self.turn(0.0)

    def turn(self, share: float) -> None:
        """Set `on` for a progress, a share of the steps from 0 to 1."""
        self.on = self._start <= share and (share < self._stop or self._stop == 1)


class Part(NamedTuple):
    """One LoRA's layer for a module, and its weight while its dial is on."""

    dial: Dial
    layer: Layer
    share: float


class Merged:
    """A module whose parameters point at `W + Σ wᵢ ΔWᵢ` of the LoRAs that are on.

    Args:
        module: The module.
        parts: Its LoRAs.
        remember: Returns the cached sum, given the numbers of its LoRAs among `parts`, its size in
            bytes and a function that computes it. None if it does not fit: then the sum is computed
            for each call of the module and dropped afterwards.
        naming: A context for computing a sum, which names the file in errors.
    """

    def __init__(
        self,
        module: Any,
        parts: Sequence[Part],
        remember: "Callable[[tuple[int, ...], int, Callable[[], Tensors]], Tensors | None]",
        naming: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._module = module
        self._naming = naming
        self._parts = parts
        self._remember = remember
        self._original = {
            name: parameter.data
            for name in ("weight", "bias")
            if (parameter := getattr(module, name, None)) is not None
        }
        self._counting: tuple[int, ...] = ()
        self._hooks: list[Any] = []

    def turn(self) -> None:
        """Point at the sum of the LoRAs that are on now."""
        counting = tuple(number for number, part in enumerate(self._parts) if part.dial.on)
        if counting == self._counting:
            return
        self.restore()
        if counting:
            parts = [self._parts[number] for number in counting]
            make = partial(self._merged, parts)
            nbytes = sum(value.nbytes for value in self._original.values())
            sums = self._remember(counting, nbytes, make)
            if sums is None:
                self._make_for_each_call(make)
            else:
                self._point_at({**self._original, **sums})
        self._counting = counting

    def restore(self) -> None:
        """Point at the original, unchanged tensors again."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._point_at(self._original)
        self._counting = ()

    def merge_each_call(self) -> None:
        """Compute sums for each call from now on, and cache none; the bytes are the same."""
        self._remember = lambda _counting, _nbytes, _make: None
        self.restore()
        self.turn()

    def _merged(self, parts: Sequence[Part]) -> "Tensors":
        with self._naming():
            return merge(self._original, parts)

    def _make_for_each_call(self, make: "Callable[[], Tensors]") -> None:
        def before(_module: Any, args: Any) -> None:
            # The original may wait on the CPU; a sum is needed where the module computes.
            sums = {**self._original, **make()}
            where = args[0].device if args else self._module.weight.device
            self._point_at({name: value.to(where) for name, value in sums.items()})

        def after(_module: Any, _args: Any, _output: Any) -> None:
            self._point_at(self._original)

        self._hooks += [
            # The first hook before the call and the last one after it, if there are others.
            self._module.register_forward_pre_hook(before, prepend=True),
            self._module.register_forward_hook(after, always_call=True),
        ]

    def _point_at(self, tensors: "Tensors") -> None:
        for name, value in tensors.items():
            getattr(self._module, name).data = value


def merge(original: "Tensors", parts: Sequence[Part]) -> "dict[str, torch.Tensor]":
    """Return the parameters that change, summed in float32; each ΔW is for the original weight.

    Args:
        original: The module's parameters by name ("weight", "bias").
        parts: The LoRAs to add.

    Returns:
        New tensors of the originals' shapes and dtypes.
    """
    import torch

    with torch.inference_mode(mode=False), torch.no_grad():
        weight = original["weight"]
        total = weight.float()
        made: dict[str, torch.Tensor] = {}
        for _, layer, share in parts:
            if any(name != "diff_b" for name in layer.leaves):
                total = total + share * delta(layer.leaves, weight, layer.rows)
            if (bias := layer.leaves.get("diff_b")) is not None and "bias" in original:
                base = made.get("bias", original["bias"].float())
                made["bias"] = base + share * bias.to(base).reshape(base.shape)
        made["weight"] = total
        return {name: torch.empty_like(original[name]).copy_(value) for name, value in made.items()}


def can_attach(module: Any, layer: Layer) -> bool:
    """Return whether a layer's `up(down(x))` can be added to a module's output without ΔW."""
    import torch

    if layer.kind != "lora" or {"mid", "diff_b"} & layer.leaves.keys():
        return False
    plain = isinstance(module, torch.nn.Conv2d) and module.groups == 1
    return plain or isinstance(module, torch.nn.Linear)


def ready_to_attach(module: Any, part: Part) -> "dict[str, torch.Tensor]":
    """Return `down` and `up`, with the LoRA's weight multiplied into `up`.

    Their dtype is the module's; float32 if its weight is packed.
    """
    import torch

    weight, leaves = module.weight, part.layer.leaves
    # A packed weight is computed with in the dtype of what comes in, which a call tells.
    dtype = torch.float32 if is_packed(module) else weight.dtype
    down = leaves["down"].to(weight.device, dtype)
    alpha = leaves.get("alpha")
    scale = part.share * (1.0 if alpha is None else float(alpha) / down.shape[0])
    up = (leaves["up"].float() * scale).to(weight.device, dtype)
    if isinstance(module, torch.nn.Conv2d):
        shape = weight.shape[1:]
        return {"down": down.reshape(-1, *shape), "up": up.reshape(len(weight), -1, 1, 1)}
    return {"down": down.flatten(1), "up": up.flatten(1)}


def attach(module: Any, ready: "Tensors", dial: Dial) -> Any:
    """Add `up(down(x))` to a module's output while the dial is on; return the hook's handle."""
    import torch
    import torch.nn.functional as F

    down, up = ready["down"], ready["up"]
    convolves = isinstance(module, torch.nn.Conv2d)

    def add(_module: Any, args: Any, output: "torch.Tensor") -> "torch.Tensor":
        if not dial.on:
            return output
        # A module may have waited on the CPU when this was attached, and compute elsewhere.
        first, second = down.to(args[0]), up.to(args[0])
        if convolves:
            within = F.conv2d(args[0], first, None, module.stride, module.padding, module.dilation)
            return output + F.conv2d(within, second)
        return output + F.linear(F.linear(args[0], first), second)

    return module.register_forward_hook(add)
