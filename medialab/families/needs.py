"""The interface that estimates a checkpoint's working memory."""

from typing import NamedTuple, Protocol

from medialab.families.opening import Listed


class Widths(NamedTuple):
    """The channels after the first layer of a checkpoint's denoiser, and of its VAE."""

    denoiser: int
    vae: int


class Needs(Protocol):
    """The memory that a checkpoint needs while it computes, besides its weights."""

    def widths(self, info: Listed) -> Widths:
        """Return the widths in the header or the configs, or the usual ones if both lack them."""

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return the bytes that one step needs.

        Args:
            latents: Their width and height.
            width: The channels after the denoiser's first layer.
            item_bytes: The bytes of one number.
            rows: The prompts that are computed at once, with guidance 2.
        """
