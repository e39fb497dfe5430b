"""What finds faces, hands and bodies in a picture: one small interface, several kinds of model.

Models are folders as transformers saves them (safetensors only), YOLO models as .onnx, MediaPipe's
as .task. Which backend opens which stands in one table (`medialab.vision.backends`).
"""

from medialab.vision.backends import (
    BACKENDS,
    Backend,
    automatic_chain,
    backend_of,
    knows,
    load_detector,
    refines,
    why_absent,
)
from medialab.vision.base import Detection, Detector, find_by, without_doubles
from medialab.vision.boxes import BoxDetector
from medialab.vision.depth import DepthEstimator
from medialab.vision.given import centre_crop, given_mask
from medialab.vision.sam import MaskRefiner
from medialab.vision.semantic import Segmenter

__all__ = [
    "BACKENDS",
    "Backend",
    "BoxDetector",
    "DepthEstimator",
    "Detection",
    "Detector",
    "MaskRefiner",
    "Segmenter",
    "automatic_chain",
    "backend_of",
    "centre_crop",
    "find_by",
    "given_mask",
    "knows",
    "load_detector",
    "refines",
    "why_absent",
    "without_doubles",
]
