"""The interface of every stage: settings and a frame in, a frame out."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from medialab.pictures.store import Use
from medialab.pixels.colours import small_copy
from medialab.pixels.geometry import Placement
from medialab.settings.choices import EMPHASES
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import StageConfig, SwitchedConfig, names_in_list
from medialab.settings.loras import LoRAConfig, asked_loras
from medialab.settings.sampling import SamplingConfig
from medialab.vision.estimators import ESTIMATORS

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing
    from medialab.diffusion.together import Places
    from medialab.loading.upscalers import Upscaler
    from medialab.process.retries import RetryPolicy
    from medialab.settings.sampling import Sampling
    from medialab.vision.detections import Detection
    from medialab.vision.roles import VisionModel

SettingsT = TypeVar("SettingsT", bound=StageConfig)


@dataclass(frozen=True)
class EncodedPrompts:
    """The prompts that stage 1 encoded, and the settings that it encoded them with."""

    prompt: str = ""
    negative_prompt: str = ""
    emphasis: str = EMPHASES[0]
    clip_skip: int = 1
    loras: tuple[LoRAConfig, ...] = ()


@dataclass(frozen=True)
class Frame:
    """The picture and all about it that travels from stage to stage; a stage returns a new one.

    Attributes:
        prompts: The prompts that stage 1 encoded.
        embeddings: Their embeddings, (1, tokens, width) each, by the names of the arguments of
            diffusers pipelines. Empty if a prompt changes with the steps or contains an AND: each
            stage then encodes it for its own steps.
        image: The picture, 8-bit RGB.
        stretch: Width and height in pixels to which stage 3 resizes the latents; None to keep the
            size of `image`.
        journey: How a given picture was resized and moved so far, for masks that belong to it.
        base: A small copy of the result of stage 3, or of the given picture.
        units: The ControlNets for all stages without their own, those with an effect.
        controls: The control picture of each of them.
        detections: The detections of each detailer, in the order in which they were repainted.
        applied: Facts about what each stage did, for the record.
        results: The SHA-256 of the picture after each stage that has run, for the record: where two
            pictures of the same settings differ first is known by them.
    """

    prompts: EncodedPrompts = field(default_factory=EncodedPrompts)
    embeddings: "Mapping[str, torch.Tensor]" = field(default_factory=dict)
    image: "Image.Image | None" = None
    stretch: tuple[int, int] | None = None
    journey: tuple[Placement, ...] = ()
    base: "Image.Image | None" = None
    units: tuple[ControlUnit, ...] = ()
    controls: "tuple[Image.Image, ...]" = ()
    detections: "Mapping[str, Sequence[Detection]]" = field(default_factory=dict)
    applied: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)

    def drawn(self, image: "Image.Image") -> "Frame":
        """Return the frame with the picture that stage 3 drew, or that it would start from."""
        return replace(self, image=image, base=small_copy(image), stretch=None)

    @property
    def is_given(self) -> bool:
        """Whether the first picture was given, not drawn from noise."""
        return "source" in self.applied

    def moved(self, step: Placement) -> "Frame":
        """Return the frame after its picture was resized by `step`."""
        return self if step.is_plain else replace(self, journey=(*self.journey, step))

    def with_applied(self, stage: str, **facts: Any) -> "Frame":
        """Return the frame with facts about what `stage` did."""
        return replace(self, applied={**self.applied, stage: facts})

    def with_result(self, stage: str) -> "Frame":
        """Return the frame with the SHA-256 of its picture as the result of `stage`.

        Cost: some milliseconds a megapixel.
        """
        if self.image is None:
            return self
        sha256 = hashlib.sha256(f"{self.image.size}{self.image.mode}".encode())
        sha256.update(self.image.tobytes())
        return replace(self, results={**self.results, stage: sha256.hexdigest()})


class StageContext(Protocol):
    """The models, pictures and progress that a stage may use besides its frame and settings."""

    @property
    def retries(self) -> "RetryPolicy":
        """How failed work of the stage is retried; drawings that it opens have this policy."""

    def opened(self, sampling: "Sampling | None" = None) -> "AbstractContextManager[Drawing]":
        """Lend the checkpoint and VAE of `sampling`, or else the run's, with all they draw with."""

    def beside(self, drawing: "Drawing") -> "AbstractContextManager[None]":
        """Show the steps of a picture that is drawn by another one's loan, within the block."""

    def detector(self, name: str) -> "VisionModel":
        """Load a model of models/detectors."""

    def controlnet(self, name: str) -> Any:
        """Load a ControlNet of models/controlnet."""

    def upscaler(self, name: str) -> "Upscaler":
        """Load an upscaler of models/upscalers."""

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """Return a stored picture of this run, as it is used for `use`."""

    def picture_changes(self, name: str, use: Use = "photo") -> Sequence[str]:
        """Return how that picture was changed on import and for this use, in words."""

    def remembered(
        self, facts: "Mapping[str, Any]", make: "Callable[[], bytes]"
    ) -> tuple[bytes, bool]:
        """Return the result of `make`, from the cache if it was made before.

        A result that was made before the stage was cancelled, or failed, is found again.

        Args:
            facts: Plain JSON values; with the stage's models they determine the result.
            make: Makes the result.

        Returns:
            The result, and whether it was cached.
        """

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Report that `step` of `steps` is done, with the latents (1, c, h, w) to preview if any.

        Raises:
            CancelledError: the run was cancelled; the stage leaves everything as it was.
        """


class Request(Protocol):
    """A whole request, as far as a stage needs it to know whether it has anything to do."""

    @property
    def mode(self) -> str:
        """The name of the stage that runs as stage 3; "enhance" for none."""

    @property
    def control(self) -> Sequence[ControlUnit]:
        """The ControlNets for all stages without their own."""

    @property
    def starts_from_noise(self) -> bool:
        """Whether stage 3 draws a picture from noise."""

    def drawing_parts(self) -> Mapping[str, SamplingConfig]:
        """Return by name the settings of the stages that draw and may have their own prompts."""


class Model(NamedTuple):
    """A model that a stage uses."""

    kind: str
    name: str


def models_of_units(units: "Sequence[ControlUnit]") -> "list[Model]":
    """Return the models of those ControlNet units that have an effect."""
    counting = [unit for unit in units if unit.counts]
    preparing = [unit.preprocessor_model for unit in counting if unit.preprocessor in ESTIMATORS]
    preparing += [
        unit.people_model
        for unit in counting
        if unit.preprocessor in ESTIMATORS and ESTIMATORS[unit.preprocessor].looks_at
    ]
    return [
        *(Model("controlnet", unit.model) for unit in counting),
        *(Model("detector", name) for name in preparing if name),
    ]


class StageSize(NamedTuple):
    """The size of a stage's picture.

    Attributes:
        stage: The stage's name.
        size: Width and height in pixels.
        draws: Whether a model draws the whole picture at once.
        setting: The setting to change if that is too large.
    """

    stage: str
    size: tuple[int, int]
    draws: bool
    setting: str


class PipelineStage(ABC, Generic[SettingsT]):
    """One step of the pipeline.

    A stage keeps nothing between runs, never imports another stage, and computes the same bytes
    from the same frame and settings.

    Attributes:
        name: Its name in configs and records. Its settings are the field of `PipelineConfig` with
            that name, or fields at the top.
        title: Its name for a person.
        version: A number that rises whenever the same input gives other pixels.
        is_mode: Whether it is one of the modes, of which the request's `mode` names the one to run.
        starts_from_noise: Whether it draws a picture without one to start from.
        fits: Whether it draws the whole start picture, which may be fitted to the model's size.
        settings: The class of its settings.
    """

    name: str
    title: str
    version: ClassVar[int] = 1
    is_mode: ClassVar[bool] = False
    starts_from_noise: ClassVar[bool] = False
    fits: ClassVar[bool] = False
    settings: type[SettingsT]

    def runs(self, request: Request) -> bool:
        """Return whether this stage has anything to do for a request.

        A mode does if it is chosen, a stage with a switch if that is on, any other always.
        """
        if self.is_mode:
            return request.mode == self.name
        own = getattr(request, self.name, None)
        return own.enabled if isinstance(own, SwitchedConfig) else True

    def models(self, settings: SettingsT) -> "Sequence[Model]":
        """Return the models that these settings name, whose content determines the pixels, too.

        A stage that does not draw has none.
        """
        if isinstance(settings, SamplingConfig) and not settings.draws:
            return []
        checkpoint, vae = getattr(settings, "checkpoint", None), getattr(settings, "vae", None)
        encoders = names_in_list(getattr(settings, "text_encoder", None) or "")
        prompt, loras = getattr(settings, "prompt", None), getattr(settings, "loras", None)
        return [
            *([Model("checkpoint", checkpoint)] if checkpoint else []),
            *([Model("vae", vae)] if vae else []),
            *(Model("text encoder", name) for name in encoders),
            *(Model("lora", one.name) for one in asked_loras(prompt or "", loras or ())),
            *models_of_units(getattr(settings, "control", None) or ()),
        ]

    def models_used(
        self,
        settings: SettingsT,
        applied: Mapping[str, Any],  # noqa: ARG002 - other stages look at it
    ) -> "Sequence[Model]":
        """Return those of `models` that had an effect on a picture.

        Args:
            settings: The stage's settings.
            applied: Facts about what the stage did; if empty, only the models that every picture
                needs are returned.
        """
        return self.models(settings)

    def size_after(
        self,
        size: tuple[int, int],
        settings: SettingsT,  # noqa: ARG002 - other stages look at it
        request: Request,  # noqa: ARG002 - likewise
    ) -> StageSize | None:
        """Return the size of the picture after this stage.

        Args:
            size: Width and height before it, in pixels; for a mode, those of the request.
            settings: The stage's settings.
            request: The whole request.

        Returns:
            None if the stage neither draws a whole picture nor changes its size.
        """
        return StageSize(self.name, size, draws=True, setting="width") if self.is_mode else None

    def drawn_at_once(
        self, size: tuple[int, int], settings: SettingsT, native: int
    ) -> tuple[int, int] | None:
        """Return width and height of the parts that are drawn, if not the whole picture is.

        Args:
            size: Width and height of the picture, in pixels.
            settings: The stage's settings.
            native: The side in pixels at which its checkpoint was trained.

        Returns:
            Pixels; None if nothing is drawn.
        """
        if not getattr(settings, "denoising_strength", 0):
            return None
        return min(size[0], native), min(size[1], native)

    @abstractmethod
    def run(self, frame: Frame, settings: SettingsT, context: StageContext) -> Frame:
        """Do the stage's work."""


