"""Retries of a stage: with less memory each time that it runs out, in float32 after NaN.

Only the failed piece of work is done again, with one fallback more each time; what was finished
stays. A fallback lasts as long as the work it is for: weights and switches are afterwards as they
were before.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from medialab.errors import NotFiniteError, OutOfMemoryError, first_line
from medialab.process.memory import free_memory, is_out_of_memory

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

OUT_OF_MEMORY, NOT_FINITE = "out of memory", "NaN"
IN_FLOAT32 = "in float32"


class Fallback(NamedTuple):
    """A way to need less memory. With `enter` None this device does not have it.

    `exact` says whether the same pixels come out.
    """

    name: str
    exact: bool
    enter: Callable[[], AbstractContextManager[object]] | None


@dataclass(frozen=True)
class Retry:
    """A piece of work that was done again: which, why, and how."""

    part: str
    why: str
    how: str
    exact: bool = True

    @property
    def as_record(self) -> dict[str, Any]:
        """As a run's record tells it."""
        return {"part": self.part, "why": self.why, "how": self.how, "same_pixels": self.exact}


class Raisable(Protocol):
    """A model whose weights can be brought to float32 for a while."""

    def in_float32(self) -> AbstractContextManager[object]:
        """While it lasts, the weights are float32."""


class RetryPolicy:
    """How one stage retries, and what it has retried so far (`done`, in order).

    `free` gives back what the stage can do without. A policy belongs to one stage of one run; no
    model holds it.

    Source of the order: diffusers' and A1111's own advice, cheapest and least visible first.
    """

    def __init__(self, free: Callable[[], object] = free_memory) -> None:
        self.done: list[Retry] = []
        self._free = free
        self._levels: dict[str, int] = {}
        self._raised: ExitStack | None = None
        self._taken: list[Raisable] = []

    @property
    def exact(self) -> bool:
        """Whether all that was done again gives the pixels that it would have given at once."""
        return all(retry.exact for retry in self.done)

    def attempt(self, part: str, fallbacks: Sequence[Fallback], work: Callable[[], T]) -> T:
        """Return what `work` returns; when memory runs out it begins anew, with a fallback more.

        A second piece of the same part begins with the fallbacks that the first one needed.

        Raises:
            OutOfMemoryError: not with every fallback either; nothing of the work is left in memory.
        """
        there = [
            Fallback("caches freed", True, ExitStack),
            *(fallback for fallback in fallbacks if fallback.enter),
        ]
        while True:
            level = self._levels.get(part, 0)
            # Outside the except: a kept exception would hold every tensor of the failed try.
            result, fault = _tried(partial(_within, there[:level], work))
            if fault is None:
                return result  # type: ignore[return-value]  # None only for work of None
            self._free()
            if level == len(there):
                raise OutOfMemoryError(_given_up(part, there, fallbacks, fault)) from fault
            self._levels[part] = level + 1
            found = there[level]
            self.done.append(Retry(part, OUT_OF_MEMORY, found.name, found.exact))

    def run(self, stage: str, work: Callable[[], T]) -> T:
        """Return what a stage's work returns; once more in float32 if it computed NaN.

        Raises:
            NotFiniteError: in float32 there are none either; the text names the stage.
            OutOfMemoryError: as `attempt`.
        """
        try:
            try:
                return self.attempt(stage, (), work)
            except NotFiniteError:
                self.done.append(Retry(stage, NOT_FINITE, IN_FLOAT32))
            self._free()
            with ExitStack() as self._raised:
                for model in self._taken:
                    self._raised.enter_context(model.in_float32())
                return self.attempt(stage, (), work)
        except NotFiniteError as error:
            message = f"{stage}: {error}; float32 did not help"
            raise NotFiniteError(message) from error
        except OutOfMemoryError as error:
            message = f"{stage}: {error}"
            raise OutOfMemoryError(message) from error
        finally:
            self._raised = None
            self._taken.clear()

    def take(self, model: Raisable) -> None:
        """Bring a model that the stage was lent to float32, too, when its numbers are NaN."""
        if any(one is model for one in self._taken):
            return
        self._taken.append(model)
        if self._raised is not None:
            self._raised.enter_context(model.in_float32())

    def finite(
        self,
        part: str,
        fallbacks: Sequence[Fallback],
        work: "Callable[[], torch.Tensor]",
        network: "torch.nn.Module",
    ) -> "torch.Tensor":
        """Return what `work` computes with a network: if there is NaN in it, in float32.

        Source: A1111's "upcast to float32" of a VAE (modules/processing.py, decode_latent_batch).

        Raises:
            NotFiniteError: there are NaN still.
            OutOfMemoryError: as `attempt`.
        """
        found = self.attempt(part, fallbacks, work)
        if is_finite(found):
            return found
        self.done.append(Retry(part, NOT_FINITE, IN_FLOAT32))
        with in_float32(network):
            found = self.attempt(part, fallbacks, work)
        if not is_finite(found):
            message = f"{part} produced NaN"
            raise NotFiniteError(message)
        return found


@contextmanager
def naming_lack(what: str) -> Iterator[None]:
    """Within it, memory that runs out beside the stages is told as theirs is.

    Raises:
        OutOfMemoryError: it ran out.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        said = first_line(error).rstrip(".")
        message = (
            f"{what} ran out of memory ({said}): make the picture smaller, or close "
            "other programs and kernels; stages that were done are kept"
        )
        raise OutOfMemoryError(message) from error


def is_finite(values: "torch.Tensor") -> bool:
    """Whether every one is a number. Cost: 1 ms a megapixel."""
    import torch

    return bool(torch.isfinite(values).all())


@contextmanager
def in_float32(*networks: "torch.nn.Module") -> Iterator[None]:
    """While it lasts, the weights are float32; afterwards every bit is as it was.

    Each weight goes back to its own type: some networks keep a few in float32 by themselves.
    """
    import torch

    raised: list[tuple[torch.Tensor, torch.dtype]] = []
    with ExitStack() as undo:
        undo.callback(_lower, raised)
        with torch.inference_mode(mode=False), torch.no_grad():
            for network in networks:
                for tensor in (*network.parameters(), *network.buffers()):
                    if tensor.is_floating_point() and tensor.dtype != torch.float32:
                        raised.append((tensor, tensor.dtype))
                        tensor.data = tensor.data.float()
        yield


def _lower(raised: "list[tuple[torch.Tensor, torch.dtype]]") -> None:
    import torch

    with torch.inference_mode(mode=False), torch.no_grad():
        for tensor, dtype in raised:
            tensor.data = tensor.data.to(dtype)


def _within(fallbacks: Sequence[Fallback], work: Callable[[], T]) -> T:
    """Return what the work returns, done with these fallbacks."""
    with ExitStack() as undo:
        for fallback in fallbacks:
            if fallback.enter is not None:
                undo.enter_context(fallback.enter())
        return work()


def _tried(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """Return what the work returns, or the error of too little memory, without what it holds."""
    try:
        return work(), None
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        error.__cause__ = error.__context__ = None
        return None, error.with_traceback(None)


def _given_up(
    part: str, tried: Sequence[Fallback], fallbacks: Sequence[Fallback], fault: BaseException
) -> str:
    missing = "".join(f"; {one.name}: not on this device" for one in fallbacks if not one.enter)
    said = first_line(fault).rstrip(".")
    return (
        f"{part} ran out of memory ({said}) with {', '.join(r.name for r in tried)}"
        f"{missing}. Make the picture smaller (width and height, or the scale of refiner or "
        "upscaler), or close other programs; finished stages are cached, and the next run "
        "continues from them"
    )
