"""The settings of a detailer.

They are the union of ADetailer's, Impact Pack's and SD.Next's, with ADetailer's defaults and
Impact's rule for the crop.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from medialab.prompts import without_tags
from medialab.settings.choices import DetectorModelName
from medialab.settings.fields import (
    Foremost,
    Fraction,
    NameOf,
    OneOf,
    Picture,
    Pixels,
    Side,
    SwitchedConfig,
    Times,
    names_in_list,
)
from medialab.settings.sampling import SamplingConfig
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.prompts import names_base, spelt_out

AUTOMATIC, CENTRE = "automatic", "centre"
FALLBACKS = ("none", CENTRE)
SIZE_MATCHES = ("off", "strict", "free")
# Words that a detailer looks for where none are set: names that detectors use for the part.
WORDS = {
    "body": ("body", "person"),
    "face": ("face", "human face"),
    "hand": ("hand", "human hand"),
}
ORDERS = ("none", "left to right", "center to edge", "large to small")
MERGES = ("none", "merge", "merge and invert")
CROPS = ("factor", "padding")
KEPT_BY = ("area", "confidence")
# How many pixels a mask may be grown, shrunk or moved: as far as ADetailer's sliders go.
MOST_GROWTH, MOST_OFFSET = 128, 200
DetectorNames = Annotated[str, NameOf("detector", also=("automatic", "centre"), free=True)]
Order = Annotated[str, AfterValidator(OneOf(ORDERS))]
Merge = Annotated[str, AfterValidator(OneOf(MERGES))]
Crop = Annotated[str, AfterValidator(OneOf(CROPS))]
KeptBy = Annotated[str, AfterValidator(OneOf(KEPT_BY))]


def _apart(value: Any) -> Any:
    """Return the words of a text with commas between them; other values as they are."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        return parts
    words = [part.strip() if isinstance(part, str) else part for part in parts]
    return tuple(word for word in words if word != "")


Words = Annotated[tuple[str, ...], BeforeValidator(_apart)]
Fallback = Annotated[str, AfterValidator(OneOf(FALLBACKS))]
SizeMatch = Annotated[str, AfterValidator(OneOf(SIZE_MATCHES))]


