"""A model family: one object with all that differs between kinds of checkpoints.

A family is a folder here and a line of the table in `medialab.families`. Packages above use
`model.family` and name no family. A `KnownFamily` is recognised, and listed with the reason why it
does not run; a `Family` runs.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from medialab.errors import ModelRefusedError
from medialab.families.capabilities import ControlInputs, Inpainting, Noising, Tiling
from medialab.families.defaults import Defaults
from medialab.families.guidance import GuidanceKind, MakeGuide
from medialab.families.habits import DetailerHabits
from medialab.families.layers import Signature
from medialab.families.needs import Needs
from medialab.families.opening import Opening
from medialab.families.schedulers import Schedulers
from medialab.families.texts import CountTokens, MakeTextEncoder
from medialab.files.headers import Header

T = TypeVar("T")
Task = Literal["text-to-image", "image-to-image", "instruct"]

# diffusers' classes that build a pipeline for a task from a checkpoint's components; for other
# tasks a family names a class of its own.
AUTOMATIC: Mapping[Task, str] = {
    "text-to-image": "AutoPipelineForText2Image",
    "image-to-image": "AutoPipelineForImage2Image",
}

# The block that stands for the text encoders in the block weights of a LoRA.
TEXT_BLOCK = "BASE"

# A checkpoint's `variant`: the purpose that it is made for. "" is the usual one, text to image.
PLAIN, INPAINT, INSTRUCT, REFINER = "", "inpaint", "instruct", "refiner"
UNCLIP = "unclip"  # it reads a picture's embedding, too
DISTILLED = "distilled"  # it has fewer layers
UNKNOWN = "unknown"  # the family of a file that no rule here recognises


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """The rules that recognise a family from a file's header or a component's config.json.

    Attributes:
        signatures: Rules over layer names and sizes; any one that matches recognises the family.
        text_widths: Widths of the text embeddings that its UNet's cross-attention reads. UNets of
            all families have the same layer names, so the width distinguishes them.
        unet_mark: A part of a layer name that no other UNet has.
        classes: diffusers' class names of its denoisers and ControlNets.
        config: Settings in config.json that distinguish it from other families of the class.
        written: A regular expression for the base model in a trainer's metadata, in lower case. It
            is used if the layers leave the family open, and between `lookalikes`.
        not_written: A regular expression that must not match there.
        lookalikes: Families whose LoRAs have the same layer names and sizes.
        vae_tensor: The end of a tensor's name that no other family's VAE has.
        embedding_widths: The widths of a textual inversion for several text encoders.
        predicts: Reads the prediction type from a file's weights, if its header does not have it.
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

    Attributes:
        channels: The number of channels.
        reduction: The pixels a side that one latent stands for.
        block: The pixels that a drawn picture's sides are multiples of.
        shared_with: The family whose latents and VAEs it uses; "" if they are its own.
        in_float32: Whether pipelines hold latents in float32, whatever the dtype of the weights.
    """

    channels: int
    reduction: int = 8
    block: int = 8
    shared_with: str = ""
    in_float32: bool = False

    @property
    def description(self) -> str:
        """The latents in words."""
        return f"{self.channels} channels, {self.reduction} times smaller"


@dataclass(frozen=True)
class LoRAKeys:
    """The prefixes of layer names in LoRA files.

    Attributes:
        denoiser: The denoiser's component name.
        prefixes: The component that each prefix stands for; the first that matches is taken.
        bare: Beginnings of the denoiser's layer names that have no prefix.
    """

    denoiser: str
    prefixes: Mapping[str, str]
    bare: tuple[str, ...] = ()


class LoRANames(Protocol):
    """The names of a family's layers in LoRA files."""

    @property
    def keys(self) -> LoRAKeys:
        """The prefixes of layer names."""

    @property
    def foreign(self) -> tuple[str, ...]:
        """Prefixes of other families' layers, of which no component of such a checkpoint is."""

    def other_names(self, part: str, path: str, network: Any) -> Iterable[str]:
        """Return the other names that files may give to a module.

        Args:
            part: The component, such as "unet".
            path: The module's path in the component, in diffusers' names.
            network: The component in memory.
        """

    def read_block_weights(self, text: str) -> Mapping[str, float]:
        """Return the weight of each block; `TEXT_BLOCK` stands for the text encoders.

        Raises:
            ConfigError: the text is neither a preset nor a list for this family's blocks.
        """

    def block_of(self, path: str, network: Any) -> str | None:
        """Return the block of a module of the denoiser; None if it is in no block."""


class Denoiser(Protocol):
    """The denoising network of a family; the argument `network` is one in memory."""

    @property
    def part(self) -> str:
        """Its name among a pipeline's components."""

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """The names of its text encoders, in the order in which they are used."""

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


@dataclass(frozen=True, kw_only=True)
class KnownFamily:
    """A family that is recognised, whether or not it runs.

    Attributes:
        name: Its name in records, listings and messages, and of its folder in models/configs.
        recognition: The rules that recognise it.
    """

    name: str
    recognition: Recognition

    def __str__(self) -> str:
        """Return the name in messages and records."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Family(KnownFamily):
    """A family that runs; a capability that is None is one that it does not have.

    Attributes:
        opening: Loads its checkpoints and ControlNets.
        denoiser: Facts about its denoising network.
        latents: The shape of its latents.
        needs: The memory that it needs besides its weights.
        loras: Layer names in LoRA files; without it, LoRAs are refused.
        encoder: Makes a checkpoint's prompt encoder.
        count_tokens: Counts a prompt's tokens.
        guide: Makes the guide that gives prompts to a running pipeline.
        guidance: How a guidance scale works there: true, distilled or none.
        schedulers: Its samplers and schedules.
        defaults: Settings to begin with; `native_sizes` has the size.
        noising: Adds noise to a picture; without it, nothing starts from a picture.
        tiling: Denoises in tiles.
        inpainting: Runs denoisers made for inpainting.
        control_inputs: Makes a pipeline's inputs for ControlNets.
        native_sizes: The side in pixels that checkpoints were trained at, by prediction type; ""
            stands for all others.
        file_variants: The variants that run from a single file; without any, no file does.
        folder_variants: The variants that run from a diffusers folder.
        other_variants: Further variants that are recognised and do not run.
        tasks: The diffusers pipeline class of each task.
        finishes: The family whose pictures it refines, if it is a refiner; "" otherwise.
        detectors: Detectors that are made for its pictures alone.
        habits: The detailer's defaults.
    """

    opening: Opening
    denoiser: Denoiser
    latents: Latents
    needs: Needs
    loras: LoRANames | None = None
    encoder: MakeTextEncoder
    count_tokens: CountTokens
    guide: MakeGuide
    guidance: GuidanceKind
    schedulers: Schedulers
    defaults: Defaults
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
        """Return the side in pixels of its training; None if only a checkpoint's config has it."""
        return self.native_sizes.get(prediction_type, self.native_sizes.get(""))

    def require(self, capability: T | None, words: str) -> T:
        """Return an optional capability, or refuse.

        Args:
            capability: One of the family's fields.
            words: The work that needs it, for the message: "starting from a picture".

        Raises:
            ModelRefusedError: the family does not have the capability.
        """
        if capability is None:
            message = f"{words} is not possible yet with checkpoints of family {self.name}"
            raise ModelRefusedError(message)
        return capability
