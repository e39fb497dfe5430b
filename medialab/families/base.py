"""A model family: one object with all that differs between kinds of checkpoints.

A family is a folder here and a line of the table in `medialab.families`. Packages above use
`model.family` and name no family. A `KnownFamily` is recognised, and listed with the reason why it
does not run; a `Family` runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from medialab.errors import ModelRefusedError
from medialab.families.capabilities import (
    ControlFollowing,
    ControlInputs,
    Editing,
    Inpainting,
    LatentCodec,
    Noising,
    Packing,
    Tiling,
)
from medialab.families.defaults import Defaults
from medialab.families.denoisers import Denoiser
from medialab.families.guidance import GuidanceKind, MakeGuide
from medialab.families.habits import DetailerHabits
from medialab.families.latent_codecs import SCALED
from medialab.families.latents import Latents
from medialab.families.layers import Signature
from medialab.families.lora_rows import Rows
from medialab.families.needs import Needs
from medialab.families.opening import Opening
from medialab.families.schedulers import Schedulers
from medialab.families.texts import CountTokens, MakeTextEncoder
from medialab.files.headers import Header

T = TypeVar("T")
Task = Literal["text-to-image", "image-to-image", "instruct"]

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
        vaes: Rules over a VAE's layers; none for a VAE whose layers other families' VAEs have too.
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
    vaes: tuple[Signature, ...] = ()
    embedding_widths: tuple[int, ...] = ()
    predicts: Callable[[Path, Header], str] | None = None


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

    def in_joined(self, part: str, path: str, network: Any) -> Iterable[tuple[str, Rows]]:
        """Return the layers in files of which a module has some rows, and which.

        Args:
            part: The component, such as "transformer".
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


