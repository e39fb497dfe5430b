"""Latents as a row of tokens, the form in which pipelines of some transformers hold them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Tokens:
    """Latents (1, c, h, w) as (1, tokens, width), each token a square of them, row by row.

    Source: diffusers, FluxPipeline's `_pack_latents` (squares of 2 × 2).

    Attributes:
        side: A square's side in latents.
        takes_packed: Whether the pipelines' input `latents` has that form, too.
    """

    side: int = 2
    takes_packed: bool = True

    def packed(self, latents: "torch.Tensor") -> "torch.Tensor":
        """Return latents (n, c, h, w) as tokens (n, h · w / side², c · side²)."""
        rows, channels, height, width = latents.shape
        side = self.side
        squares = latents.reshape(rows, channels, height // side, side, width // side, side)
        return squares.permute(0, 2, 4, 1, 3, 5).reshape(
            rows, height * width // side**2, channels * side**2
        )

    def unpacked(self, tokens: "torch.Tensor", size: tuple[int, int]) -> "torch.Tensor":
        """Return tokens as latents (n, c, h, w) of this height and width."""
        (height, width), side = size, self.side
        rows, channels = tokens.shape[0], tokens.shape[-1] // side**2
        squares = tokens.reshape(rows, height // side, width // side, channels, side, side)
        return squares.permute(0, 3, 1, 4, 2, 5).reshape(rows, channels, height, width)
