"""A UNet as the denoiser of a family: what its config says of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.base import INPAINT, INSTRUCT, PLAIN
from medialab.families.patching import computing_by, joined_rows, of_rows

if TYPE_CHECKING:
    import torch

# Channels that a UNet's first layer reads -> what it is made for. Those for editing read the
# latents of the picture besides, those for inpainting where to paint and the latents of what stays.
VARIANT_OF_CHANNELS = {4: PLAIN, 5: "depth", 7: "upscale", 8: INSTRUCT, 9: INPAINT}


@dataclass(frozen=True, kw_only=True)
class UNet:
    """The denoiser of a family whose text encoders these are."""

    text_encoders: tuple[str, ...]
    part: str = "unet"

    def variant(self, network: Any) -> str:
        """Return what it is made for, by the channels that it reads."""
        channels = int(network.config.in_channels)
        return VARIANT_OF_CHANNELS.get(channels, f"{channels} channels")

    def trained_latents(self, network: Any) -> int:
        """Return the latents a side that it was trained at."""
        return int(network.config.sample_size)

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:
        """Refuse a ControlNet that reads text of another width."""
        width, other = (one.config.cross_attention_dim for one in (network, control))
        if other != width:
            message = (
                f"a ControlNet reads text of width {other}, this {family} checkpoint's denoiser "
                f"{width}: choose one made for its family"
            )
            raise ModelRefusedError(message)

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text of one width, and so follow the same LoRAs."""
        same: bool = network.config.cross_attention_dim == other.config.cross_attention_dim
        return same

    def width(self, network: Any) -> int:
        """Return the numbers that its first layer has for a place of the latents."""
        return int(network.config.block_out_channels[0])

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself: it needs at once what one prompt does.

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
    """Return one row's inputs, of those of a batch of so many."""
    return of_rows(inputs, rows, lambda value: value[row : row + 1])