@dataclass(frozen=True, kw_only=True)
class KnownFamily:
    """A family that is recognised, whether or not it runs.

    Attributes:
        name: Its name in records, listings and messages, and of its folder in models/configs.
        recognition: The rules that recognise it.
        prediction_type: What its denoisers predict, unless a checkpoint says otherwise; "" if they
            differ.
        editions: Names of editions whose files have the same layers, and for each the settings of a
            model_index.json that tell it, with the values that they may have. A person is asked
            which one a checkpoint is, if neither that nor its metadata says so.
        folder_editions: Those of them that are told of folders alone.
        edition_marks: The editions that single files may tell nonetheless, by signatures.
        variants: Variants of its single files, by signatures; "" is what none of them matches.
        config_variants: Variants of its folders, by settings of the denoiser's config.json.
    """

    name: str
    recognition: Recognition
    prediction_type: str = ""
    editions: Mapping[str, Mapping[str, tuple[Any, ...]]] = field(default_factory=dict)
    folder_editions: tuple[str, ...] = ()
    edition_marks: Mapping[str, Signature] = field(default_factory=dict)
    variants: Mapping[str, Signature] = field(default_factory=dict)
    config_variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
        codec: The way between pixels and its latents.
        packing: The form in which its pipelines hold latents, if it is not (1, c, h, w).
        needs: The memory that it needs besides its weights.
        loras: Layer names in LoRA files; without it, LoRAs are refused.
        encoder: Makes a checkpoint's prompt encoder.
        count_tokens: Counts a prompt's tokens.
        pads_texts: Whether texts are as long as the room that `count_tokens` tells, for the
            denoiser; otherwise as long as their tokens.
        guide: Makes the guide that gives prompts to a running pipeline.
        guidance: The guidance that works there: true, distilled or none.
        unguided: Editions whose folders tell their pipeline to follow the prompt alone. A single
            file tells its pipeline nothing, and is guided.
        schedulers: Its samplers and schedules.
        defaults: Settings to begin with; `native_sizes` has the size.
        edition_defaults: The same of editions and variants that need others.
        noising: Adds noise to a picture; without it, nothing starts from a picture.
        tiling: Denoises in tiles.
        inpainting: Runs denoisers made for inpainting.
        control_inputs: Makes a pipeline's inputs for ControlNets.
        editing: Edits pictures by an instruction, with checkpoints made for that.
        control_following: Follows ControlNets in pipelines without such inputs.
        native_sizes: The side in pixels that checkpoints were trained at, by prediction type; ""
            stands for all others.
        file_variants: The variants that run from a single file; without any, no file does.
        folder_variants: The variants that run from a diffusers folder.
        taking_over: The variants that can finish a picture that another checkpoint began.
        other_variants: Further variants that are recognised and do not run.
        tasks: The pipeline class of each task: its name in diffusers, or, of the family's own, the
            name of its module, a point and its name. None is one of diffusers' Auto classes, which
            load the pipelines of all families.
        controlled: The same of pipelines that take ControlNets, for families with `control_inputs`.
        reused_blocks: The names of its denoiser's lists of blocks, in the order in which it calls
            them, if the first block tells whether a step can reuse what the others added before;
            without any, every step is computed in full.
        finishes: The family whose pictures it refines, if it is a refiner; "" otherwise.
        detectors: Detectors that are made for its pictures alone.
        upscalers: Upscalers that are made for its pictures alone, the best first.
        habits: The detailer's defaults.
    """

    opening: Opening
    denoiser: Denoiser
    latents: Latents
    codec: LatentCodec = SCALED
    packing: Packing | None = None
    needs: Needs
    loras: LoRANames | None = None
    encoder: MakeTextEncoder
    count_tokens: CountTokens
    pads_texts: bool = True
    guide: MakeGuide
    guidance: GuidanceKind
    unguided: tuple[str, ...] = ()
    schedulers: Schedulers
    defaults: Defaults
    edition_defaults: Mapping[str, Defaults] = field(default_factory=dict)
    noising: Noising | None = None
    tiling: Tiling | None = None
    inpainting: Inpainting | None = None
    control_inputs: ControlInputs | None = None
    editing: Editing | None = None
    control_following: ControlFollowing | None = None
    native_sizes: Mapping[str, int]
    file_variants: tuple[str, ...] = ()
    folder_variants: tuple[str, ...] = (PLAIN,)
    taking_over: tuple[str, ...] = (PLAIN, REFINER)
    other_variants: tuple[str, ...] = ()
    tasks: Mapping[Task, str]
    controlled: Mapping[Task, str] = field(default_factory=dict)
    reused_blocks: tuple[str, ...] = ()
    finishes: str = ""
    detectors: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    habits: DetailerHabits = field(default_factory=DetailerHabits)

    def native_size(self, prediction_type: str) -> int | None:
        """Return the side in pixels of its training; None if only a checkpoint's config has it."""
        return self.native_sizes.get(prediction_type, self.native_sizes.get(""))

    def edits(self, variant: str, edition: str | None = None) -> bool:
        """Return whether checkpoints of a variant and an edition edit pictures by an instruction.

        Args:
            variant: The checkpoint's variant.
            edition: Its edition, "" if that is unknown; None to leave editions aside.
        """
        editing = self.editing
        if editing is None or variant not in editing.variants:
            return False
        return edition is None or not editing.editions or edition in editing.editions

    def guidance_of(self, edition: str, *, is_file: bool) -> GuidanceKind:
        """Return the guidance that works with checkpoints of an edition.

        Args:
            edition: The edition, "" if it is unknown.
            is_file: Whether they are single files.
        """
        return "none" if edition in self.unguided and not is_file else self.guidance

    @property
    def reads_vae_files(self) -> bool:
        """Whether it draws with VAEs of models/vae, too: those for videos are of single files."""
        return bool(self.file_variants) or not self.latents.of_videos

    @property
    def follows_controlnets(self) -> bool:
        """Whether it follows ControlNets."""
        return self.control_inputs is not None or self.control_following is not None

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
