"""The models that lie in a models folder: one `ModelInfo` for each, made without a body byte.

A model is one .safetensors file, or one folder as diffusers (model_index.json) or transformers
(config.json) save it; a detector may also be an .onnx, .task or .tflite file. What is there but
must not be opened is listed too, with the reason.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families import (
    UNKNOWN,
    Verdict,
    classify,
    family_of_denoiser,
    variant_of_denoiser,
    variant_of_header,
)
from medialab.hashes import Stamp
from medialab.headers import read_header
from medialab.onnxfiles import read_onnx
from medialab.opening import check_file
from medialab.pickles import HOW_TO_CONVERT, PICKLE_SUFFIXES, refusal
from medialab.predictions import Trained, told_by_file, told_by_scheduler
from medialab.runnable import why_not
from medialab.taskfiles import check_task_file

# The subfolder of models/ -> the kind of model that it holds.
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
# Files that are no safetensors but no programs either, by ending: the format, and what tells that a
# file is one and keeps to itself.
ONNX, MEDIAPIPE = "onnx", "mediapipe"
OF_DETECTORS: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    ".onnx": (ONNX, read_onnx),
    ".task": (MEDIAPIPE, check_task_file),
    ".tflite": (MEDIAPIPE, check_task_file),
}
# Kinds that no header tells: detectors are folders, and told by where they lie.
TOLD_BY_HEADER = frozenset(KIND_FOLDERS.values()) - {"detector"}
# The folders' files whose content decides the pixels: weights, configs, tokenizers.
CONTENT_SUFFIXES = frozenset({SINGLE_FILE, ".json", ".model"})
CONTENT_NAMES = frozenset({"merges.txt", "vocab.txt"})
_UNTOLD = Trained("")


@dataclass(frozen=True)
class ModelInfo:
    """One model on the disk.

    `format` is "diffusers" or "transformers" for a folder, else how the file's tensors are named;
    `size_bytes` counts what lies on the disk. `refused` is None, or why it cannot be used.
    `variant` tells what a checkpoint is made for: "inpaint", "instruct", "refiner" …; "" is the
    usual one.
    """

    name: str
    kind: str
    family: str
    format: str
    path: Path
    size_bytes: int
    refused: str | None = None
    variant: str = ""
    # Of a checkpoint: what its denoiser predicts ("" if that is not told), and whether its noise
    # ends in pure noise.
    prediction_type: str = ""
    zero_terminal_snr: bool = False


class ModelFiles:
    """All models below one folder, read again only where the disk has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._known: dict[Path, tuple[tuple[Stamp, ...], ModelInfo]] = {}

    def scan(self, kind: str) -> list[ModelInfo]:
        """Every model of one kind, by name. Cost: a stat a file, a header a new or changed one."""
        top = self.root / FOLDER_OF_KIND[kind]
        found = []
        others = OF_DETECTORS if kind == "detector" else ()
        for entry in _candidates(top, frozenset({SINGLE_FILE, *PICKLE_SUFFIXES, *others})):
            with suppress(FileNotFoundError):  # removed while we looked
                found.append(self._describe(entry, kind))
        return _without_doubles(sorted(found, key=lambda info: (info.name, info.path)))

    def stamps(self, path: Path) -> tuple[Stamp, ...]:
        """What changes when any byte of the model at `path` does."""
        files = [path] if path.is_file() else sorted(_files_below(path))
        # A link is stamped too: one that leads nowhere is told by whoever checks the folder.
        return tuple(Stamp.of(file.stat() if file.exists() else file.lstat()) for file in files)

    def _describe(self, entry: os.DirEntry[str], kind: str) -> ModelInfo:
        path = Path(entry.path)
        if escaped := self._escape(entry):
            return _refused_info(path, kind, escaped)
        if entry.is_file() and path.suffix.lower() in PICKLE_SUFFIXES:
            return _refused_info(path, kind, refusal(path.name))
        stamps = (Stamp.of(entry.stat()),) if entry.is_file() else self.stamps(path)
        known = self._known.get(path)
        if known and known[0] == stamps:
            return known[1]
        info = self._read_folder(path, kind) if entry.is_dir() else _read_file(path, kind)
        if all(stamp.is_settled() for stamp in stamps):
            self._known[path] = (stamps, info)
        return info

    def _escape(self, entry: os.DirEntry[str]) -> str | None:
        """Why a link is not followed: it leaves the models folder, or leads nowhere."""
        if not entry.is_symlink():
            return None
        target = Path(entry.path).resolve()
        if not target.exists():
            return f"{entry.name} is a link to a file that is not there"
        if target.is_relative_to(self.root):
            return None
        return (
            f"{entry.name} is a link that leaves the models folder; "
            "move the file itself there, or choose the folder it lies in as models folder"
        )

    def _read_folder(self, path: Path, kind: str) -> ModelInfo:
        try:
            files = sorted(_files_below(path))
            _check_files(path, files, self.root)
            verdict, variant = _folder_verdict(path, kind)
            for file in files:
                if file.suffix == SINGLE_FILE:
                    read_header(file)
            trained = _folder_trained(path)
        except ModelRefusedError as error:
            return _refused_info(path, kind, str(error))
        size = sum(file.stat().st_size for file in files)
        return _told(kind, verdict, variant, trained, path, size)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object from a model's folder.

    Raises: ModelRefusedError when the file is missing or is no JSON object.
    """
    check_file(path)
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path.parent.name}/{path.name} is no JSON; copy the model again"
        raise ModelRefusedError(message) from error
    if not isinstance(config, dict):
        message = f"{path.parent.name}/{path.name} holds no settings; copy the model again"
        raise ModelRefusedError(message)
    return config


def content_files(folder: Path) -> list[Path]:
    """The files of a model folder that decide what it makes, in a fixed order."""
    return sorted(
        file
        for file in _files_below(folder)
        if file.suffix in CONTENT_SUFFIXES or file.name in CONTENT_NAMES
    )


def _candidates(top: Path, endings: frozenset[str]) -> Iterator[os.DirEntry[str]]:
    """Model files and model folders below `top`; plain folders only sort, so they are entered.

    Links to plain folders are not entered: they could lead in circles.
    """
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        if not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_file() or (entry.is_symlink() and not entry.is_dir()):
                    if os.path.splitext(entry.name)[1].lower() in endings:  # noqa: PTH122 - ten thousand Paths cost a fifth of a second
                        yield entry
                elif entry.is_symlink() or _is_model_folder(entry):
                    yield entry
                elif entry.is_dir():
                    waiting.append(Path(entry.path))


def _is_model_folder(entry: os.DirEntry[str]) -> bool:
    return any(Path(entry.path, name).is_file() for name in ("model_index.json", "config.json"))


def _files_below(folder: Path) -> Iterator[Path]:
    """Every file of a model folder; hidden ones are some tool's own."""
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files_below(entry)
        else:
            yield entry


