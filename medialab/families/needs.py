"""What a checkpoint takes of memory while it computes: the interface."""

from typing import NamedTuple, Protocol

from medialab.families.opening import Listed


class Widths(NamedTuple):
    """The numbers a place has after the first layer of a checkpoint's denoiser, and of its VAE."""

    denoiser: int
    vae: int


class Needs(Protocol):
    """What a checkpoint takes of memory while it computes, besides its weights."""

    def widths(self, info: Listed) -> Widths:
        """Return what the header or the configs tell, or what is usual where they do not."""

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return what a step takes for latents of that size; `rows` are its prompts."""
