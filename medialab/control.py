"""ControlNet units made ready for one denoising: what each is shown, and its network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from medialab.errors import ConfigError
from medialab.preprocessors import DEPTH, PREPROCESSORS
from medialab.resizing import resized
from medialab.settings import ControlUnit

if TYPE_CHECKING:
    from PIL import Image

    from medialab.geometry import Box


class Control(NamedTuple):
    """A ControlNet, what it is shown (8-bit RGB, the size that is drawn), and how it counts."""

    network: Any
    shown: "Image.Image"
    unit: ControlUnit

    @property
    def told(self) -> dict[str, Any]:
        """As the record tells it."""
        return {
            "model": self.unit.model,
            "preprocessor": self.unit.preprocessor,
            "weight": self.unit.weight,
        }


class Models(Protocol):
    """What is asked of a stage's context."""

    def controlnet(self, name: str) -> Any:
        """A ControlNet of models/controlnet, loaded."""

    def detector(self, name: str) -> Any:
        """A model of models/detectors, loaded."""

    def picture(self, name: str) -> "Image.Image":
        """A picture that was kept for this run."""


def prepare(
    units: Sequence[ControlUnit],
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    *,
    crop: "Box | None" = None,
) -> list[Control]:
    """The units that count, ready for a denoising of that size.

    A unit's own picture is brought to the size of `image` first, so that `crop` means the same part
    of both.

    Raises:
        ConfigError: a unit has no picture, and there is no current one either.
    """
    return [
        Control(models.controlnet(unit.model), shown_of(unit, image, size, models, crop=crop), unit)
        for unit in units
        if unit.counts
    ]


def with_networks(
    units: Sequence[ControlUnit], shown: "Sequence[Image.Image]", models: Models
) -> list[Control]:
    """Units whose pictures the Control stage has prepared."""
    return [
        Control(models.controlnet(unit.model), picture, unit)
        for unit, picture in zip(units, shown, strict=True)
    ]


def shown_of(
    unit: ControlUnit,
    image: "Image.Image | None",
    size: tuple[int, int],
    models: Models,
    *,
    crop: "Box | None" = None,
) -> "Image.Image":
    """What a unit's ControlNet is shown: 8-bit RGB of that size."""
    from PIL import Image

    if unit.image is not None:
        given = models.picture(unit.image).convert("RGB")
        whole = size if image is None or crop is None else image.size
        source = resized(given, *whole, unit.resize_mode)
    elif image is not None:
        source = image
    else:
        message = (
            f"control unit {unit.model!r} has no picture, and there is none yet to take: "
            "set its image to bench.keep(picture)"
        )
        raise ConfigError(message)
    if crop is not None:
        source = source.crop(crop.edges)
    if source.size != size:
        source = source.resize(size, Image.Resampling.LANCZOS)
    if unit.preprocessor == DEPTH:
        estimator = models.detector(unit.preprocessor_model or "")
        if not hasattr(estimator, "depth"):
            message = f"{unit.preprocessor_model!r} is no depth model; it finds parts"
            raise ConfigError(message)
        found: Image.Image = estimator.depth(source)
        return found
    return PREPROCESSORS[unit.preprocessor](source)
