"""Retries of a stage: with less memory each time that memory runs out, in float32 after NaN.

Only the failed operation is repeated, with one more fallback each time; finished work is not. A
fallback lasts for that operation: afterwards weights and switches are as they were before.
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
    """A way to need less memory.

    Attributes:
        name: In words for the record and messages.
        exact: Whether the pixels stay the same.
        enter: Returns the context that applies it; None if this device does not support it.
    """

    name: str
    exact: bool
    enter: Callable[[], AbstractContextManager[object]] | None


@dataclass(frozen=True)
class Retry:
    """An operation that was repeated: its name, the reason, the fallback, whether exact."""

    part: str
    why: str
    how: str
    exact: bool = True

    @property
    def as_record(self) -> dict[str, Any]:
        """The entry for a run's record."""
        return {"part": self.part, "why": self.why, "how": self.how, "same_pixels": self.exact}


class Raisable(Protocol):
    """A model whose weights can be converted to float32 for a block."""

    def in_float32(self) -> AbstractContextManager[object]:
        """Convert the weights to float32 for the block."""


class RetryPolicy:
    """The retries of one stage in one run: how, and which so far (`done`, in order).

    No model holds a reference to it.

    Args:
        free: Releases memory that the stage does not need, before each retry.

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
        """Whether the retries so far have not changed the pixels."""
        return all(retry.exact for retry in self.done)

    def attempt(self, part: str, fallbacks: Sequence[Fallback], work: Callable[[], T]) -> T:
        """Return the result of `work`; when memory runs out, repeat it with one more fallback.

        Args:
            part: Name of the operation; the next one of the same name starts with the fallbacks
                that this one needed.
            fallbacks: What to try, in order.
            work: The operation; it may run several times.

        Raises:
            OutOfMemoryError: memory runs out with all fallbacks too; nothing of the work is left in
                memory.
        """
        there = [
            Fallback("caches freed", True, ExitStack),
            *(fallback for fallback in fallbacks if fallback.enter),
        ]
        while True:
            level = self._levels.get(part, 0)
            # Outside the except: a stored exception would hold every tensor of the failed attempt.
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
        """Return the result of a stage's work, repeated once in float32 if it produced NaN.

        Raises:
            NotFiniteError: it produces NaN in float32 too; the message names the stage.
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
        """Register a model of the stage, to be converted to float32 when the stage is repeated."""
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
        """Return the tensor that `work` computes with a network, in float32 if it has NaN.

        Args:
            part: Name of the operation.
            fallbacks: What to try when memory runs out, in order.
            work: Computes the tensor; it may run several times.
            network: Its weights are converted to float32 for the repetition.

        Source: A1111's "upcast to float32" of a VAE (modules/processing.py, decode_latent_batch).

        Raises:
            NotFiniteError: it has NaN in float32 too.
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
def naming_out_of_memory(what: str) -> Iterator[None]:
    """Convert errors of running out of memory outside the stages, within the block.

    Args:
        what: What ran out of memory, for the message.

    Raises:
        OutOfMemoryError: memory ran out in the block.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        said = first_line(error).rstrip(".")
        message = (
            f"{what} ran out of memory ({said}): make the picture smaller, or close "
            "other programs and kernels; finished stages are cached"
        )
        raise OutOfMemoryError(message) from error


def is_finite(values: "torch.Tensor") -> bool:
    """Return whether a tensor has neither NaN nor infinity. Cost: 1 ms per megapixel."""
    import torch

    return bool(torch.isfinite(values).all())


@contextmanager
def in_float32(*networks: "torch.nn.Module") -> Iterator[None]:
    """Convert networks' weights to float32 for the block; afterwards every bit is as before.

    Each weight returns to its own type, since some networks have a few in float32 anyway. Weights
    that are stored in a byte each stay so: their layers make others of them.
    """
    import torch

    raised: list[tuple[torch.Tensor, torch.dtype]] = []
    with ExitStack() as undo:
        undo.callback(_lower, raised)
        with torch.inference_mode(mode=False), torch.no_grad():
            for network in networks:
                for tensor in (*network.parameters(), *network.buffers()):
                    is_stored = tensor.dtype.itemsize == 1
                    if (
                        tensor.is_floating_point()
                        and tensor.dtype != torch.float32
                        and not is_stored
                    ):
                        raised.append((tensor, tensor.dtype))
                        tensor.data = tensor.data.float()
        yield


def _lower(raised: "list[tuple[torch.Tensor, torch.dtype]]") -> None:
    import torch

    with torch.inference_mode(mode=False), torch.no_grad():
        for tensor, dtype in raised:
            tensor.data = tensor.data.to(dtype)


def _within(fallbacks: Sequence[Fallback], work: Callable[[], T]) -> T:
    """Return the result of the work, with the fallbacks applied."""
    with ExitStack() as undo:
        for fallback in fallbacks:
            if fallback.enter is not None:
                undo.enter_context(fallback.enter())
        return work()


def _tried(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """Return the result of the work, or its out-of-memory error, without the frames it holds."""
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