def check_folder(folder: Path, root: Path | None = None) -> None:
    """Refuse a model folder with a part that is a pickle only, or with what is no file of its own.

    Pickles are never read: where weights lie beside one as safetensors, or where no part is, it is
    passed over. `root` is the folder that links must not leave.

    Raises:
        ModelRefusedError: the text names the file; also when the folder is gone.
    """
    try:
        files = sorted(_files_below(folder))
    except OSError as error:
        message = f"{folder.name} cannot be read, or is gone: {error.strerror}"
        raise ModelRefusedError(message) from error
    _check_files(folder, files, root)


def _check_files(folder: Path, files: list[Path], root: Path | None) -> None:
    for file in files:
        told = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        if file.is_symlink() and root is not None and not _stays(file, root):
            message = (
                f"{told} is a link that leaves the models folder or leads nowhere; put the file "
                "itself there"
            )
            raise ModelRefusedError(message)
        check_file(file, told)
    safe = {file.parent for file in files if file.suffix == SINGLE_FILE}
    # Beside model_index.json lie whole checkpoints, which no part of the folder is.
    parts = {file.parent for file in files if file.name == "config.json"}
    pickles = [
        file
        for file in files
        if file.suffix.lower() in PICKLE_SUFFIXES and file.parent in parts - safe
    ]
    if pickles:
        named = ", ".join(file.relative_to(folder).as_posix() for file in pickles[:3])
        message = (
            f"{folder.name} holds weights as pickles only ({named}), which can run any program "
            f"when they are opened; {HOW_TO_CONVERT}"
        )
        raise ModelRefusedError(message)


