"""The shape of a person in a box, by MediaPipe's network for portraits and video calls.

It tells what is in front from what is behind, whatever that is: a cat or a cup as well. So it finds
nobody, but draws the shape of someone who was found.

Source: mediapipe/modules/selfie_segmentation/selfie_segmentation_cpu.pbtxt.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medialab.files.mediapipe_networks import SELFIE
from medialab.vision.detections import Detection, shaped
from medialab.vision.finders.litert.sessions import Session

if TYPE_CHECKING:
    from PIL import Image

# The box is shown with this share of itself around it, since the network knows whole people.
_AROUND = 0.25


class PersonRefiner:
    """Turns the box of a person into the shape of what is in front there."""

    def __init__(self, session: Session) -> None:
        self._session: Session | None = session
        self.nbytes = session.nbytes

    def refine(self, image: "Image.Image", detection: Detection) -> Detection:
        """Return the detection with its shape, within its box; as it was if nothing is seen."""
        import numpy as np
        from PIL import Image

        box = detection.box
        if self._session is None or not box.area:
            return detection
        seen = box.padded(round(_AROUND * max(box.width, box.height))).within(*image.size)
        size = (self._session.size,) * 2
        crop = image.convert("RGB").resize(size, Image.Resampling.BILINEAR, seen.edges)
        (front,) = self._session.run(np.asarray(crop, np.float32) / 255)
        # Both come from one picture of that size, so the shape is stretched back as it was.
        shape = Image.fromarray(front[..., 0]).resize(
            (seen.width, seen.height), Image.Resampling.BILINEAR
        )
        inside = np.zeros((image.height, image.width), bool)
        inside[seen.top : seen.bottom, seen.left : seen.right] = np.asarray(shape) > 0.5
        within = np.zeros_like(inside)
        within[box.top : box.bottom, box.left : box.right] = True
        found = shaped(detection.label, detection.confidence, inside & within)
        return replace(detection, box=found.box, mask=found.mask) if found else detection

    def release(self) -> None:
        """Release the weights."""
        self._session = None


def load_people(path: Path, threads: int) -> PersonRefiner:
    """Load the network for shapes of people.

    Raises:
        ModelRefusedError: it is another file.
        MissingLibraryError: LiteRT is not installed.
    """
    return PersonRefiner(Session(path, SELFIE, threads))
