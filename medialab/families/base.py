"""A model family: everything that differs from one kind of checkpoint to another, in one object.

A family is a folder here and a line of the table in `medialab.families`. The rooms above ask
`model.family` and know no family by name. A `KnownFamily` is recognised and listed with the reason
why it does not run; a `Family` runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal["text-to-image", "image-to-image", "instruct"]
GuidanceKind = Literal["true", "distilled", "none"]

# What a checkpoint is made for, its `variant`. "" is the usual, text to image.
PLAIN, INPAINT, INSTRUCT, REFINER = "", "inpaint", "instruct", "refiner"


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """How a file's header, or a part's config.json, tells the family.

    `classes` are diffusers' classes of its denoisers and ControlNets, as config.json names them.
    `text_widths` tells UNets apart, whose layers have the same names: the numbers a token of the
    text has that their cross-attention reads.
    """

    classes: tuple[str, ...] = ()
    text_widths: range | tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Latents:
    """The latents that a family's denoiser reads and its VAE writes.

    `channels` of a picture's latents; one of them stands for `reduction` × `reduction` pixels.
    A drawn picture's sides are multiples of `block` pixels. `shared_with` names the family whose
    latents, and VAEs, these are; "" where they are its own.
    """

    channels: int
    reduction: int = 8
    block: int = 8
    shared_with: str = ""


@dataclass(frozen=True, kw_only=True)
class Denoiser:
    """The network that predicts: its name among a pipeline's parts."""

    part: str
    text_encoders: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DetailerHabits:
    """What a detailer does where it is told nothing.

    A box is enlarged by `crop_factor`, and what is in it repainted with `strength` (0 to 1), drawn
    at no more than `most` pixels a side, but never less than the checkpoint's own size. `framings`
    say, by part, how a prompt that frames the whole picture (`frames`, an expression) begins for
    the part alone; a framing that ends in a full stop takes the prompt's place, but for its LoRAs.
    """

    crop_factor: float = 3.0
    strength: float = 0.4
    most: int = 1024
    frames: str = ""
    framings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KnownFamily:
    """A family that is told from others, whether or not it runs.

    `name` is written in records, listings and messages, and names its folder of models/configs.
    """

    name: str
    recognition: Recognition

    def __str__(self) -> str:
        """Return its name, as messages and records write it."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Family(KnownFamily):
    """A family that runs.

    `native_sizes` are the pixels a side that its checkpoints were trained at, by what they predict;
    "" stands for the others. `file_variants` and `folder_variants` are what its checkpoints may be
    made for, as one file and as a diffusers folder; without any there is no such checkpoint.
    `finishes` names the family whose pictures it finishes, in place of making its own.
    """

    denoiser: Denoiser
    latents: Latents
    native_sizes: Mapping[str, int]
    guidance: GuidanceKind = "true"
    file_variants: tuple[str, ...] = ()
    folder_variants: tuple[str, ...] = (PLAIN,)
    controlnet_files: bool = False
    finishes: str = ""
    habits: DetailerHabits = field(default_factory=DetailerHabits)

    def native_size(self, prediction_type: str) -> int | None:
        """Return the pixels a side of its training; None where only a checkpoint's config says."""
        return self.native_sizes.get(prediction_type, self.native_sizes.get(""))
