"""Metrics: numbers about the pictures of a batch; a new one is a function and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.batch.metrics.pixels import difference, mean_colour, sharpness
from medialab.batch.metrics.scores import aesthetic_score, clip_score
from medialab.vision.scorers.aesthetic import AestheticScorer
from medialab.vision.scorers.clip import ClipScorer

if TYPE_CHECKING:
    from PIL import Image

    from medialab.vision.roles import Scorer

Value = float | list[float]


@dataclass(frozen=True)
class Subject:
    """What a metric may look at besides the picture.

    Attributes:
        prompt: The prompt of the picture, without tags of LoRAs.
        reference: The picture to compare it with, RGB; None if the metric asked for none.
        scorer: The model; None if the metric needs none.
    """

    prompt: str = ""
    reference: "Image.Image | None" = None
    scorer: "Scorer | None" = None


@dataclass(frozen=True)
class Metric:
    """A number, or several, about a picture.

    Attributes:
        measure: Returns it of an RGB picture.
        meaning: What it says, for a person.
        takes_reference: Whether it needs a picture to compare with.
        scorer: The role of the model in models/detectors that it needs; None for none.
    """

    measure: "Callable[[Image.Image, Any], Value]"
    meaning: str
    takes_reference: bool = False
    scorer: type | None = None


METRICS: Mapping[str, Metric] = {
    "sharpness": Metric(sharpness, "how sharp: the variance of the Laplacian; 0: one grey"),
    "mean_colour": Metric(mean_colour, "the mean red, green and blue, 0 to 255"),
    "difference": Metric(
        difference, "from a reference picture: 0: the same, 1: black to white", takes_reference=True
    ),
    "clip_score": Metric(
        clip_score, "how well it fits its prompt, by CLIP: 0 to 100", scorer=ClipScorer
    ),
    "aesthetic_score": Metric(
        aesthetic_score, "how much people like such pictures, by a model", scorer=AestheticScorer
    ),
}
