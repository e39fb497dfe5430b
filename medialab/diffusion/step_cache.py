"""Steps that reuse what the later blocks of a transformer added before, if the first adds the same.

The first block is always computed. Where its residual is within a threshold of the one at the last
call that was computed in full, the later blocks are left out, and what they added then is added
again: another picture, close to the exact one, in less time.
Source: ParaAttention's First Block Cache; diffusers, hooks/first_block_cache.py, whose pictures
these are, byte for byte, where both work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch

    from medialab.families.base import Family

# The most prompts of which something is kept: an AND has several, and they may change with the
# steps.
_MOST_PROMPTS = 8
# Maps of (a picture's tokens, width) in memory for each prompt: the first block's addition at the
# last call in full, that of the later blocks, and the first block's outputs while these compute.
# The last two have the text's tokens, too: half as many as those of a picture of 512 px.
KEPT_MAPS = 4
_LATENTS = "hidden_states"
IN_FULL = "{} are computed in full"


@dataclass(eq=False)
class _Prompt:
    """What is kept between the calls of the denoiser with one prompt.

    Attributes:
        told: The inputs of a call besides latents and time.
        first: The first block's residual, at the last call in full.
        added: What the later blocks added then to each of the first one's outputs.
        is_pair: For each later block whether it returned several tensors.
        outputs: The first block's outputs at the present call, until they are of no more use.
        reuses: Whether the present call leaves the later blocks out.
    """

    told: Any
    first: "torch.Tensor | None" = None
    added: "Sequence[torch.Tensor | None]" = ()
    is_pair: dict[int, bool] = field(default_factory=dict)
    outputs: Sequence[Any] = ()
    reuses: bool = False


class StepCache:
    """The step cache of one denoising.

    Args:
        threshold: The greatest change of the first block's residual, as a share of it, at which
            the later blocks are left out; 0 computes every step in full.
        in_full: What has every step computed in full nonetheless, in words; "" if nothing has.
        situation: Returns what else the denoiser's answers depend on, such as the LoRAs that are
            on; nothing of another situation is reused.
    """

    def __init__(
        self,
        threshold: float,
        in_full: str = "",
        situation: Callable[[], Any] = lambda: None,
    ) -> None:
        self._threshold, self._in_full, self._situation = threshold, in_full, situation
        self._prompts: list[_Prompt] = []
        self._calls = self._reused = 0

    def begin(self) -> None:
        """Forget everything, since the steps begin, or begin again in a retry."""
        self._prompts.clear()
        self._calls = self._reused = 0

    @property
    def as_record(self) -> dict[str, Any]:
        """The entry for the record: the denoiser's calls, and how many of them reused; or none."""
        if not self._threshold:
            return {}
        found: dict[str, Any] = {
            "threshold": self._threshold,
            "calls": self._calls,
            "reused": self._reused,
        }
        if self._in_full:
            found["note"] = IN_FULL.format(self._in_full)
        return {"step_cache": found}

    @contextmanager
    def within(self, family: "Family", network: Any) -> Iterator[None]:
        """Let a denoiser reuse its blocks' results inside the `with` block; nothing stays in it.

        Args:
            family: Its family, which can.
            network: The denoiser.
        """
        blocks = [block for name in family.reused_blocks for block in getattr(network, name)]
        if not self._threshold or self._in_full or len(blocks) < 2:
            yield
            return
        try:
            with ExitStack() as undo:
                first, *others = blocks
                undo.enter_context(computing_by(first, partial(self._first, first.forward)))
                for number, block in enumerate(others, 1):
                    is_last = number == len(others)
                    later = partial(self._later, block.forward, number, is_last)
                    undo.enter_context(computing_by(block, later))
                undo.enter_context(computing_by(network, partial(self._called, network.forward)))
                yield
        finally:
            self._prompts.clear()

    def _called(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the denoiser, with what is kept of its prompt."""
        self._take_up(args, inputs)
        found = forward(*args, **inputs)
        self._calls += 1
        self._reused += self._present.reuses
        return found

    @property
    def _present(self) -> _Prompt:
        return self._prompts[-1]

    def _take_up(self, args: Sequence[Any], inputs: Mapping[str, Any]) -> None:
        """Make the prompt of a call the last of those that are kept."""
        told = (self._situation(), *_told(args, inputs))
        for prompt in self._prompts:
            if _are_same(prompt.told, told):
                self._prompts.remove(prompt)
                break
        else:
            prompt = _Prompt(told)
        self._prompts = [*self._prompts[1 - _MOST_PROMPTS :], prompt]

    def _first(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        found = forward(*args, **inputs)
        prompt = self._present
        prompt.outputs = _parts(found)
        residual = prompt.outputs[-1] - (inputs[_LATENTS] if _LATENTS in inputs else args[0])
        prompt.reuses = self._is_near(residual, prompt.first)
        if not prompt.reuses:
            prompt.first = residual
        return found

    def _is_near(self, residual: "torch.Tensor", before: "torch.Tensor | None") -> bool:
        # A pipeline may compute a prompt's places at its first call alone: the picture's come last.
        if before is None or before.shape[1] < residual.shape[1]:
            return False
        before = _last(before, residual)
        change = (residual - before).abs().mean() / before.abs().mean()
        return bool(change <= self._threshold)

    def _later(
        self, forward: Callable[..., Any], number: int, is_last: bool, *args: Any, **inputs: Any
    ) -> Any:
        prompt = self._present
        if not prompt.reuses:
            found = forward(*args, **inputs)
            parts = _parts(found)
            prompt.is_pair[number] = isinstance(found, tuple)
            if is_last:
                own = _as_many(prompt.outputs, parts)
                prompt.added = [
                    None if one is None else one - begun
                    for one, begun in zip(parts, own, strict=True)
                ]
                prompt.outputs = ()
            return found
        is_pair = prompt.is_pair[number]
        parts = list(prompt.outputs if is_pair else [_joined(prompt.outputs)])
        if is_last:
            parts = [
                None if more is None else _last(more, one) + one
                for more, one in zip(prompt.added, parts, strict=True)
            ]
            prompt.outputs = ()
        return tuple(parts) if is_pair else parts[0]


def _last(tokens: "torch.Tensor", like: "torch.Tensor") -> "torch.Tensor":
    """Return as many of the last tokens (rows, tokens, width) as another tensor has."""
    return tokens[:, tokens.shape[1] - like.shape[1] :]


def _parts(found: Any) -> Sequence[Any]:
    """Return a block's outputs; the last is the picture's, or of text and picture in one."""
    return found if isinstance(found, tuple) else (found,)


def _as_many(outputs: Sequence[Any], parts: Sequence[Any]) -> Sequence[Any]:
    """Return the first block's outputs in the form of the last one's."""
    return outputs if len(outputs) == len(parts) else [_joined(outputs)]


def _joined(outputs: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return text and picture in one, as later blocks of some transformers take them."""
    import torch

    return outputs[0] if len(outputs) == 1 else torch.cat(list(outputs), dim=1)


def _told(args: Sequence[Any], inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the shape of a call's latents, and its other inputs besides numbers for each row."""
    latents = args[0] if args else inputs[_LATENTS]
    shapes = [tuple(one.shape) for one in latents]
    rest = [*args[1:], *(one for name, one in sorted(inputs.items()) if name != _LATENTS)]
    return shapes, [one for one in _tensors(rest) if one.ndim > 1]


def _tensors(value: Any) -> "Iterator[torch.Tensor]":
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)


def _are_same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Return whether two calls were told the same, number by number."""
    import torch

    *facts, tensors = one
    *others, others_tensors = other
    return (
        facts == others
        and len(tensors) == len(others_tensors)
        and all(
            a is b or (a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b))
            for a, b in zip(tensors, others_tensors, strict=True)
        )
    )
