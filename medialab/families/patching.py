"""A network whose calls go elsewhere for a while, and batches taken apart and put together.

Hooks and wrappers of others stay: what stood on the network before stands there again afterwards.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def computing_by(network: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Send calls of a network to `forward`; put back what was there afterwards."""
    with restoring_forward(network):
        network.forward = forward
        yield


@contextmanager
def restoring_forward(network: Any) -> Iterator[None]:
    """Put back the network's own `forward` at the end, whoever replaced it meanwhile."""
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
        take: What becomes of a tensor (rows, ...).
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
    """Return what a network gave for each row as it would have given it for all of them."""
    import torch

    if isinstance(parts[0], torch.Tensor):
        return torch.cat(list(parts))
    return type(parts[0])(joined_rows(ones) for ones in zip(*parts, strict=True))
