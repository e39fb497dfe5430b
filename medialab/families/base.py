"""A model family: everything that differs from one kind of checkpoint to another, in one object.

A family is a folder here and a line of the table in `medialab.families`. The rooms above ask
`model.family` and know no family by name. A `KnownFamily` is recognised and listed with the reason
why it does not run; a `Family` runs.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from medialab.errors import ModelRefusedError
from medialab.families.capabilities import ControlInputs, Inpainting, Noising, Tiling
from medialab.families.guidance import MakeGuide
from medialab.families.habits import DetailerHabits
from medialab.families.layers import Signature
from medialab.families.needs import Needs
from medialab.families.opening import Opening
from medialab.families.schedulers import Schedulers
from medialab.families.texts import CountTokens, MakeTextEncoder
from medialab.files.headers import Header

if TYPE_CHECKING:
    pass


T = TypeVar("T")
Task = Literal["text-to-image", "image-to-image", "instruct"]

# diffusers' classes that rebuild any family's pipeline for a task around the same parts; for tasks
# that they do not know, a family names a class of its own.
AUTOMATIC: Mapping[Task, str] = {
    "text-to-image": "AutoPipelineForText2Image",
    "image-to-image": "AutoPipelineForImage2Image",
}

# The block that stands for the text encoders in the block weights of a LoRA.
TEXT_BLOCK = "BASE"

# What a checkpoint is made for, its `variant`. "" is the usual, text to image.
PLAIN, INPAINT, INSTRUCT, REFINER = "", "inpaint", "instruct", "refiner"
UNCLIP = "unclip"  # it reads a picture's embedding, too
DISTILLED = "distilled"  # of fewer layers
UNKNOWN = "unknown"  # the family of what no rule here tells


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """How a file's header, or a part's config.json, tells the family.

    Of layers: any of `signatures` tells it. UNets have layers of the same names in every family:
    they are told by `text_widths`, the numbers that a token of the text has which their
    cross-attention reads, or by `unet_mark`, a name that no other UNet has.
    Of a config.json: `classes` are diffusers' classes of its denoisers and ControlNets, `config`
    settings that tell it from another family of the class.
    Of a trainer's metadata: an expression for what is `written` of the base model in lower case,
    and one for what is `not_written`. It counts where the layers leave the family open, and between
    `lookalikes`: families whose LoRAs name the same layers of the same sizes.
    Of a VAE: the end of the name of a `vae_tensor` that no other has. Of a textual inversion of
    several encoders: their `embedding_widths`.
    `predicts` reads from weights what a file's denoiser predicts, where its header does not tell.
    """

    signatures: tuple[Signature, ...] = ()
    text_widths: range | tuple[int, ...] = ()
    unet_mark: str = ""
    classes: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    written: str = ""
    not_written: str = ""
    lookalikes: tuple[str, ...] = ()
    vae_tensor: str = ""
    embedding_widths: tuple[int, ...] = ()
    predicts: Callable[[Path, Header], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Latents:
    """The latents that a family's denoiser reads and its VAE writes.

    `channels` of a picture's latents; one of them stands for `reduction` × `reduction` pixels.
    A drawn picture's sides are multiples of `block` pixels. `shared_with` names the family whose
    latents, and VAEs, these are; "" where they are its own. `in_float32` says whether pipelines
    keep them in float32, whatever the weights are in.
    """

    channels: int
    reduction: int = 8
    block: int = 8
    shared_with: str = ""
    in_float32: bool = False

    @property
    def told(self) -> str:
        """The latents in words."""
        return f"{self.channels} channels, {self.reduction} times smaller"


@dataclass(frozen=True)
class LoRAKeys:
    """What layers' paths begin with in LoRA files, and the part of a pipeline that each speaks of.

    The first of `prefixes` that fits counts. `bare` paths, without any, are the `denoiser`'s.
    """

    denoiser: str
    prefixes: Mapping[str, str]
    bare: tuple[str, ...] = ()


class LoRANames(Protocol):
    """How LoRA files name a family's layers."""

    @property
    def keys(self) -> LoRAKeys:
        """What the layers' paths begin with."""

    @property
    def foreign(self) -> tuple[str, ...]:
        """What begins the names of a denoiser's layers that are of no part of such a checkpoint."""

    def other_names(self, part: str, path: str, network: Any) -> Iterable[str]:
        """Return the other names that files may give to a module at `path` of a part."""

    def read_block_weights(self, text: str) -> Mapping[str, float]:
        """Return how much counts of each block, `TEXT_BLOCK` being the text encoders.

        Raises ConfigError where the text says nothing that blocks of this family could follow.
        """

    def block_of(self, path: str, network: Any) -> str | None:
        """Return the block of a module of the denoiser; None for what is in none."""


