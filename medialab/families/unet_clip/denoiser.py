"""A UNet as the denoiser of a family: facts from its config."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.base import INPAINT, INSTRUCT, PLAIN
from medialab.families.denoisers import WIDE
from medialab.families.patching import computing_by, joined_rows, of_rows

if TYPE_CHECKING:
    import torch

# Input channels of a UNet -> its variant. One for editing also reads the picture's latents, one for
# inpainting a mask and the masked picture's latents.
VARIANT_OF_CHANNELS = {4: PLAIN, 5: "depth", 7: "upscale", 8: INSTRUCT, 9: INPAINT}


@dataclass(frozen=True, kw_only=True)
class UNet:
    """The UNet of a family with these text encoders."""

    text_encoders: tuple[str, ...]
    part: str = "unet"
    lists_hold_rows: bool = False
    wide: str = WIDE

    def variant(self, network: Any) -> str:
        """Return its variant by its input channels."""
        channels = int(network.config.in_channels)
        return VARIANT_OF_CHANNELS.get(channels, f"{channels} channels")

    def trained_latents(self, network: Any) -> int:
        """Return the side, in latents, that it was trained at."""
        return int(network.config.sample_size)

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:
        """Refuse a ControlNet that reads text embeddings of another width."""
        width, other = (one.config.cross_attention_dim for one in (network, control))
        if other != width:
            message = (
                f"a ControlNet reads text of width {other}, this {family} checkpoint's denoiser "
                f"{width}: choose one made for its family"
            )
            raise ModelRefusedError(message)

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text embeddings of one width, and so fit the same LoRAs."""
        same: bool = network.config.cross_attention_dim == other.config.cross_attention_dim
        return same

    def width(self, network: Any) -> int:
        """Return the channels after its first layer."""
        return int(network.config.block_out_channels[0])

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself inside the `with` block, in one prompt's memory.

        Source: A1111's --medvram (modules/sd_samplers_cfg_denoiser.py, `batch_cond_uncond`).
        """
        forward = network.forward

        def apart(sample: "torch.Tensor", *args: Any, **inputs: Any) -> Any:
            rows = sample.shape[0]
            return joined_rows(
                [
                    forward(
                        sample[row : row + 1], *_row(args, row, rows), **_row(inputs, row, rows)
                    )
                    for row in range(rows)
                ]
            )

        with computing_by(network, apart):
            yield


def _row(inputs: Any, row: int, rows: int) -> Any:
    """Return one row's inputs from those of a batch of `rows`."""
    return of_rows(inputs, rows, lambda value: value[row : row + 1])
