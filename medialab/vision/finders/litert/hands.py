"""Hands in photos: palms are found, then the joints of each, which tell its box and shape.

Source: mediapipe/modules/palm_detection/palm_detection_cpu.pbtxt, and of
mediapipe/modules/hand_landmark: palm_detection_detection_to_roi.pbtxt, hand_landmark_cpu.pbtxt;
MediaPipe Hands (arXiv:2006.10214).
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from medialab.files.mediapipe_networks import HAND, PALM, beside
from medialab.vision.detections import Detection, most_confident_first, shaped, without_doubles
from medialab.vision.finders.litert.boxes import Candidate, Grid
from medialab.vision.finders.litert.looking import asked, looked
from medialab.vision.finders.litert.sessions import Session
from medialab.vision.finders.litert.views import View, upright, whole

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

LABELS = ("hand", "human hand")
PALMS = Grid(192, ((8, 2), (16, 6)))
# The least scores: that there is a hand in a view, the graph's own; and of a palm, lower than the
# graph's 0.5, since a view that shows none is dropped anyway.
SURE_HAND, SURE_PALM = 0.5, 0.1
# Of a palm's key points: the wrist, and where the middle finger begins.
_WRIST, _MIDDLE_FINGER = 0, 2
# A hand is this many times as large as its palm, and lies this far towards the fingers.
_LARGER, _TOWARDS_FINGERS = 2.6, 0.5
# The joints of each finger from the wrist, and those around the palm.
_FINGERS = ((0, 1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
_PALM = (0, 1, 5, 9, 13, 17)
# How thick a finger is, as a share of the palm's length from the wrist to the middle finger.
_THICKNESS = 0.24
# Two shapes that share more than this (IoU) are one hand.
_DOUBLES = 0.5


class HandFinder:
    """Finds hands: a box and a shape for each."""

    def __init__(self, palms: Session, joints: Session) -> None:
        self._session: tuple[Session, Session] | None = (palms, joints)
        self.nbytes = palms.nbytes + joints.nbytes

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the hands, the most confident first, if they are asked for."""
        import numpy as np

        label = asked(words, LABELS)
        if label is None or self._session is None:
            return []
        palms, joints = self._session
        pixels = np.asarray(image.convert("RGB"))
        found = []
        for palm in looked(palms, PALMS, pixels, whole(*image.size), SURE_PALM, low=0):
            score, points = hand_in(joints, pixels, view_of(palm))
            if score >= SURE_HAND:
                found.append(shaped(label, score, shape_of(points, image.size)))
        return without_doubles(most_confident_first(found), _DOUBLES)

    def release(self) -> None:
        """Release the weights."""
        self._session = None


def load_hands(path: Path, threads: int) -> HandFinder:
    """Load the detector of palms, which `path` is, and the network for joints.

    Raises:
        ModelRefusedError: the other is not beside it.
        MissingLibraryError: LiteRT is not installed.
    """
    return HandFinder(Session(path, PALM, threads), Session(beside(path, HAND), HAND, threads))


def view_of(palm: Candidate) -> View:
    """Return the square around the hand of a palm, turned so that its fingers point up."""
    left, top, right, bottom = palm.edges
    turn = upright(palm.points[_WRIST], palm.points[_MIDDLE_FINGER])
    shift = _TOWARDS_FINGERS * (bottom - top)
    return View(
        (left + right) / 2 + shift * math.sin(turn),
        (top + bottom) / 2 - shift * math.cos(turn),
        max(right - left, bottom - top) * _LARGER,
        turn,
    )


def hand_in(joints: Session, pixels: "np.ndarray", view: View) -> "tuple[float, np.ndarray]":
    """Return how sure it is that there is a hand in a view, and its 21 joints in the picture."""
    size = joints.size
    numbers, there, _side, _world = joints.run(view.sampled(pixels, size, repeats=True) / 255)
    return float(there[0]), view.in_picture(numbers.reshape(-1, 3)[:, :2] / size)


def shape_of(points: "np.ndarray", size: tuple[int, int]) -> "np.ndarray":
    """Return the shape of a hand, (h, w) booleans: its palm, and its fingers as thick lines.

    Args:
        points: its 21 joints, in pixels.
        size: the picture's, width and height.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    mask = Image.new("1", size, 0)
    draw = ImageDraw.Draw(mask)
    joints = [(float(x), float(y)) for x, y in points]
    thick = max(1.0, _THICKNESS * math.dist(joints[0], joints[9]))
    lines = [*_FINGERS, (*_PALM, _PALM[0])]
    draw.polygon([joints[at] for at in _PALM], fill=1)
    for line in lines:
        draw.line([joints[at] for at in line], fill=1, width=round(thick), joint="curve")
    for x, y in joints:
        draw.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=1)
    return np.asarray(mask)
