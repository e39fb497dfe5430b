"""What every stage is: settings in, a frame in, a frame out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from medialab.pictures.store import Use
from medialab.pixels.colours import small_copy
from medialab.pixels.geometry import Placement
from medialab.settings.choices import EMPHASES
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import StageConfig, SwitchedConfig
from medialab.settings.loras import LoRAConfig, asked_loras
from medialab.settings.sampling import SamplingConfig
from medialab.vision.estimators import ESTIMATORS

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing
    from medialab.loading.upscalers import Upscaler
    from medialab.process.retries import RetryPolicy
    from medialab.settings.sampling import Sampling
    from medialab.vision.detections import Detection
    from medialab.vision.roles import VisionModel

SettingsT = TypeVar("SettingsT", bound=StageConfig)


@dataclass(frozen=True)
class EncodedPrompts:
    """The prompts that stage 1 encoded, and what it encoded them with."""

    prompt: str = ""
    negative_prompt: str = ""
    emphasis: str = EMPHASES[0]
    clip_skip: int = 1
    loras: tuple[LoRAConfig, ...] = ()


@dataclass(frozen=True)
class Frame:
    """What travels from stage to stage; a stage returns a new one.

    `prompts` are what stage 1 encoded; `embeddings` are the outcome, (1, tokens, width) each, under
    the names by which diffusers pipelines take them, and none where a prompt changes with the steps
    or holds an AND, since then each stage encodes it for its own steps. `units` are the base's
    ControlNets that count, `controls` what each is shown. `image` is 8-bit RGB; `stretch` is the
    size in pixels that stage 3 brings its latents to, where that is another. `journey` is how a
    given picture came to be of its size by now, so that masks and others that belong to it can
    follow. `base` is a small copy of what stage 3 drew, or of the picture that was given.
    `detections` are what each detailer found, in the order in which they were drawn. `applied`
    holds what each stage really did, for the record.
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

    def drawn(self, image: "Image.Image") -> "Frame":
        """The same frame with the picture that stage 3 drew, or that it would start from."""
        return replace(self, image=image, base=small_copy(image), stretch=None)

    @property
    def is_given(self) -> bool:
        """Whether it began with a picture that a person gave."""
        return "source" in self.applied

    def moved(self, step: Placement) -> "Frame":
        """The same frame after its picture was brought to another size."""
        return self if step.is_plain else replace(self, journey=(*self.journey, step))

    def with_applied(self, stage: str, **facts: Any) -> "Frame":
        """The same frame with facts about what `stage` applied."""
        return replace(self, applied={**self.applied, stage: facts})


class StageContext(Protocol):
    """What a stage may reach besides its frame and settings."""

    @property
    def retries(self) -> "RetryPolicy":
        """How the stage's failed work is retried; the drawings that it opens have it already."""

    def opened(self, sampling: "Sampling | None" = None) -> "AbstractContextManager[Drawing]":
        """Lend the checkpoint and VAE of `sampling`, else the run's own, and all around them."""

    def detector(self, name: str) -> "VisionModel":
        """A detector of models/detectors, loaded."""

    def controlnet(self, name: str) -> Any:
        """A ControlNet of models/controlnet, loaded."""

    def upscaler(self, name: str) -> "Upscaler":
        """An upscaler of models/upscalers, loaded."""

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """A picture that was kept for this run, by its content's name and what it is used for."""

    def picture_told(self, name: str, use: Use = "photo") -> Sequence[str]:
        """What was done to that picture, when it came in and for this use, in words."""

    def remembered(
        self, facts: "Mapping[str, Any]", make: "Callable[[], bytes]"
    ) -> tuple[bytes, bool]:
        """What `make` gives for these facts, and whether it was kept from before.

        `facts` are plain JSON values, and with the stage's models all that decides the bytes. What
        was made before a stage was cancelled, or failed, is found again.
        """

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Tell that `step` of `steps` is done, with the latents (1, c, h, w) to preview if any.

        Raises:
            CancelledError: the run was cancelled; the stage leaves everything as it was.
        """


class Request(Protocol):
    """A whole request, as far as a stage asks about it to tell whether it has anything to do."""

    @property
    def mode(self) -> str:
        """The stage that is stage 3, by its name; "enhance" for none."""

    @property
    def control(self) -> Sequence[ControlUnit]:
        """The base's ControlNets."""

    @property
    def starts_from_noise(self) -> bool:
        """Whether stage 3 draws a picture from noise."""

    def drawing_parts(self) -> Mapping[str, SamplingConfig]:
        """Return the settings of the stages that draw and may have prompts of their own."""


class Model(NamedTuple):
    """A model that a stage will ask for."""

    kind: str
    name: str


def models_of_units(units: "Sequence[ControlUnit]") -> "list[Model]":
    """What the ControlNet units that count ask for."""
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
    """The size of a stage's picture, and whether a model draws that in one piece.

    `size` is its width and height in pixels; `setting` the one to change where that is too large.
    """

    stage: str
    size: tuple[int, int]
    draws: bool
    setting: str


class PipelineStage(ABC, Generic[SettingsT]):
    """One step of the pipeline.

    A stage keeps nothing between runs, never imports another stage, and computes the same bytes
    from the same frame and settings. `version` rises whenever the same input gives other pixels.
    Its settings are a field of `PipelineConfig` that has its name, or stand at the top. Of the
    stages that are modes, one runs: that which the request's `mode` names.
    """

    name: str
    title: str
    version: ClassVar[int] = 1
    is_mode: ClassVar[bool] = False
    starts_from_noise: ClassVar[bool] = False
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
        """The models that these settings name; what they hold decides the pixels, too.

        None of a stage that draws nothing.
        """
        if isinstance(settings, SamplingConfig) and not settings.draws:
            return []
        checkpoint, vae = getattr(settings, "checkpoint", None), getattr(settings, "vae", None)
        prompt, loras = getattr(settings, "prompt", None), getattr(settings, "loras", None)
        return [
            *([Model("checkpoint", checkpoint)] if checkpoint else []),
            *([Model("vae", vae)] if vae else []),
            *(Model("lora", one.name) for one in asked_loras(prompt or "", loras or ())),
            *models_of_units(getattr(settings, "control", None) or ()),
        ]

    def models_used(
        self,
        settings: SettingsT,
        applied: Mapping[str, Any],  # noqa: ARG002 - other stages look at it
    ) -> "Sequence[Model]":
        """Those of `models` without which this picture would be another, by what was applied.

        Without any facts: those that any picture needs.
        """
        return self.models(settings)

    def size_after(
        self,
        size: tuple[int, int],
        settings: SettingsT,  # noqa: ARG002 - other stages look at it
        request: Request,  # noqa: ARG002 - likewise
    ) -> StageSize | None:
        """Return the size of the picture that this stage leaves of one of `size`.

        None if it neither draws a whole picture nor makes one of another size. A mode draws its
        picture at the size of the request.
        """
        return StageSize(self.name, size, draws=True, setting="width") if self.is_mode else None

    def drawn_at_once(
        self, size: tuple[int, int], settings: SettingsT, native: int
    ) -> tuple[int, int] | None:
        """Return the pixels that a model draws at once where the whole picture is not drawn.

        Args:
            size: width and height of the picture.
            settings: of this stage.
            native: pixels a side that its checkpoint was trained at.
        """
        if not getattr(settings, "denoising_strength", 0):
            return None
        return min(size[0], native), min(size[1], native)

    @abstractmethod
    def run(self, frame: Frame, settings: SettingsT, context: StageContext) -> Frame:
        """Do the stage's work."""
