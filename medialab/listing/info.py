"""What the listing says of one model."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medialab.errors import ConfigError, shown
from medialab.families.base import UNKNOWN
from medialab.files.gguf import SUFFIX as GGUF_FILE
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
    "text_encoders": "text encoder",
}
# Further subfolders, named as in ComfyUI, besides the kind's own.
FURTHER_FOLDERS = {"diffusion_models": "checkpoint"}
FOLDER_OF_KIND = {kind: folder for folder, kind in KIND_FOLDERS.items()}
# The kinds that people spell otherwise.
_SPELT = {"lora": "LoRA", "vae": "VAE", "controlnet": "ControlNet"}

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
KINDS_OF_FILES = frozenset({"lora", "upscaler", "embedding", "text encoder"})


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
        prediction_type: What a checkpoint's denoiser predicts, or what a LoRA was trained with; ""
            if unknown.
        zero_terminal_snr: Whether a checkpoint's noise schedule ends in pure noise.
        lacks_vae: Whether a checkpoint in one file needs a VAE from models/vae.
        lacks_encoders: The text encoders that a checkpoint in one file needs from
            models/text_encoders, by their families.
        aliases: Further names of a textual inversion in prompts.
        holds: The kind of model that its header tells, which in a wrong folder differs from `kind`;
            "unknown" if it tells none.
        precision: The number format of its weights, such as "bf16", "fp8 e4m3" or "Q4_K_M";
            "mixed" if no format has nearly all; "" if unknown.
        stored: How its file stores a denoiser's weights that stay so in memory: "GGUF Q4_K_M",
            "fp8 e4m3 with scales"; "" if they become numbers of the precision.
        ranks: The ranks of a LoRA's matrices, smallest first.
        trained_words: Words that its file says it was trained with, most frequent first.
        editions: The editions that it may be of, since their layers are the same, such as "turbo"
            and "base".
        edition: Which of these it is, as its file or a person says; "" if unknown.
        full_name: Its name with all folders that it lies in, such as "comfyui/styles/ink".
        folder: The name of its models folder; "" for the studio's own.
        program: The program that the folder belongs to, such as "ComfyUI": nothing is written
            there; "" if it is the studio's.
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
    lacks_encoders: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    holds: str = UNKNOWN
    precision: str = ""
    stored: str = ""
    ranks: tuple[int, ...] = ()
    trained_words: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()
    edition: str = ""
    full_name: str = ""
    folder: str = ""
    program: str = ""


def check_listed(model: object) -> None:
    """Refuse what is not a model of the listing, such as a name.

    Raises:
        ConfigError: it is none; the message says how to get one.
    """
    if not isinstance(model, ModelInfo):
        message = f"{shown(model)} is not a listed model; find it by its name and kind"
        raise ConfigError(message).in_code('bench.registry.find("ink", "lora")')


def kind_in_words(kind: str) -> str:
    """Return a kind of model as people write it within a sentence: "checkpoint", "LoRA"."""
    return _SPELT.get(kind, kind)


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
    is_usual = path.suffix.lower() in {SINGLE_FILE, GGUF_FILE, *OF_DETECTORS}
    name = plain_text(path.stem if is_usual else path.name)
    return ModelInfo(name, kind, UNKNOWN, UNKNOWN, path, size, reason)
