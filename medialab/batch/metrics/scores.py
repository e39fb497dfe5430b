"""Metrics that a model gives."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


def clip_score(image: "Image.Image", subject: Any) -> float:
    """Return how well a picture fits its prompt, by CLIP; see `ClipScorer.score`."""
    return float(subject.scorer.score(image, subject.prompt))


def aesthetic_score(image: "Image.Image", subject: Any) -> float:
    """Return how much a picture is liked, by a model; see `AestheticScorer.score`."""
    return float(subject.scorer.score(image, subject.prompt))
