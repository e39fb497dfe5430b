"""What the listing says of one model."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medialab.families.base import UNKNOWN
from medialab.files.mediapipe import check_task_file
from medialab.files.onnx import read_onnx

# The subfolder of models/ -> the kind of model in it.
KIND_FOLDERS = {
    "checkpoints": "checkpoint",
    "loras": "lora",
    "controlnet": "controlnet",
    "upscalers": "upscaler",
    "detectors": "detector",
    "embeddings": "embedding",
    "vae": "vae",
}
FOLDER_OF_KIND = {kind: folder for folder, kind in KIND_FOLDERS.items()}

SINGLE_FILE = ".safetensors"
# Further file types of detectors that are safe, by extension: the format, and the function that
# checks a file.
ONNX, MEDIAPIPE = "onnx", "mediapipe"
OF_DETECTORS: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    ".onnx": (ONNX, read_onnx),
    ".task": (MEDIAPIPE, check_task_file),
    ".tflite": (MEDIAPIPE, check_task_file),
}
# Kinds that are always single files: a folder with them is not itself a model, whatever it holds.
KINDS_OF_FILES = frozenset({"lora", "upscaler", "embedding"})


@dataclass(frozen=True)
class ModelInfo:
    """One model on the disk.

    Attributes:
        name: Its name in settings.
        kind: The kind of model.
        family: Its family, or "unknown".
        format: "diffusers" or "transformers" for a folder, otherwise how its tensors are named.
        path: Its file or folder.
        size_bytes: Its size on the disk.
        refused: Why it cannot be used; None if it can.
        variant: What a checkpoint is made for: "inpaint", "instruct", "refiner" …; "" for text to
            image.
        prediction_type: What a checkpoint's denoiser predicts; "" if unknown.
        zero_terminal_snr: Whether a checkpoint's noise schedule ends in pure noise.
        lacks_vae: Whether a checkpoint in one file needs a VAE from models/vae.
        aliases: Further names of a textual inversion in prompts.
    """

    name: str
    kind: str
    family: str
    format: str
    path: Path
    size_bytes: int
    refused: str | None = None
    variant: str = ""
    prediction_type: str = ""
    zero_terminal_snr: bool = False
    lacks_vae: bool = False
    aliases: tuple[str, ...] = ()


def plain_text(name: str) -> str:
    """Normalise a name to Unicode's NFC, in which names that look the same are the same."""
    return unicodedata.normalize("NFC", name)


def refused_info(path: Path, kind: str, reason: str) -> ModelInfo:
    """Return the entry of a refused model.

    A pickle's name includes its extension, so that it differs from that of a .safetensors file.
    """
    try:
        size = path.stat().st_size
    except OSError:
        size = 0  # a broken link
    is_usual = path.suffix.lower() in {SINGLE_FILE, *OF_DETECTORS}
    name = plain_text(path.stem if is_usual else path.name)
    return ModelInfo(name, kind, UNKNOWN, UNKNOWN, path, size, reason)
