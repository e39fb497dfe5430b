"""Temporary replacement of a network's `forward`, and splitting and joining of its batches.

Hooks and wrappers of other code stay: the network's earlier `forward` is restored afterwards.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def computing_by(network: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Replace a network's `forward` inside the `with` block."""
    with restoring_forward(network):
        network.forward = forward
        yield


@contextmanager
def restoring_forward(network: Any) -> Iterator[None]:
    """Restore the network's `forward` at the end of the `with` block, whatever replaced it."""
    before = vars(network).get("forward")
    try:
        yield
    finally:
        if before is None:
            vars(network).pop("forward", None)
        else:
            network.forward = before


def of_rows(value: Any, rows: int, take: "Callable[[torch.Tensor], torch.Tensor]") -> Any:
    """Return inputs of a network with `take` applied to each tensor that has a row per picture.

    Args:
        value: A tensor, or tensors in mappings, lists and tuples; anything else is returned as it
            is.
        rows: How many rows the batch has.
        take: The function to apply to a tensor (rows, ...).
    """
    import torch

    if isinstance(value, Mapping):
        return {name: of_rows(one, rows, take) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(of_rows(one, rows, take) for one in value)
    if isinstance(value, torch.Tensor) and value.ndim > 0 and value.shape[0] == rows:
        return take(value)
    return value


def joined_rows(parts: Sequence[Any]) -> Any:
    """Join a network's results for single rows into its result for the whole batch."""
    import torch

    if isinstance(parts[0], torch.Tensor):
        return torch.cat(list(parts))
    return type(parts[0])(joined_rows(ones) for ones in zip(*parts, strict=True))