class Denoiser(Protocol):
    """The network that predicts; `network` is one in memory."""

    @property
    def part(self) -> str:
        """Its name among a pipeline's parts."""

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """The names of the text encoders it follows, in the order in which they are used."""

    def variant(self, network: Any) -> str:
        """Return what it is made for: one of the variants' names above."""

    def trained_latents(self, network: Any) -> int:
        """Return the latents a side that it was trained at."""

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:
        """Refuse a ControlNet that is made for another denoiser, with a ModelRefusedError."""

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text of one width, and so follow the same LoRAs."""

    def width(self, network: Any) -> int:
        """Return the numbers that its first layer has for a place of the latents."""

    def rows_apart(self, network: Any) -> AbstractContextManager[None]:
        """Compute each row of a batch by itself while it lasts, to need less memory at once.

        `network` is a denoiser, or a ControlNet for one.
        """


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

    `encoder` makes what reads a checkpoint's prompts, `count_tokens` tells how long one is, and
    `guide` makes what tells them to a running pipeline. `schedulers` take its noise away. What it
    has none of it cannot do: `loras` for LoRAs, `noising` to start from a picture, `tiling` for
    parts of one, `inpainting` for denoisers made for it, `control_inputs` for ControlNets.
    `native_sizes` are the pixels a side that its checkpoints were trained at, by what they predict;
    "" stands for the others. `file_variants` and `folder_variants` are what its checkpoints may be
    made for, as one file and as a diffusers folder; without any there is no such checkpoint.
    `other_variants` exist besides, and do not run.
    `tasks` are what its pipelines do, each by the diffusers class that does it.
    `detectors` are made for its pictures and know no others.
    `finishes` names the family whose pictures it finishes, in place of making its own.
    """

    opening: Opening
    denoiser: Denoiser
    latents: Latents
    needs: Needs
    loras: LoRANames | None = None
    encoder: MakeTextEncoder
    count_tokens: CountTokens
    guide: MakeGuide
    schedulers: Schedulers
    noising: Noising | None = None
    tiling: Tiling | None = None
    inpainting: Inpainting | None = None
    control_inputs: ControlInputs | None = None
    native_sizes: Mapping[str, int]
    file_variants: tuple[str, ...] = ()
    folder_variants: tuple[str, ...] = (PLAIN,)
    other_variants: tuple[str, ...] = ()
    tasks: Mapping[Task, str] = field(default_factory=lambda: AUTOMATIC)
    finishes: str = ""
    detectors: tuple[str, ...] = ()
    habits: DetailerHabits = field(default_factory=DetailerHabits)

    def native_size(self, prediction_type: str) -> int | None:
        """Return the pixels a side of its training; None where only a checkpoint's config says."""
        return self.native_sizes.get(prediction_type, self.native_sizes.get(""))

    def offered(self, capability: T | None, words: str) -> T:
        """Return what it has for something that not every family can do.

        Args:
            capability: One of its fields.
            words: What cannot be done without it, as a sentence has it: "starting from a picture".

        Raises:
            ModelRefusedError: it has none.
        """
        if capability is None:
            message = f"{words} is not possible yet with checkpoints of family {self.name}"
            raise ModelRefusedError(message)
        return capability
