"""The interface of a family's denoising network: facts about one that is in memory."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

# Names of layers that `weight_dtype` leaves in the precision. Source: diffusers'
# DEFAULT_SKIP_MODULES_PATTERN, and `_skip_layerwise_casting_patterns` of its transformers.
WIDE = r"norm|pos_embed|patch_embed|^proj_(?:in|out)$"


class Denoiser(Protocol):
    """The denoising network of a family; the argument `network` is one in memory."""

    @property
    def part(self) -> str:
        """Its name among a pipeline's components."""

    @property
    def lists_hold_rows(self) -> bool:
        """Whether lists among its arguments have an element for each row of the batch."""

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """The names of its text encoders, in the order in which they are used."""

    @property
    def wide(self) -> str:
        """A pattern of names of layers whose weights no `weight_dtype` stores in a byte.

        Names as in diffusers and as in single files, without the file's prefix.
        """

    def variant(self, network: Any) -> str:
        """Return the denoiser's variant, one of those above, or its number of channels."""

    def trained_latents(self, network: Any) -> int:
        """Return the side, in latents, that the denoiser was trained at."""

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:
        """Refuse a ControlNet that is made for another denoiser.

        Raises:
            ModelRefusedError: the ControlNet does not fit.
        """

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text embeddings of one width, and so fit the same LoRAs."""

    def width(self, network: Any) -> int:
        """Return the number of channels after the first layer, for each position of the latents."""

    def rows_apart(self, network: Any) -> AbstractContextManager[None]:
        """Compute each row of a batch by itself inside the `with` block, to need less memory.

        Args:
            network: A denoiser, or a ControlNet for one.
        """
