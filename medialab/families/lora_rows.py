"""The rows that a module has of a layer in LoRA files, where the original code joins layers.

The original code of most transformers computes query, key and value in one layer, diffusers in
three; and in the last layer it has shift before scale, diffusers scale before shift.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class Rows(NamedTuple):
    """The rows of a file's layer that are a module's, in the module's order.

    Attributes:
        ranges: First row and the row after the last, of each range.
        whole: The number of rows of the file's layer.
    """

    ranges: tuple[tuple[int, int], ...]
    whole: int

    def of(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the module's rows of a tensor; a view, if they are one range.

        Raises:
            ValueError: the tensor has another number of rows than the file's layer must have.
        """
        import torch

        if not tensor.ndim or len(tensor) != self.whole:
            message = f"a tensor of {tuple(tensor.shape)} in place of one of {self.whole} rows"
            raise ValueError(message)
        parts = [tensor[start:stop] for start, stop in self.ranges]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def widened(self, weight: "torch.Tensor") -> "torch.Tensor":
        """Return a tensor of the shape of the file's layer, given the module's weight.

        Its values mean nothing, and it takes no memory.
        """
        return weight[:1].expand(self.whole, *weight.shape[1:])


def following(sizes: "list[int]", number: int) -> Rows:
    """Return the rows of one of several modules that follow one another in a file's layer.

    Args:
        sizes: The modules' numbers of rows.
        number: The module's place among them, from 0.
    """
    start = sum(sizes[:number])
    return Rows(((start, start + sizes[number]),), sum(sizes))


def swapped(size: int) -> Rows:
    """Return the rows of a module whose halves are the other way around in files."""
    half = size // 2
    return Rows(((half, size), (0, half)), size)
