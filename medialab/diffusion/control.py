"""ControlNet units made ready for one denoising: what each is shown, and its network."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from medialab.errors import ConfigError
from medialab.pictures.store import Use
from medialab.pixels.geometry import Placement
from medialab.pixels.preprocessors import AS_IT_IS, PREPROCESSORS
from medialab.pixels.resizing import fits_a_step, follow, resized
from medialab.settings.choices import USUAL_RESIZE
from medialab.settings.control_units import ControlUnit
from medialab.vision.estimators import ESTIMATORS, of_another_kind
from medialab.vision.roles import find_by

if TYPE_CHECKING:
    from PIL import Image

    from medialab.pixels.geometry import Box


# Parts that an estimator looks at are taken from this confidence on. Source: transformers' VitPose
# example, which takes people from a detector so.
LEAST_CONFIDENT = 0.3


class Control(NamedTuple):
    """A ControlNet, what it is shown (8-bit RGB, the size that is drawn), and how it counts.

    `words` say what was done to the picture that was given for it.
    """

    network: Any
    shown: "Image.Image"
    unit: ControlUnit
    words: Sequence[str] = ()

    @property
    def as_record(self) -> dict[str, Any]:
        """Return the unit as the record tells of it."""
        return {
            "model": self.unit.model,
            "preprocessor": self.unit.preprocessor,
            "weight": self.unit.weight,
            **({"picture": list(self.words)} if self.words else {}),
        }


class Models(Protocol):
    """What is asked of a stage's context."""

    def controlnet(self, name: str) -> Any:
        """A ControlNet of models/controlnet, loaded."""

    def detector(self, name: str) -> Any:
        """A model of models/detectors, loaded."""

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """A picture that was kept for this run."""

    def picture_told(self, name: str, use: Use = "photo") -> Sequence[str]:
        """What was done to that picture, when it came in and for this use, in words."""


def prepare(
    units: Sequence[ControlUnit],
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    journey: Sequence[Placement] = (),
    *,
    crop: "Box | None" = None,
) -> list[Control]:
    """The units that count, ready for a denoising of that size.

    A unit's own picture is brought to the size of `image` first, so that `crop` means the same part
    of both. `journey` is how `image` came to its size.

    Raises:
        ConfigError: a unit has no picture, and there is no current one either.
    """
    return [
        Control(
            models.controlnet(unit.model),
            shown_of(unit, image, size, models, journey, crop=crop),
            unit,
            words_of(unit, models),
        )
        for unit in units
        if unit.counts
    ]


def with_networks(
    units: Sequence[ControlUnit], shown: "Sequence[Image.Image]", models: Models
) -> list[Control]:
    """Units whose pictures the Control stage has prepared."""
    return [
        Control(models.controlnet(unit.model), picture, unit, words_of(unit, models))
        for unit, picture in zip(units, shown, strict=True)
    ]


def use_of(unit: ControlUnit) -> Use:
    """What a unit's picture is used for: to be prepared as a photo is, or to be shown as it is."""
    return "control" if unit.preprocessor == AS_IT_IS else "photo"


def words_of(unit: ControlUnit, models: Models) -> Sequence[str]:
    """What was done to a unit's own picture, in words."""
    return () if unit.image is None else models.picture_told(unit.image, use_of(unit))


def shown_of(
    unit: ControlUnit,
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    journey: Sequence[Placement] = (),
    *,
    crop: "Box | None" = None,
) -> "Image.Image":
    """What a unit's ControlNet is shown: 8-bit RGB of that size.

    A picture of its own that has the size of the one that was given belongs to it, and goes the
    same way, unless the unit says how it is brought to size.
    """
    from PIL import Image

    if unit.image is not None:
        given = models.picture(unit.image, use_of(unit)).convert("RGB")
        if image is not None and unit.resize_mode is None and fits_a_step(given, journey):
            # What was prepared elsewhere shows nothing where the picture goes on.
            repeats = unit.preprocessor != "none"
            steps = [replace(one, repeats=one.repeats or repeats) for one in journey]
            source = follow(given, steps, image.size)
        else:
            whole = size if image is None or crop is None else image.size
            source = resized(given, *whole, unit.resize_mode or USUAL_RESIZE)
    elif image is not None:
        source = image
    else:
        message = (
            f"the ControlNet {unit.model!r} has no picture, and there is none yet to take; "
            "choose a picture for it"
        )
        raise ConfigError(message).in_code("set its image to bench.keep(picture)")
    if crop is not None:
        source = source.crop(crop.edges)
    if source.size != size:
        source = source.resize(size, Image.Resampling.LANCZOS)
    if unit.preprocessor in ESTIMATORS:
        return _estimated(unit, source, models)
    return PREPROCESSORS[unit.preprocessor](source)


def _estimated(unit: ControlUnit, source: "Image.Image", models: Models) -> "Image.Image":
    """Return what the unit's own model tells of the picture, drawn.

    Raises:
        ConfigError: the model is none for this preprocessor.
    """
    from PIL import Image

    kind = ESTIMATORS[unit.preprocessor]
    estimator = models.detector(unit.preprocessor_model or "")
    if not isinstance(estimator, kind):
        raise of_another_kind(unit.preprocessor, unit.preprocessor_model or "")
    boxes: list[Box] = []
    if kind.looks_at and unit.people_model is not None:
        finder = models.detector(unit.people_model)
        found = [
            one
            for label in kind.looks_at
            for one in find_by(finder, unit.people_model, source, label)
        ]
        boxes = [one.box for one in found if one.confidence >= LEAST_CONFIDENT and one.box.area]
        if not boxes:  # an estimate of nobody is a black picture
            return Image.new("RGB", source.size)
    return estimator.estimate(source, boxes)
