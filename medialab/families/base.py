"""A model family: everything that differs from one kind of checkpoint to another, in one object.

A family is a folder here and a line of the table in `medialab.families`. The rooms above ask
`model.family` and know no family by name. A `KnownFamily` is recognised and listed with the reason
why it does not run; a `Family` runs.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from medialab.errors import ModelRefusedError
from medialab.families.capabilities import ControlInputs, Inpainting, Noising, Tiling
from medialab.families.guidance import MakeGuide
from medialab.families.habits import DetailerHabits
from medialab.families.layers import Signature
from medialab.families.schedulers import Schedulers
from medialab.families.texts import CountTokens, MakeTextEncoder
from medialab.files.headers import Header

if TYPE_CHECKING:
    import torch


T = TypeVar("T")
Task = Literal["text-to-image", "image-to-image", "instruct"]
GuidanceKind = Literal["true", "distilled", "none"]

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


class Listed(Protocol):
    """What the listing tells of a model (`medialab.listing.models.ModelInfo`)."""

    def __hash__(self) -> int:
        """Return the same for the same file as it is now."""

    @property
    def name(self) -> str:
        """Its name in the listing."""

    @property
    def family(self) -> str:
        """The name of its family."""

    @property
    def path(self) -> Path:
        """Its file or folder."""

    @property
    def prediction_type(self) -> str:
        """What its denoiser predicts."""

    @property
    def zero_terminal_snr(self) -> bool:
        """Whether its noise ends in pure noise."""

    @property
    def lacks_vae(self) -> bool:
        """Whether it holds no VAE of its own."""


class Opening(Protocol):
    """How a family's files become networks, offline. What loads is called within `files.opening`.

    `configs` is the family's folder of models/configs; all raise ModelRefusedError.
    """

    @property
    def networks(self) -> Iterable[str]:
        """The names of a folder's parts that have weights."""

    @property
    def controlnet_class(self) -> str:
        """The class of the ControlNets that are opened."""

    @property
    def controlnet_files(self) -> bool:
        """Whether ControlNets in a single file are opened."""

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse; its headers alone are read."""

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Return the pipeline of a checkpoint's folder."""

    def file(self, info: Listed, dtype: "torch.dtype", configs: Path) -> Any:
        """Return the pipeline of a single file."""

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of the tokenizer of the checkpoint at `path`."""

    def absent_vae(self, configs: Path) -> Any:
        """Return a VAE without weights, in place of one that a file does not hold."""

    def check_controlnet(self, folder: Path) -> None:
        """Refuse a ControlNet's folder that `controlnet` would refuse."""

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Return the ControlNet of a folder."""

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:
        """Return the ControlNet of a single file."""


@dataclass(frozen=True)
class LoRAKeys:
    """What layers' paths begin with in LoRA files, and the part of a pipeline that each speaks of.

    The first of `prefixes` that fits counts. `bare` paths, without any, are the `denoiser`'s.
    """

    denoiser: str
    prefixes: Mapping[str, str]
    bare: tuple[str, ...] = ()


class Widths(NamedTuple):
    """The numbers a place has after the first layer of a checkpoint's denoiser, and of its VAE."""

    denoiser: int
    vae: int


class Needs(Protocol):
    """What a checkpoint takes of memory while it computes, besides its weights."""

    def widths(self, info: Listed) -> Widths:
        """Return what the header or the configs tell, or what is usual where they do not."""

    def denoising_bytes(
        self, latents: tuple[int, int], width: int, item_bytes: int, rows: int = 2
    ) -> int:
        """Return what a step takes for latents of that size; `rows` are its prompts."""


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
        """Whether both read text of one width, and so follow the same LoRAs."""

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
    has none of it cannot do: `noising` is needed to start from a picture, `tiling` for parts of
    one, `inpainting` for denoisers made for it, `control_inputs` for ControlNets.
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
    loras: LoRANames
    needs: Needs
    encoder: MakeTextEncoder
    count_tokens: CountTokens
    guide: MakeGuide
    schedulers: Schedulers
    noising: Noising | None = None
    tiling: Tiling | None = None
    inpainting: Inpainting | None = None
    control_inputs: ControlInputs | None = None
    native_sizes: Mapping[str, int]
    guidance: GuidanceKind = "true"
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
