"""YOLO models exported to ONNX: boxes, and shapes where the model gives them.

Ultralytics' own library and its .pt files are not needed: the file is run by onnxruntime (extra
`detectors`), what it gives is read here.

Source: the outputs of Ultralytics' exporter, as its documentation and ultralytics/utils/ops.py
(non_max_suppression, process_mask) and ultralytics/data/augment.py (LetterBox) use them.
"""

import ast
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.errors import ModelRefusedError, first_line
from medialab.files.onnx import OnnxHeader, check_onnx
from medialab.process.libraries import require
from medialab.vision.detections import (
    Detection,
    boxed,
    called,
    most_confident_first,
    shaped,
)
from medialab.vision.finders.onnx_sessions import bound_memory, failures
from medialab.vision.finders.yolo_outputs import read_rows, refused_outputs

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from PIL import Image

# Pixels a side where the file does not tell, and the grey that fills what a picture leaves.
_USUAL_SIDE, _FILLING = 640, 114
_LARGEST_SIDE = 4096
# Seconds that one look may take. The largest YOLO at 1,280 px takes ten on two cores.
MOST_SECONDS = 120


class Fitted(NamedTuple):
    """A picture as the network sees it, and how it came there."""

    pixels: "np.ndarray"
    scale: float
    left: int
    top: int


