"""Calls of one network joined into a call of a larger batch, and its answer split again.

A call has a row or more in each of its tensors, the first of which are the latents. What has no
rows, such as a timestep or the positions of tokens, must be equal in all calls.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Call(NamedTuple):
    """The arguments of one call of a network."""

    args: tuple[Any, ...]
    inputs: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """The rows of its batch."""
        return len(self.args[0] if self.args else next(iter(self.inputs.values())))

    @property
    def holds_state(self) -> bool:
        """Whether an argument is an object that one call writes and a later one reads: a cache.

        Such a call cannot be joined with another, which has a cache of its own.
        """
        return not (all(map(_is_plain, self.args)) and all(map(_is_plain, self.inputs.values())))


class Joining(NamedTuple):
    """How calls of a network are joined.

    Attributes:
        rows: The rows of each call.
        in_lists: Whether a list as long as that is a list of rows; otherwise lists hold tensors
            that have rows each.
    """

    rows: int
    in_lists: bool

    def are_alike(self, one: Any, other: Any) -> bool:
        """Return whether two calls, or parts of them, differ in the content of rows alone."""
        import torch

        if type(one) is not type(other):
            return False
        if isinstance(one, Mapping):
            return one.keys() == other.keys() and all(
                self.are_alike(value, other[name]) for name, value in one.items()
            )
        if isinstance(one, (list, tuple)):
            alike = _are_alike_rows if self._is_rows(one) else self.are_alike
            return len(one) == len(other) and all(map(alike, one, other))
        if not isinstance(one, torch.Tensor):
            return bool(one == other)
        return _are_alike_rows(one, other) and (self._is_rows(one) or torch.equal(one, other))

    def join(self, values: Sequence[Any]) -> Any:
        """Return one call, or a part of it, of those that are alike, with their rows in order."""
        import torch

        first = values[0]
        if isinstance(first, Mapping):
            return {name: self.join([one[name] for one in values]) for name in first}
        if isinstance(first, (list, tuple)):
            if self._is_rows(first):
                return [row for one in values for row in one]
            return type(first)(self.join(ones) for ones in zip(*values, strict=True))
        is_joined = isinstance(first, torch.Tensor) and self._is_rows(first)
        return torch.cat(list(values)) if is_joined else first

    def split(self, answer: Any, calls: int) -> list[Any]:
        """Return each call's share of the answer to so many joined calls.

        Raises:
            TypeError: it holds something that is neither rows nor a structure of them.
        """
        import torch

        rows = self.rows
        is_list = self.in_lists and isinstance(answer, list)
        if (is_list or isinstance(answer, torch.Tensor)) and len(answer) == calls * rows:
            return [answer[at : at + rows] for at in range(0, calls * rows, rows)]
        if isinstance(answer, (list, tuple)):
            shares = [self.split(one, calls) for one in answer]
            return [type(answer)(ones) for ones in zip(*shares, strict=True)]
        if isinstance(answer, Mapping):  # such as diffusers' outputs
            named = {name: self.split(one, calls) for name, one in answer.items()}
            kind: Any = type(answer)
            return [kind(**{name: ones[at] for name, ones in named.items()}) for at in range(calls)]
        if answer is None:
            return [None] * calls
        what = type(answer).__name__
        shape = f" of shape {tuple(answer.shape)}" if isinstance(answer, torch.Tensor) else ""
        raise TypeError(f"{what}{shape} in the answer to {calls} calls of {rows} rows")

    def _is_rows(self, value: Any) -> bool:
        """Return whether a tensor or a list has an element for each row."""
        if isinstance(value, (list, tuple)):
            return self.in_lists and isinstance(value, list) and len(value) == self.rows
        return value.ndim > 0 and len(value) == self.rows


def _are_alike_rows(one: Any, other: Any) -> bool:
    """Return whether tensors have the same form, or other values are equal."""
    import torch

    if not (isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor)):
        return bool(one == other)
    return (one.shape, one.dtype, one.device) == (other.shape, other.dtype, other.device)


def _is_plain(value: Any) -> bool:
    """Return whether a value consists of tensors, numbers, texts and the like."""
    import torch

    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (torch.Tensor, torch.dtype, int, float, str))
