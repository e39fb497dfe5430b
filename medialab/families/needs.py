"""The interface that estimates a checkpoint's working memory."""

from typing import NamedTuple, Protocol

from medialab.families.opening import Listed


class Widths(NamedTuple):
    """The channels after the first layer of a checkpoint's denoiser, and of its VAE."""

    denoiser: int
    vae: int


def with_read(latents: tuple[int, int], area: int, reduction: int) -> tuple[int, int]:
    """Return latents as many as those drawn and those read beside them, in whole rows.

    Args:
        latents: The width and height of those that are drawn.
        area: The area in pixels of the pictures that are read, as `Editing.read_area` has it.
        reduction: The pixels a side that a latent stands for.
    """
    width, height = latents
    return width, height + -(-area // (reduction * reduction * width))


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