class YoloDetector:
    """A detector or segmenter of the YOLO family, run by onnxruntime."""

    def __init__(self, name: str, content: bytes, device: str) -> None:
        header = check_onnx(name, content)
        self._name = name
        self._session = _session(name, content, device)
        self.nbytes = len(content)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            message = f"detector {name!r} has {len(inputs)} inputs; a detector has one, the picture"
            raise ModelRefusedError(message)
        self._input, self._is_half = inputs[0].name, "float16" in inputs[0].type
        self._size = _input_size(name, inputs[0].shape, header)
        self._labels = header.labels or {0: name}

    @property
    def labels(self) -> dict[int, str]:
        """Return its classes by number; where the file names none, one of the file's name."""
        return self._labels

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the parts of those labels, the most confident first."""
        import numpy as np

        labels = called(words, self._labels)
        if not labels:
            return []
        fitted = _letterboxed(image, self._size)
        pixels = fitted.pixels.astype(np.float16 if self._is_half else np.float32)
        outputs = self._run(pixels)
        rows = read_rows(np.asarray(outputs[0][0], np.float32), len(self._labels))
        shapes = next(
            (np.asarray(one[0], np.float32) for one in outputs[1:] if getattr(one, "ndim", 0) == 4),
            None,
        )
        detections = []
        for row in rows:
            if row.number not in labels:
                continue
            edges = _in_picture(row.edges, fitted)
            detection = boxed(image, labels[row.number], row.confidence, edges)
            if detection is None:
                continue
            if shapes is not None and row.shape.size == shapes.shape[0]:
                detection = _with_shape(detection, row.shape, shapes, fitted, image)
            detections.append(detection)
        return most_confident_first(detections)

    def release(self) -> None:
        """Release the weights."""
        self._session = None

    def _run(self, pixels: "np.ndarray") -> "list[np.ndarray]":
        """Return what the network gives, within a time and the memory of `bound_memory`."""
        library = require_onnxruntime()
        options = library.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        watch = Timer(MOST_SECONDS, lambda: setattr(options, "terminate", True))
        watch.daemon = True
        watch.start()
        try:
            outputs: list[np.ndarray] = self._session.run(None, {self._input: pixels}, options)
        except failures() as error:
            # Set, it stops whatever runs.
            said = f"it took more than {MOST_SECONDS} s" if options.terminate else first_line(error)
            message = f"detector {self._name!r} failed on this picture: {said}"
            raise ModelRefusedError(message) from error
        finally:
            watch.cancel()
        if not outputs or getattr(outputs[0], "ndim", 0) < 1 or not len(outputs[0]):
            raise refused_outputs(())
        return outputs


def load_yolo(name: str, path: "Path", device: str) -> YoloDetector:
    """Load a YOLO model of models/detectors.

    Raises:
        ModelRefusedError: broken, or no model that gives boxes.
        MissingLibraryError: onnxruntime is not installed.
    """
    require_onnxruntime()
    return YoloDetector(name, path.read_bytes(), device)


def require_onnxruntime() -> Any:
    """Return the library that runs ONNX files.

    Raises:
        MissingLibraryError: the text says how to install it.
    """
    return require("onnxruntime")


def _session(name: str, content: bytes, device: str) -> Any:
    """Return a session from bytes that were checked: nothing is read from the disk afterwards."""
    import torch

    library = require_onnxruntime()
    options = library.SessionOptions()
    options.log_severity_level = 3  # errors; it writes to the process's stderr
    options.intra_op_num_threads = torch.get_num_threads()
    bound_memory(options)
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    here = library.get_available_providers()
    providers = [one for one in [*wanted, "CPUExecutionProvider"] if one in here]
    try:
        # Constants are not computed beforehand, where nothing would bound their size.
        return library.InferenceSession(
            content, options, providers=providers, disabled_optimizers=["ConstantFolding"]
        )
    except failures() as error:
        message = f"detector {name!r} cannot be loaded: {first_line(error)}"
        raise ModelRefusedError(message) from error


def _input_size(name: str, shape: "list[Any]", header: OnnxHeader) -> tuple[int, int]:
    """Return width and height that the network takes: fixed, as it was trained, or the usual.

    Raises:
        ModelRefusedError: larger than any detector sees.
    """
    width = height = _USUAL_SIDE
    if len(shape) == 4 and all(isinstance(side, int) and side > 0 for side in shape[2:]):
        width, height = shape[3], shape[2]
    else:
        try:
            tall, wide = ast.literal_eval(header.metadata.get("imgsz", ""))
            width, height = int(wide), int(tall)
        except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
            pass
    if not (1 <= width <= _LARGEST_SIDE and 1 <= height <= _LARGEST_SIDE):
        message = (
            f"detector {name!r} works at {width} × {height} pixels; the limit is "
            f"{_LARGEST_SIDE} a side: export it for a smaller size"
        )
        raise ModelRefusedError(message)
    return width, height


def _letterboxed(image: "Image.Image", size: tuple[int, int]) -> Fitted:
    """Return the whole picture in the middle of a grey one: (1, 3, h, w) in [0, 1]."""
    import numpy as np
    from PIL import Image

    width, height = size
    scale = min(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    sheet = Image.new("RGB", size, (_FILLING,) * 3)
    sheet.paste(image.convert("RGB").resize(inner, Image.Resampling.BILINEAR), (left, top))
    pixels = np.asarray(sheet).transpose(2, 0, 1)[None] / 255
    return Fitted(np.ascontiguousarray(pixels), scale, left, top)


def _in_picture(edges: tuple[float, ...], fitted: Fitted) -> list[float]:
    shift = (fitted.left, fitted.top) * 2
    return [(edge - by) / fitted.scale for edge, by in zip(edges, shift, strict=True)]


def _with_shape(
    detection: Detection,
    numbers: "np.ndarray",
    shapes: "np.ndarray",
    fitted: Fitted,
    image: "Image.Image",
) -> Detection:
    """Return the detection with its shape: the mixture of the network's shapes, within the box.

    `shapes` (32, h, w), smaller than what the network saw.
    """
    import numpy as np
    from PIL import Image

    mixture = np.tensordot(numbers, shapes, axes=1)
    height, width = fitted.pixels.shape[2:]
    seen = Image.fromarray(mixture.astype(np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    inner = (
        fitted.left,
        fitted.top,
        fitted.left + round(image.width * fitted.scale),
        fitted.top + round(image.height * fitted.scale),
    )
    whole = np.asarray(seen.crop(inner).resize(image.size, Image.Resampling.BILINEAR))
    inside = np.zeros(whole.shape, bool)
    box = detection.box
    inside[box.top : box.bottom, box.left : box.right] = (
        whole[box.top : box.bottom, box.left : box.right] > 0
    )
    return shaped(detection.label, detection.confidence, inside) or detection
