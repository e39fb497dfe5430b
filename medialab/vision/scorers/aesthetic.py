"""Models of how much people like a picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image

_LABEL = "aesthetic"


def label_of_beauty(config: Mapping[str, Any]) -> int | None:
    """Return the place of the output that tells how much a picture is liked; None without one.

    That is the only output, of a model that rates, or the one of the label "aesthetic".

    Args:
        config: an image classifier's config.json.
    """
    labels = config.get("id2label")
    if not isinstance(labels, dict):
        return None
    names = {str(name).casefold(): int(place) for place, name in labels.items()}
    if len(names) == 1 and config.get("problem_type") == "regression":
        return 0
    return names.get(_LABEL)


class AestheticScorer(NetworkModel):
    """An image classifier with a label "aesthetic", or one that rates pictures."""

    def score(self, image: "Image.Image", text: str) -> float:  # noqa: ARG002 - CLIP reads it
        """Return how likely the picture is called aesthetic, 0 to 1; or its rating.

        Args:
            image: the picture; it stays as it is.
            text: what it should show; it makes no difference here.
        """
        logits = self._outputs(image).logits[0].float()
        place = label_of_beauty(self._network.config.to_dict()) or 0
        return float(logits[0] if len(logits) == 1 else logits.softmax(-1)[place])