@dataclass(frozen=True)
class Work(Generic[SettingsT]):
    """A stage's work on one picture: its frame, its settings and its context."""

    frame: Frame
    settings: SettingsT
    context: StageContext

    @property
    def image(self) -> "Image.Image":
        """The picture to start from; `JointStage.run` returns a frame without one as it is."""
        if self.frame.image is None:
            raise TypeError("there is no picture to start from")
        return self.frame.image


class JointStage(PipelineStage[SettingsT]):
    """A stage that can draw several pictures of a batch at once.

    Their settings differ in seeds alone, and so do those of the stages before it; what they start
    from is the same.
    """

    def run(self, frame: Frame, settings: SettingsT, context: StageContext) -> Frame:
        """Do the stage's work on one picture alone."""
        if frame.image is None and not self.starts_from_noise:
            return frame
        (drawn,) = self.run_together([Work(frame, settings, context)])
        return drawn

    @abstractmethod
    def run_together(
        self, pictures: "Sequence[Work[SettingsT]]", places: "Places | None" = None
    ) -> list[Frame]:
        """Do the stage's work on each picture.

        Args:
            pictures: What to draw; the first one's context lends the checkpoint.
            places: Their places in the denoiser's batch; None for one that is drawn alone.
        """


@contextmanager
def opened_for(pictures: "Sequence[Work[Any]]", sampling: "Sampling") -> "Iterator[Drawing]":
    """Lend the checkpoint of `sampling` to pictures that are drawn at once, within the block.

    The first one's context opens it; each shows its own steps.
    """
    with pictures[0].context.opened(sampling) as drawing, ExitStack() as undo:
        for one in pictures[1:]:
            undo.enter_context(one.context.beside(drawing))
        yield drawing
