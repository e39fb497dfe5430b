"""The latents of a family: their channels and sizes, and whose VAEs they are read with."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Latents:
    """The latents that a family's denoiser reads and its VAE writes.

    Attributes:
        channels: The number of channels.
        reduction: The pixels a side that one latent stands for.
        block: The pixels that a drawn picture's sides are multiples of.
        shared_with: The family whose latents and VAEs it uses; "" if they are its own.
        in_float32: Whether pipelines hold latents in float32, whatever the dtype of the weights.
        of_videos: Whether its VAE is made for videos, and takes a picture for the only frame.
        vae_names: A regular expression for the names of files of its VAE, in lower case, the same
            for all families that share it; "" where layers tell enough.
    """

    channels: int
    reduction: int = 8
    block: int = 8
    shared_with: str = ""
    in_float32: bool = False
    of_videos: bool = False
    vae_names: str = ""

    @property
    def description(self) -> str:
        """The latents in words."""
        words = f"{self.channels} channels, {self.reduction} times smaller"
        return f"{words}, of a VAE for videos" if self.of_videos else words
