"""Which parts of a checkpoint wait on the CPU, computed from their sizes before any is loaded.

Weights only move: pixels are the same whichever way is taken.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

# Each part of a checkpoint comes to the device while it computes, and waits on the CPU otherwise:
# text encoders once their texts are encoded. With groups, the denoiser comes layer by layer.
Way = Literal["none", "parts", "groups"]
Offload = Literal["automatic", "none", "parts", "groups"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
AUTOMATIC: Final = "automatic"
WORDS: Final = {
    "none": "",
    "parts": "text encoders, denoiser and VAE take turns, the others wait on the CPU",
    "groups": "the denoiser comes layer by layer, all else waits on the CPU",
}
# Groups of layers on the device at once: one computes while the next one is copied.
GROUPS: Final = 2


class PartSizes(NamedTuple):
    """The weights of a checkpoint's parts, in bytes.

    Attributes:
        encoders: Of all text encoders.
        largest_encoder: Of the largest one.
        denoiser: Of the denoiser.
        others: Of all else, such as the VAE.
        group: Of the largest group of the denoiser's layers that comes to the device at once.
    """

    encoders: int
    largest_encoder: int
    denoiser: int
    others: int
    group: int

    @property
    def all(self) -> int:
        """The bytes of all parts."""
        return self.encoders + self.denoiser + self.others


class Demand(NamedTuple):
    """What a stage needs of the device's memory, in bytes.

    Attributes:
        parts: Its checkpoint's weights.
        work: Its computing.
        beside: The weights of other models that stay on the device.
    """

    parts: PartSizes
    work: int
    beside: int = 0

    def on_device(self, way: Way) -> int:
        """Return the most bytes on the device at once."""
        return self.beside + most_on_device(self.parts, self.work, way)


def most_on_device(parts: PartSizes, work: int, way: Way) -> int:
    """Return the most bytes of a checkpoint that are on the device at once, with its work.

    Args:
        parts: Its weights.
        work: The bytes of its computing; a text's are few.
        way: The way that its parts are kept.
    """
    if way == "none":
        return parts.all + work
    denoiser = parts.denoiser if way == "parts" else min(parts.denoiser, GROUPS * parts.group)
    return max(parts.largest_encoder, denoiser + work, parts.others + work)


def way_for(asked: Offload, demands: Sequence[Demand], free: int) -> Way:
    """Return the way in which a run's checkpoints are kept.

    Args:
        asked: As asked for; "automatic" takes the first that fits, and the last if none does.
        demands: What each stage needs.
        free: The device's bytes that may be used.
    """
    if asked != AUTOMATIC:
        return asked
    for way in WAYS:
        if all(one.on_device(way) <= free for one in demands):
            return way
    return WAYS[-1]
