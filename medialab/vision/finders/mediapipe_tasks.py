"""MediaPipe's face and hand models, where the library is installed.

The library brings no model: a .task or .tflite file of models/detectors is used, and what it finds
is told by its name, as MediaPipe publishes them (blaze_face_short_range, face_landmarker,
hand_landmarker).
"""

import importlib
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError, first_line
from medialab.files.mediapipe import check_task_file
from medialab.process.libraries import require
from medialab.vision.detections import (
    LEAST_CONFIDENCE,
    Detection,
    boxed,
    most_confident_first,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

# A part of the file's name -> what is found, and the class of mediapipe.tasks.python.vision.
_KINDS = (
    ("face_landmark", "face", "FaceLandmarker"),
    ("face", "face", "FaceDetector"),
    ("hand", "hand", "HandLandmarker"),
)
_MOST = 20  # faces or hands
# Landmarks lie within the skin: a hand's box is this much larger than theirs on each side.
_MARGIN = 0.15


def label_of(name: str) -> str | None:
    """Return what a MediaPipe file of that name finds; None where the name does not tell."""
    return next((label for part, label, _ in _KINDS if part in name.casefold()), None)


class TaskDetector:
    """A face or hand model of MediaPipe's tasks."""

    def __init__(self, task: Any, label: str, nbytes: int) -> None:
        self._task = task
        self._label = label
        self.nbytes = nbytes

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the faces or hands, the most confident first, if that is what is asked for."""
        import numpy as np

        if self._label not in {word.casefold() for word in words}:
            return []
        mediapipe = require_mediapipe()
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB")))
        result = self._task.detect(
            mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        )
        return most_confident_first(
            boxed(image, self._label, confidence, edges)
            for confidence, edges in _boxes(result, image.size)
        )

    def release(self) -> None:
        """Release the weights."""
        if self._task is not None:
            self._task.close()
        self._task = None


def load_task(name: str, path: "Path") -> TaskDetector:
    """Load a MediaPipe model of models/detectors.

    Raises:
        ModelRefusedError: broken, or its name does not tell what it finds.
        MissingLibraryError: mediapipe is not installed.
    """
    check_task_file(path)
    require_mediapipe()
    found = next((kind for kind in _KINDS if kind[0] in name.casefold()), None)
    if found is None:
        message = f"detector {name!r}: its name must say face or hand, as MediaPipe's own do"
        raise ModelRefusedError(message)
    _, label, class_name = found
    tasks = importlib.import_module("mediapipe.tasks.python")
    vision = importlib.import_module("mediapipe.tasks.python.vision")
    content = path.read_bytes()
    limits: dict[str, Any] = {
        "FaceDetector": {"min_detection_confidence": LEAST_CONFIDENCE},
        "FaceLandmarker": {
            "num_faces": _MOST,
            "min_face_detection_confidence": LEAST_CONFIDENCE,
        },
        "HandLandmarker": {
            "num_hands": _MOST,
            "min_hand_detection_confidence": LEAST_CONFIDENCE,
        },
    }
    options = getattr(vision, f"{class_name}Options")(
        base_options=tasks.BaseOptions(model_asset_buffer=content), **limits[class_name]
    )
    try:
        task = getattr(vision, class_name).create_from_options(options)
    except (RuntimeError, ValueError) as error:
        message = f"detector {name!r} cannot be loaded: {first_line(error)}"
        raise ModelRefusedError(message) from error
    return TaskDetector(task, label, len(content))


def require_mediapipe() -> Any:
    """Return MediaPipe.

    Raises:
        MissingLibraryError: it is not installed; the text says how to install it.
    """
    return require("mediapipe")


def _boxes(result: Any, size: tuple[int, int]) -> "Iterator[tuple[float, list[float]]]":
    """Yield confidence and edges of each detection, of whichever of the three results it is."""
    for one in getattr(result, "detections", ()):
        box = one.bounding_box
        edges = [box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height]
        yield one.categories[0].score, edges
    for marks in getattr(result, "face_landmarks", ()):
        yield 1.0, _around(marks, size, 0.0)
    for marks, sides in zip(
        getattr(result, "hand_landmarks", ()), getattr(result, "handedness", ()), strict=True
    ):
        yield sides[0].score, _around(marks, size, _MARGIN)


def _around(marks: Any, size: tuple[int, int], margin: float) -> list[float]:
    across, down = [mark.x * size[0] for mark in marks], [mark.y * size[1] for mark in marks]
    wide, high = (max(axis) - min(axis) for axis in (across, down))
    return [
        min(across) - margin * wide,
        min(down) - margin * high,
        max(across) + margin * wide,
        max(down) + margin * high,
    ]
