"""A UNet as the denoiser of a family: what its config says of it."""

from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.base import INPAINT, INSTRUCT, PLAIN

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
