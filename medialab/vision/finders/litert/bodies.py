"""People in photos: each is found by the face or by the hips, then its shape is drawn.

MediaPipe's detector of poses is made for one or two people, and takes a sitting dog for one. So it
is believed where there is a face too; further people are found by their faces alone, which tell the
size of a body as well.

Source: mediapipe/modules/pose_detection/pose_detection_cpu.pbtxt, and of
mediapipe/modules/pose_landmark: pose_detection_to_roi.pbtxt, pose_landmark_by_roi_cpu.pbtxt,
tensors_to_pose_landmarks_and_segmentation.pbtxt; BlazePose (arXiv:2006.10204).
"""

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from medialab.files.mediapipe_networks import POSE, POSE_LANDMARKS, beside
from medialab.vision.detections import Detection, most_confident_first, shaped
from medialab.vision.finders.litert import faces
from medialab.vision.finders.litert.boxes import Candidate, Grid
from medialab.vision.finders.litert.crowds import parted
from medialab.vision.finders.litert.looking import asked, looked
from medialab.vision.finders.litert.sessions import Session
from medialab.vision.finders.litert.views import View, upright, whole

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

LABELS = ("body", "person")
POSES = Grid(224, ((8, 2), (16, 2), (32, 6)))
# The least scores: of a pose with a face, as the published solution has it by default (its graph's
# own is 0.2); of one without (tests/photos: dogs have up to 0.70); and that a person is in a view,
# the graph's own.
SURE_POSE, SURE_ALONE, SURE_PERSON = 0.5, 0.75, 0.5
# Of a pose's key points: the middle of the hips, and a point as far from it as the body reaches.
_HIPS, _REACH = 0, 1
_LARGER = 1.25  # a view is this much larger than the body
# From a face to the hips, and from there to where the body reaches: in widths of the face. The
# medians of 35 people in photos of whom both detectors found their part.
_TO_HIPS, _REACHES = 3.4, 4.2
# From the hips to the face, as a share of a view's side.
_TO_FACE = _TO_HIPS / (2 * _REACHES * _LARGER)
# A pose is that of a face whose middle is nearer to its head than this, in widths of the face.
_SAME_HEAD = 1.0
_RIGHT_EYE, _LEFT_EYE = 0, 1  # of a face's key points
_MOST = 20  # people


class Networks(NamedTuple):
    """The networks that find people: of faces, of poses, and of shapes."""

    faces: faces.Networks
    poses: Session
    shapes: Session


class BodyFinder:
    """Finds people: a box and a shape for each."""

    def __init__(self, networks: Networks) -> None:
        self._session: Networks | None = networks
        every = [*networks.faces, networks.poses, networks.shapes]
        self.nbytes = sum(one.nbytes for one in every)

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the people, the most confident first, if they are asked for."""
        import numpy as np

        label = asked(words, LABELS)
        if label is None or self._session is None:
            return []
        pixels = np.asarray(image.convert("RGB"))
        scores, spines, shapes = [], [], []
        for score, view in list(_views(self._session, pixels))[:_MOST]:
            sure, inside = body_in(self._session.shapes, pixels, view)
            if sure >= SURE_PERSON:
                scores.append(min(score, sure))
                spines.append(spine_of(view))
                shapes.append(inside)
        own = parted(shapes, spines)
        return most_confident_first(map(shaped, [label] * len(own), scores, own))

    def release(self) -> None:
        """Release the weights."""
        self._session = None


def load_bodies(path: Path, threads: int) -> BodyFinder:
    """Load the detector of poses, which `path` is, and the networks for faces and shapes.

    Raises:
        ModelRefusedError: one of the others is not beside it.
        MissingLibraryError: LiteRT is not installed.
    """
    shapes = Session(beside(path, POSE_LANDMARKS), POSE_LANDMARKS, threads)
    return BodyFinder(
        Networks(faces.load_both(path, threads), Session(path, POSE, threads), shapes)
    )


def view_of(pose: Candidate) -> View:
    """Return the square around the whole body of a pose, turned so that it stands."""
    hips, reach = pose.points[_HIPS], pose.points[_REACH]
    side = 2 * math.dist(hips, reach) * _LARGER
    return View(float(hips[0]), float(hips[1]), side, upright(hips, reach))


def view_below(face: Candidate) -> View:
    """Return the square around the whole body of a face, turned so that it stands."""
    left, top, right, bottom = (float(edge) for edge in face.edges)
    eyes = face.points[_LEFT_EYE] - face.points[_RIGHT_EYE]
    turn = math.atan2(eyes[1], eyes[0])
    wide = right - left
    down = _TO_HIPS * wide
    return View(
        (left + right) / 2 - down * math.sin(turn),
        (top + bottom) / 2 + down * math.cos(turn),
        2 * _REACHES * wide * _LARGER,
        turn,
    )


def body_in(shapes: Session, pixels: "np.ndarray", view: View) -> "tuple[float, np.ndarray]":
    """Return how sure it is that a person is in a view, and the shape, (h, w) booleans."""
    import numpy as np

    levels = view.sampled(pixels, shapes.size, repeats=True) / 255
    _points, there, raw, _heat, _world = shapes.run(levels)
    inside = 1 / (1 + np.exp(-np.clip(raw[..., 0], -50, 50)))
    height, width = pixels.shape[:2]
    return float(there[0]), view.laid(inside, (width, height))


def spine_of(view: View) -> "np.ndarray":
    """Return a body's line from the middle of its hips to its face, (2, 2) in pixels."""
    import numpy as np

    return view.in_picture(np.array([[0.5, 0.5], [0.5, 0.5 - _TO_FACE]]))


def _views(networks: Networks, pixels: "np.ndarray") -> Iterator[tuple[float, View]]:
    """Yield where people are, with how sure that is: those with a face, then those without."""
    view = whole(pixels.shape[1], pixels.shape[0])
    poses = looked(networks.poses, POSES, pixels, view, SURE_POSE)
    for face in faces.faces_in(networks.faces, pixels):
        own = [pose for pose in poses if _away(face, pose) < _SAME_HEAD]
        poses = [pose for pose in poses if all(pose is not one for one in own)]
        if own:
            pose = min(own, key=partial(_away, face))
            yield max(face.score, pose.score), view_of(pose)
        else:
            yield face.score, view_below(face)
    for pose in poses:
        if pose.score >= SURE_ALONE:
            yield pose.score, view_of(pose)


def _away(face: Candidate, pose: Candidate) -> float:
    """Return how far a pose's head is from a face, in widths of the face."""
    middle = (face.edges[:2] + face.edges[2:]) / 2
    wide = float(face.edges[2] - face.edges[0])
    return math.dist(spine_of(view_of(pose))[1], middle) / wide
