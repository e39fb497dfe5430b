"""ControlNet units prepared for one denoising: the network of each and its control image."""

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


# Minimum confidence of a detection whose box is passed to an estimator. Source: transformers'
# VitPose example, which filters detected people so.
LEAST_CONFIDENT = 0.3


class Control(NamedTuple):
    """A ControlNet with its control image and settings.

    Attributes:
        network: The loaded diffusers ControlNet.
        shown: Its control image: 8-bit RGB, of the size that is drawn.
        unit: The settings, among them the weight.
        words: A description of each change to the unit's own picture, for the record.
    """

    network: Any
    shown: "Image.Image"
    unit: ControlUnit
    words: Sequence[str] = ()

    @property
    def as_record(self) -> dict[str, Any]:
        """The unit as the record describes it."""
        return {
            "model": self.unit.model,
            "preprocessor": self.unit.preprocessor,
            "weight": self.unit.weight,
            **({"picture": list(self.words)} if self.words else {}),
        }


class Models(Protocol):
    """The part of a stage's context that control images need."""

    def controlnet(self, name: str) -> Any:
        """Return a ControlNet of models/controlnet, loaded."""

    def detector(self, name: str) -> Any:
        """Return a model of models/detectors, loaded."""

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        """Return a stored input picture of this run."""

    def picture_changes(self, name: str, use: Use = "photo") -> Sequence[str]:
        """Return a description of each change to that picture, at import and for this use."""


def prepare(
    units: Sequence[ControlUnit],
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    journey: Sequence[Placement] = (),
    *,
    crop: "Box | None" = None,
) -> list[Control]:
    """Prepare the active units for one denoising; units of weight 0 are left out.

    Args:
        units: The units as they are set.
        image: The current picture, 8-bit RGB, if there is one; units without a picture use it.
        size: Width and height in pixels of the control images.
        models: The stage's context.
        journey: The resizes that brought `image` to its size.
        crop: The part of `image` that is drawn. A unit's own picture is brought to the size of
            `image` first, so that the crop means the same part of both.

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
    """Return units with the control images that the Control stage has prepared, one for each."""
    return [
        Control(models.controlnet(unit.model), picture, unit, words_of(unit, models))
        for unit, picture in zip(units, shown, strict=True)
    ]


def use_of(unit: ControlUnit) -> Use:
    """Return how a unit uses its picture: as a photo to preprocess, or as a control image."""
    return "control" if unit.preprocessor == AS_IT_IS else "photo"


def words_of(unit: ControlUnit, models: Models) -> Sequence[str]:
    """Return a description of each change to a unit's own picture; none if it has no picture."""
    return () if unit.image is None else models.picture_changes(unit.image, use_of(unit))


def shown_of(
    unit: ControlUnit,
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    journey: Sequence[Placement] = (),
    *,
    crop: "Box | None" = None,
) -> "Image.Image":
    """Return a unit's control image, 8-bit RGB of `size` (width, height in pixels).

    If the unit's own picture has the size that the run's picture had at the start or after a
    resize, it follows the same resizes, unless the unit sets a resize mode.

    Args and Raises: as `prepare`.
    """
    from PIL import Image

    if unit.image is not None:
        given = models.picture(unit.image, use_of(unit)).convert("RGB")
        if image is not None and unit.resize_mode is None and fits_a_step(given, journey):
            # A control image that was prepared elsewhere is not extended beyond its edges.
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
    """Return the estimate of the unit's preprocessor model as a picture: depth, pose.

    Raises:
        ConfigError: the model does not fit this preprocessor.
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
