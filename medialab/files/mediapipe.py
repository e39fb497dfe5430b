"""Recognises MediaPipe's model files without running them.

A .task file is a zip of .tflite models; a .tflite file is a flatbuffer.

Source: MediaPipe's tasks/cc/core/model_task_bundle.
"""

import zipfile
from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.files.mediapipe_networks import check_undamaged
from medialab.files.regular import open_regular
from medialab.files.tflite import read_tflite

# Extensions of files in a bundle: models, labels and settings.
_PLAIN = frozenset({".tflite", ".txt", ".binarypb", ".pbtxt", ".json", ""})


def check_task_file(path: Path) -> None:
    """Check that a file is a MediaPipe model.

    Raises:
        ModelRefusedError: it is not, or is cut short or damaged; the message says what is wrong.
    """
    if path.suffix.lower() == ".tflite":
        read_tflite(path)
        check_undamaged(path)
        return
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as bundle:
            suffixes = {Path(name).suffix.lower() for name in bundle.namelist()}
        is_model = ".tflite" in suffixes and suffixes <= _PLAIN
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ModelRefusedError(
            f"{path.name} is not readable: {error}; download it again"
        ) from error
    if not is_model:
        message = f"{path.name} is not a MediaPipe model; download it again"
        raise ModelRefusedError(message)