def _stays(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # nothing there, or a circle
        return False


def _folder_verdict(folder: Path, kind: str) -> tuple[Verdict, str]:
    """Kind, family and format of a model folder, and its variant, from its configs."""
    if (folder / "model_index.json").is_file():
        config = _denoiser_config(folder)
        family = family_of_denoiser(config)
        return Verdict("checkpoint", family, "diffusers"), variant_of_denoiser(config)
    config = read_config(folder / "config.json")
    name = str(config.get("_class_name", ""))
    if name.endswith("ControlNetModel"):
        return Verdict("controlnet", family_of_denoiser(config), "diffusers"), ""
    if name.startswith("Autoencoder"):
        return Verdict("vae", UNKNOWN, "diffusers"), ""
    if "model_type" in config:
        return Verdict(kind, str(config["model_type"]), "transformers"), ""
    return Verdict(kind, UNKNOWN, UNKNOWN), ""


def _denoiser_config(folder: Path) -> dict[str, Any]:
    """The config of a pipeline's denoiser; empty where there is none."""
    for part in ("unet", "transformer"):
        if (folder / part / "config.json").is_file():
            return read_config(folder / part / "config.json")
    return {}


def _folder_trained(folder: Path) -> Trained:
    """What a checkpoint's scheduler says that the denoiser predicts."""
    config = folder / "scheduler" / "scheduler_config.json"
    return told_by_scheduler(read_config(config)) if config.is_file() else _UNTOLD


def _read_file(path: Path, kind: str) -> ModelInfo:
    if (other := OF_DETECTORS.get(path.suffix.lower())) is not None:
        format_, check = other
        try:
            check(path)
        except ModelRefusedError as error:
            return _refused_info(path, kind, str(error))
        return ModelInfo(path.stem, kind, UNKNOWN, format_, path, path.stat().st_size)
    try:
        header = read_header(path)
        verdict = classify(header)
        is_checkpoint = verdict.kind == "checkpoint"
        trained = told_by_file(path, header, verdict.family) if is_checkpoint else _UNTOLD
    except ModelRefusedError as error:
        return _refused_info(path, kind, str(error))
    variant = variant_of_header(verdict.family, header) if is_checkpoint else ""
    return _told(kind, verdict, variant, trained, path, path.stat().st_size)


def _told(
    kind: str, verdict: Verdict, variant: str, trained: Trained, path: Path, size: int
) -> ModelInfo:
    """What lies there as it is listed: refused where it is of another kind, or cannot run."""
    reason = _out_of_place(kind, verdict.kind) or why_not(
        kind, verdict.family, variant, is_file=path.is_file()
    )
    return ModelInfo(
        path.stem if path.is_file() else path.name,
        kind,
        verdict.family,
        verdict.format,
        path,
        size,
        reason and f"{path.name} {reason}",
        variant,
        *trained,
    )


def _out_of_place(kind: str, found: str) -> str | None:
    """Why a model that lies among those of another kind is refused."""
    if found in {kind, UNKNOWN}:
        return None
    if found in TOLD_BY_HEADER:
        place = f"move it to {FOLDER_OF_KIND[found]}"
    else:
        place = "nothing here opens it alone"
    return f"holds a {found}, no {kind}; {place}"


def _refused_info(path: Path, kind: str, reason: str) -> ModelInfo:
    """A refused model. A pickle keeps its ending, so that it may lie beside its .safetensors."""
    try:
        size = path.stat().st_size
    except OSError:
        size = 0  # a link to nothing
    ends_in_its_format = path.suffix.lower() in {SINGLE_FILE, *OF_DETECTORS}
    name = path.stem if ends_in_its_format else path.name
    return ModelInfo(name, kind, UNKNOWN, UNKNOWN, path, size, reason)


def _without_doubles(infos: list[ModelInfo]) -> list[ModelInfo]:
    """Refuse names that two models share, and names that could be mistaken for a path."""
    named: dict[str, list[ModelInfo]] = {}
    for info in infos:
        named.setdefault(info.name, []).append(info)
    return [_refused_for_its_name(info, named) for info in infos]


def _refused_for_its_name(info: ModelInfo, named: Mapping[str, list[ModelInfo]]) -> ModelInfo:
    if info.refused is not None:
        return info
    if not is_plain_name(info.name):
        return replace(info, refused=f"{info.name!r} reads like a path; rename it")
    if len(named[info.name]) > 1:
        paths = ", ".join(other.path.name for other in named[info.name])
        reason = f"{len(named[info.name])} models are called {info.name!r} ({paths}); rename one"
        return replace(info, refused=reason)
    return info


def is_plain_name(name: str) -> bool:
    """Whether a name is a name on every system, and no way to another folder."""
    return bool(name) and name != "." and ".." not in name and not set(name) & set("/\\\0:")
