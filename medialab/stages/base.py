"""What every stage is: settings in, a frame in, a frame out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from medialab.config import StageConfig

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.loading import LoadedModel

SettingsT = TypeVar("SettingsT", bound=StageConfig)


@dataclass(frozen=True)
class Frame:
    """What travels from stage to stage; a stage returns a new one.

    `embeddings` are the encoded prompts, (1, tokens, width) each, under the names by which
    diffusers pipelines take them; `image` is 8-bit RGB. `applied` holds what each stage really
    did, for the record.
    """

    embeddings: "Mapping[str, torch.Tensor]" = field(default_factory=dict)
    image: "Image.Image | None" = None
    applied: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def with_applied(self, stage: str, **facts: Any) -> "Frame":
        """The same frame with facts about what `stage` applied."""
        return replace(self, applied={**self.applied, stage: facts})


class StageContext(Protocol):
    """What a stage may reach besides its frame and settings."""

    def checkpoint(self) -> "LoadedModel":
        """The run's checkpoint, loaded."""

    def step(self, step: int, steps: int, latents: "torch.Tensor | None" = None) -> None:
        """Tell that `step` of `steps` is done, with the latents (1, 4, h, w) to preview if any.

        Raises:
            CancelledError: the run was cancelled; the stage leaves everything as it was.
        """


class PipelineStage(ABC, Generic[SettingsT]):
    """One step of the pipeline.

    A stage keeps nothing between runs, never imports another stage, and computes the same bytes
    from the same frame and settings. `version` rises whenever the same input gives other pixels.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    settings: type[SettingsT]

    @abstractmethod
    def run(self, frame: Frame, settings: SettingsT, context: StageContext) -> Frame:
        """Do the stage's work."""
