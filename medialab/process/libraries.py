"""Optional libraries: imported when needed, or reported with the command that installs them."""

import importlib
import importlib.util
import sys
from typing import Any, NamedTuple

from medialab.errors import MissingLibraryError


class Library(NamedTuple):
    """An optional library: its usual name, what needs it, and the command that installs it."""

    title: str
    needed_by: str
    command: str


# By the module's name. The extras are those of pyproject.toml.
LIBRARIES = {
    "cv2": Library("OpenCV", "this preprocessor", 'pip install "media-lab-studio[control]"'),
    "onnxruntime": Library(
        "onnxruntime", "an .onnx detector", 'pip install "media-lab-studio[detectors]"'
    ),
    "distributed": Library(
        "Dask", "a batch on a cluster", 'pip install "media-lab-studio[cluster]"'
    ),
    "gguf": Library("gguf", "a .gguf checkpoint", 'pip install "media-lab-studio[gguf]"'),
    "ai_edge_litert": Library(
        "LiteRT", "a detector for photos", 'pip install "media-lab-studio[photos]"'
    ),
    "mediapipe": Library("MediaPipe", "a .task or .tflite detector", "pip install mediapipe"),
    "pandas": Library("pandas", "a table of pictures", 'pip install "media-lab-studio[studio]"'),
    # Without its dependencies: it requires torchvision, which its upscalers do not use.
    "spandrel": Library(
        "spandrel", "an upscaler model", 'pip install --no-deps "spandrel>=0.4.1,<0.5" einops'
    ),
}


def require(name: str) -> Any:
    """Import one of LIBRARIES and return it.

    Raises:
        MissingLibraryError: it is not installed or cannot be imported; the message says how to
            install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        is_absent = isinstance(error, ModuleNotFoundError) and error.name == name
        why = "is not installed" if is_absent else f"cannot be imported ({error})"
        raise _missing(name, why) from error


def check_installed(name: str) -> None:
    """Check, without importing it, that one of LIBRARIES is installed.

    Raises:
        MissingLibraryError: as `require`.
    """
    found = sys.modules[name] if name in sys.modules else importlib.util.find_spec(name)
    if found is None:
        raise _missing(name, "is not installed")


def _missing(name: str, why: str) -> MissingLibraryError:
    title, needed_by, command = LIBRARIES[name]
    return MissingLibraryError(f"{needed_by} needs {title}, which {why}: {command}")