class DetailerConfig(SwitchedConfig, SamplingConfig):
    """Stages 5 to 7: parts of the picture detected, and repainted at a higher resolution."""

    detector: Annotated[DetectorNames, Foremost()] = Field(
        AUTOMATIC,
        description="automatic, centre, or models in models/detectors: the first that detects any.",
    )
    words: Words = Field((), description="What to look for; empty: the part in the stage's name.")
    fallback: Fallback = Field(
        FALLBACKS[0],
        description="If nothing is detected: none skips the stage, centre repaints the middle.",
    )
    mask_refiner: DetectorModelName | None = Field(
        None, description="A SAM model in models/detectors that turns boxes into exact masks."
    )
    confidence: Annotated[Fraction, Foremost()] = Field(
        0.3, description="Minimum confidence of a detection."
    )
    iou: Fraction = Field(
        0.5, description="Detections that overlap more than this count as one; 1 keeps all."
    )
    min_size: Pixels = Field(0, ge=0, le=4096, description="Minimum width and height in pixels.")
    min_ratio: Fraction = Field(0.0, description="Minimum share of the picture's area.")
    max_ratio: Fraction = Field(1.0, description="Maximum share of the picture's area.")
    top_k: int = Field(0, ge=0, le=100, description="How many to keep; 0 keeps all.")
    top_k_by: KeptBy = Field(
        "area", description="Keep the largest (area) or the most confident (confidence)."
    )
    order: Order = Field("none", description="The order in which parts are repainted.")
    x_offset: Pixels = Field(
        0, ge=-MOST_OFFSET, le=MOST_OFFSET, description="Pixels to move the mask right."
    )
    y_offset: Pixels = Field(
        0, ge=-MOST_OFFSET, le=MOST_OFFSET, description="Pixels to move the mask up."
    )
    grow: Pixels = Field(
        4,
        ge=-MOST_GROWTH,
        le=MOST_GROWTH,
        description="Pixels to grow the mask by; below 0 shrinks it.",
    )
    merge: Merge = Field(
        "none", description="Repaint masks one by one, merged into one, or merged and inverted."
    )
    mask_blur: Annotated[Pixels, Foremost()] = Field(
        4, ge=0, le=64, description="Softness of the mask's edge, in pixels."
    )
    noise_mask_feather: Pixels = Field(
        0,
        ge=0,
        le=100,
        description="Pixels over which the strength fades at the edge (differential diffusion).",
    )
    only_masked: bool = Field(
        True, description="Repaint a crop around the part, not the whole picture."
    )
    crop: Crop = Field(
        "factor", description="Set the context around a part by a factor or by padding."
    )
    crop_factor: Times | None = Field(
        None,
        ge=1.0,
        le=10.0,
        description="Context around the box, as a multiple of it; empty: the family's, usually 3.",
    )
    padding: Pixels = Field(32, ge=0, le=256, description="Context around the box, in pixels.")
    guide_size: Side | None = Field(
        None,
        description="Enlarge the box's short side to this many pixels; empty: the model's size.",
    )
    max_size: Side | None = Field(
        None,
        description="Limit for the enlarged crop in pixels; empty: by the checkpoint.",
    )
    width: Side | None = Field(
        None, description="Repaint at exactly this width; empty: in proportion to the box."
    )
    height: Side | None = Field(None, description="Repaint at exactly this height.")
    match_size: SizeMatch = Field(
        "off",
        description="Fit the size to the box's shape: usual sizes (strict), or any (free).",
    )
    denoising_strength: Annotated[Fraction | None, Foremost()] = Field(
        None, description="How much to repaint; empty: the family's, usually 0.4."
    )
    dynamic_power: float = Field(
        0.0,
        ge=-10.0,
        le=10.0,
        description="Less strength for larger parts (above 0), or more: s · (1 - share)^power.",
    )
    noise_multiplier: Times = Field(
        1.0, ge=0.0, le=1.5, description="Factor on the amount of noise."
    )
    cycles: int = Field(
        1,
        ge=1,
        le=10,
        description="How often to repaint each part; each time the seed is one higher.",
    )
    same_seed: bool = Field(False, description="Use the same seed for all parts.")
    mask: Picture | None = Field(None, description="A mask in place of detection.")
    detections: tuple[DetectionEdit, ...] | None = Field(
        None, description="Edited detections, in place of the detector's."
    )

    @model_validator(mode="after")
    def _can_find(self) -> Self:
        if self.min_ratio > self.max_ratio:
            message = f"min_ratio {self.min_ratio:g} is above max_ratio {self.max_ratio:g}"
            raise ValueError(message)
        if not self.chain:
            message = (
                f"detector {self.detector!r} names none; choose automatic, centre or a model's name"
            )
            raise ValueError(message)
        return self

    @property
    def chain(self) -> tuple[str, ...]:
        """The detectors to try in turn."""
        return names_in_list(self.detector)

    @property
    def detects(self) -> bool:
        """Whether a model looks at the picture: nothing is given in its place."""
        return self.detections is None and self.mask is None and self.chain != (CENTRE,)

    @property
    def draws(self) -> bool:
        """Whether any detection is denoised; those that a person took out are not."""
        if self.detections is None:
            return self.denoising_strength != 0
        return bool(self.drawn_edits)

    @property
    def drawn_edits(self) -> tuple[DetectionEdit, ...]:
        """The edited detections that are drawn."""
        usual = self.denoising_strength

        def strength(edit: DetectionEdit) -> float | None:
            return usual if edit.denoising_strength is None else edit.denoising_strength

        return tuple(edit for edit in self.detections or () if edit.enabled and strength(edit) != 0)

    @property
    def further_prompts(self) -> tuple[str, ...]:
        """The prompts of the edited detections that are drawn."""
        return tuple(edit.prompt for edit in self.drawn_edits if edit.prompt)

    def takes_base(self, name: str) -> bool:
        """Return whether it, or one of its detections, inherits this setting."""
        if name not in {"prompt", "negative_prompt"} or super().takes_base(name):
            return super().takes_base(name)
        own = [edit.prompt for edit in self.drawn_edits] if name == "prompt" else []
        return any(names_base(text) for text in (getattr(self, name), *own) if text is not None)

    def filled(self, base: Mapping[str, Any]) -> Self:
        """Return the settings with unset ones inherited.

        The prompts' markers stay: they are read where the detections are known. With LoRAs of its
        own they stand for the base's words without its tags, which are LoRAs of the base.
        """
        filled = super().filled(base)
        if self.prompt is None:
            return filled
        prompt = self.prompt
        if self.loras is not None and (words := without_tags(base["prompt"])) != base["prompt"]:
            prompt = spelt_out(prompt, words)
        return filled.model_copy(update={"prompt": prompt})

    def drawn(self, expand: Callable[[str], str]) -> Self:
        """Return the settings with all wildcards in the detections' prompts drawn."""
        if self.detections is None:
            return self
        edits = tuple(
            edit.model_copy(update={"prompt": expand(edit.prompt)}) if edit.prompt else edit
            for edit in self.detections
        )
        return self.model_copy(update={"detections": edits})
