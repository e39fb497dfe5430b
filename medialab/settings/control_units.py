"""The settings of one ControlNet, in the list of the whole picture or of a stage."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from medialab.pixels.preprocessors import PREPROCESSORS
from medialab.settings.choices import CONTROL_RESIZE_MODES, DetectorModelName
from medialab.settings.fields import Fraction, NameOf, OneOf, Picture, StageConfig
from medialab.vision.estimators import ESTIMATORS

ControlResizeMode = Annotated[str, AfterValidator(OneOf(CONTROL_RESIZE_MODES))]
Preprocessor = Annotated[str, AfterValidator(OneOf((*PREPROCESSORS, *ESTIMATORS)))]
ControlNetName = Annotated[str, NameOf("controlnet")]


class ControlUnit(StageConfig):
    """One ControlNet: its control image, its weight, and the steps in which it applies."""

    model: ControlNetName = Field(min_length=1, description="A model in models/controlnet.")
    preprocessor: Preprocessor = Field(
        "none",
        description="Prepares the picture for the ControlNet: none, canny, scribble, depth …",
    )
    preprocessor_model: DetectorModelName | None = Field(
        None, description="For depth and pose: a model for it in models/detectors."
    )
    people_model: DetectorModelName | None = Field(
        None, description="For pose: a detector of people; empty: one person who fills the picture."
    )
    image: Picture | None = Field(
        None, description="The control picture; empty: the picture being worked on."
    )
    resize_mode: ControlResizeMode | None = Field(
        None,
        description="How its picture is resized; empty: like the start picture if both have the "
        "same size, otherwise crop and resize.",
    )
    weight: float = Field(1.0, ge=0.0, le=2.0, description="Strength.")
    start: Fraction = Field(0.0, description="Share of the steps after which it starts.")
    end: Fraction = Field(1.0, description="Share of the steps after which it stops.")
    enabled: bool = Field(True, description="Whether it is used.")

    @property
    def counts(self) -> bool:
        """Whether it has any effect."""
        return self.enabled and self.weight > 0 and self.start < self.end

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if self.start > self.end:
            message = f"start {self.start:g} is after end {self.end:g}"
            raise ValueError(message)
        if self.preprocessor in ESTIMATORS and not self.preprocessor_model:
            kind = self.preprocessor
            message = f"{kind} needs preprocessor_model, a {kind} model in models/detectors"
            raise ValueError(message)
        return self
