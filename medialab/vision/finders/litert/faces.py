"""Faces in photos, near and far, by MediaPipe's two detectors of faces.

Source: mediapipe/modules/face_detection: face_detection.pbtxt and its options for the short and
the full range; BlazeFace (arXiv:1907.05047).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from medialab.files.mediapipe_networks import FACE_FULL, FACE_SHORT, beside
from medialab.vision.detections import Detection, boxed, most_confident_first
from medialab.vision.finders.litert.boxes import Candidate, Grid, shared
from medialab.vision.finders.litert.looking import asked, looked
from medialab.vision.finders.litert.sessions import Session
from medialab.vision.finders.litert.views import View, whole

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

LABELS = ("face", "human face")
NEAR = Grid(128, ((8, 2), (16, 6)))  # faces that fill much of the picture
FAR = Grid(192, ((4, 1),))  # smaller ones
# The least scores of the graphs (min_score_thresh).
SURE_NEAR, SURE_FAR = 0.5, 0.6
# Two boxes that share more than this (IoU) are one face, as in the graphs.
_DOUBLES = 0.3
# What only one of the two has found, both look at closer: in a view this many times as large, with
# this least score. With it, a blurred meadow, a paw and a thumb are no faces (tests/photos).
_CLOSER, _SURE_CLOSER = 3.0, 0.35


class Networks(NamedTuple):
    """The two detectors of faces."""

    near: Session
    far: Session

    @property
    def each(self) -> tuple[tuple[Session, Grid, float], ...]:
        """Each with where it looks and its least score."""
        return (self.near, NEAR, SURE_NEAR), (self.far, FAR, SURE_FAR)


class FaceFinder:
    """Finds faces with both detectors."""

    def __init__(self, networks: Networks) -> None:
        self._session: Networks | None = networks
        self.nbytes = sum(one.nbytes for one in networks)

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the faces, the most confident first, if they are asked for."""
        import numpy as np

        label = asked(words, LABELS)
        if label is None or self._session is None:
            return []
        faces = faces_in(self._session, np.asarray(image.convert("RGB")))
        return most_confident_first(boxed(image, label, one.score, one.edges) for one in faces)

    def release(self) -> None:
        """Release the weights."""
        self._session = None


def load_faces(path: Path, threads: int) -> FaceFinder:
    """Load the detectors of faces, of which `path` is the one for the full range.

    Raises:
        ModelRefusedError: the other is not beside it.
        MissingLibraryError: LiteRT is not installed.
    """
    return FaceFinder(load_both(path, threads))


def load_both(path: Path, threads: int) -> Networks:
    """Load the two detectors of faces that are beside a network; see `load_faces`."""
    near, far = (
        Session(beside(path, network), network, threads) for network in (FACE_SHORT, FACE_FULL)
    )
    return Networks(near, far)


def faces_in(networks: Networks, pixels: "np.ndarray") -> list[Candidate]:
    """Return the faces in a picture, (h, w, 3) of 8 bits: the surest first, in pixels.

    Of a face that both detectors have found, the box is that of the surer one.
    """
    view = whole(pixels.shape[1], pixels.shape[0])
    near, far = (
        looked(session, grid, pixels, view, least) for session, grid, least in networks.each
    )
    sure = [*_confirmed(networks, pixels, near, far), *_confirmed(networks, pixels, far, near)]
    kept: list[Candidate] = []
    for face in sorted(sure, key=lambda one: -one.score):
        if not _has_like(kept, face):
            kept.append(face)
    return kept


def _confirmed(
    networks: Networks, pixels: "np.ndarray", own: list[Candidate], other: list[Candidate]
) -> Iterator[Candidate]:
    """Yield what the other detector has found too, or what both see when they look closer."""
    for face in own:
        if _has_like(other, face):
            yield face
            continue
        left, top, right, bottom = (float(edge) for edge in face.edges)
        side = max(right - left, bottom - top) * _CLOSER
        view = View((left + right) / 2, (top + bottom) / 2, side)
        if all(
            _has_like(looked(session, grid, pixels, view, _SURE_CLOSER), face)
            for session, grid, _least in networks.each
        ):
            yield face


def _has_like(every: list[Candidate], face: Candidate) -> bool:
    return any(shared(face.edges, one.edges) > _DOUBLES for one in every)
