"""The models in a models folder: one `ModelInfo` for each, from headers and configs only.

A model is one .safetensors file, or one folder as diffusers (model_index.json) or transformers
(config.json) save it; a detector may also be an .onnx, .task or .tflite file. Models that cannot be
used are listed too, with the reason.
"""

import json
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS, FAMILIES, PART_NAMES, RUNNING
from medialab.families.base import UNKNOWN
from medialab.families.kinds import WITHOUT_VAE, Verdict, classify, kind_of_class
from medialab.families.recognition import (
    family_of_denoiser,
    variant_of_denoiser,
    variant_of_header,
)
from medialab.families.token_vectors import layout_of
from medialab.families.vaes import variant_of_vae, variant_of_vae_config
from medialab.files.folder_parts import folders_read, holds_weights, is_whole_folder
from medialab.files.hashes import Stamp
from medialab.files.headers import FLOATS, Header, read_header
from medialab.files.mediapipe import check_task_file
from medialab.files.onnx import read_onnx
from medialab.files.opening import check_file
from medialab.files.part_configs import check_network
from medialab.files.pickles import HOW_TO_CONVERT, PICKLE_SUFFIXES, refusal
from medialab.files.predictions import Trained, training_of_file, training_of_scheduler
from medialab.files.regular import is_regular, read_regular
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.runnable import (
    CONTROLNET_CLASSES,
    WAYS_OUT,
    variant_of_controlnet,
    why_not,
)

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
# Kinds whose models can be found by their file names, which a folder's stamp covers; a textual
# inversion may also be called by a token inside its file.
RECALLED_BY_NAME = KINDS_OF_FILES - {"embedding"}
# The config in a model's folder has at least one of these.
MODEL_KEYS = frozenset({"_class_name", "model_type", "architectures"})
LARGEST_CONFIG = 16 * 2**20  # bytes; those with many labels have 1 MiB
# Kinds of which a file with unknown layers cannot be used. Upscalers are left to spandrel.
RECOGNISED_BY_LAYERS = frozenset({"lora", "controlnet", "embedding", "vae"})
# Kinds that a header reveals; detectors are recognised by their folder.
RECOGNISED_BY_HEADER = frozenset(KIND_FOLDERS.values()) - {"detector"}
# Files in a model's folder that determine pixels: weights, configs, tokenizers.
CONTENT_SUFFIXES = frozenset({SINGLE_FILE, ".json", ".model"})
CONTENT_NAMES = frozenset({"merges.txt", "vocab.txt"})
_UNKNOWN_TRAINING = Trained("")
_NOT_ALONE = "it cannot be used alone"


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


class ModelFiles:
    """All models in one folder; a model is read again only when its files change."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._known: dict[Path, tuple[tuple[Stamp, ...], ModelInfo]] = {}
        self._scans: dict[str, _Scan] = {}  # the last of each kind

    def scan(self, kind: str) -> list[ModelInfo]:
        """Return all models of one kind, sorted by name.

        An entry that cannot be read is listed as refused, and does not affect the others.

        Cost: one stat per file, and reading the header of each new or changed one.
        """
        top = self.root / FOLDER_OF_KIND[kind]
        found, folders = [], dict[Path, Stamp | None]()
        for path, fault in _candidates(top, kind, folders):
            with suppress(FileNotFoundError):  # removed in the meantime
                found.append(self._listed(path, kind, fault))
        listed = sorted(found, key=lambda info: (info.name, info.path))
        named = _named(listed, top)
        self._scans.pop(kind, None)
        if kind in RECALLED_BY_NAME and None not in folders.values():
            self._scans[kind] = _Scan(folders, _by_name(listed, named, top))
        return named

    def recall(self, name: str, kind: str) -> ModelInfo | None:
        """Return the usable model of that name without a scan; None if a scan is needed.

        A scan is needed if any of the folders or models looked at has changed since the last one.

        Cost: one stat for each folder of the kind, and for each model that the name could mean,
        however many others there are.
        """
        if (last := self._scans.get(kind)) is None:
            return None
        asked, top = plain_text(name), self.root / FOLDER_OF_KIND[kind]
        try:
            if any(Stamp.of(folder.stat()) != stamp for folder, stamp in last.folders.items()):
                return None
            could_mean = last.by_name.get(asked, ())
            if any(self._describe(one.path, kind) != one for one, _ in could_mean):
                return None
        except OSError:
            return None
        usable = [named for _, named in could_mean if named.refused is None]
        return next(
            (info for info in usable if info.name == asked),
            next((info for info in usable if name_with_folders(info, top) == asked), None),
        )

    def _listed(self, path: Path, kind: str, fault: OSError | None) -> ModelInfo:
        try:
            if fault is not None:
                raise fault
            return self._describe(path, kind)
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links
            reason = getattr(error, "strerror", None) or "its links are circular"
            return _refused_info(path, kind, f"{path.name} cannot be read: {reason}")

    def stamps(self, path: Path) -> tuple[Stamp, ...]:
        """Return the stamps of a model's files, which change with their content.

        Raises:
            ModelRefusedError: the model is gone or cannot be read.
        """
        try:
            files = [path] if path.is_file() else sorted(_files_below(path))
        except OSError as error:
            message = f"{path.name} cannot be read, or is gone: {error.strerror}"
            raise ModelRefusedError(message) from error
        # A broken link gets a stamp too; the check of the folder reports it.
        return tuple(Stamp.of(file.stat() if file.exists() else file.lstat()) for file in files)

    def _describe(self, path: Path, kind: str) -> ModelInfo:
        if escaped := self._escape(path):
            return _refused_info(path, kind, escaped)
        status = path.stat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            reason = (
                "is not a regular file but a pipe, a socket or a device; put the model's file there"
            )
            return _refused_info(path, kind, f"{path.name} {reason}")
        if not is_folder and path.suffix.lower() in PICKLE_SUFFIXES:
            return _refused_info(path, kind, refusal(path.name))
        stamps = self.stamps(path) if is_folder else (Stamp.of(status),)
        known = self._known.get(path)
        if known and known[0] == stamps:
            return known[1]
        info = self._read_folder(path, kind) if is_folder else _read_file(path, kind)
        if all(stamp.is_settled() for stamp in stamps):
            self._known[path] = (stamps, info)
        return info

    def _escape(self, path: Path) -> str | None:
        """Return why a link is not followed (it is broken or leaves the models folder), or None."""
        if not path.is_symlink():
            return None
        target = path.resolve()
        if not target.exists():
            return f"{path.name} is a link to a file that does not exist"
        if target.is_relative_to(self.root):
            return None
        return (
            f"{path.name} is a link that leads out of the models folder; "
            "move the file itself there, or choose the folder that contains it as models folder"
        )

    def _read_folder(self, path: Path, kind: str) -> ModelInfo:
        try:
            files = sorted(_files_below(path))
            _check_files(path, files, self.root)
            verdict, variant = _folder_verdict(path, kind)
            read = folders_read(path) or {path}
            for file in files:
                if file.suffix == SINGLE_FILE and file.parent in read:
                    _refuse_no_weights(file, read_header(file))
            trained = _folder_trained(path)
        except ModelRefusedError as error:
            return _refused_info(path, kind, str(error))
        size = sum(file.stat().st_size for file in files)
        info = _info_of(kind, verdict, variant, trained, path, size)
        return info if info.refused else _checked_folder(info)


class _Scan(NamedTuple):
    """The result of a scan.

    Attributes:
        folders: The folders that were searched, with their stamps.
        by_name: By each name that could mean a model, its entries as read from the file, and as
            named among the others.
    """

    folders: Mapping[Path, Stamp | None]
    by_name: Mapping[str, Sequence[tuple[ModelInfo, ModelInfo]]]


def _by_name(
    listed: Sequence[ModelInfo], named: Sequence[ModelInfo], top: Path
) -> dict[str, list[tuple[ModelInfo, ModelInfo]]]:
    found: dict[str, list[tuple[ModelInfo, ModelInfo]]] = {}
    for one, other in zip(listed, named, strict=True):
        names = {one.name, other.name, name_with_folders(one, top), plain_text(one.path.stem)}
        for name in names:
            found.setdefault(name, []).append((one, other))
    return found


def _checked_folder(info: ModelInfo) -> ModelInfo:
    """Return the model, refused if the loader would refuse its configs or headers."""
    try:
        _check_as_loader(info)
    except (ModelRefusedError, OSError) as error:
        return replace(info, refused=f"{info.path.name} cannot be loaded: {error}")
    return info


def _check_as_loader(info: ModelInfo) -> None:
    if info.kind == "checkpoint":
        RUNNING[info.family].opening.check_folder(info.path)
    elif info.kind == "controlnet":
        RUNNING[info.family].opening.check_controlnet(info.path)
    elif info.kind == "vae":
        name = str(read_config(info.path / "config.json")["_class_name"])
        check_network(info.path, VAE_CONFIGS[name])


# Ends of the names of scales in quantised models.
_SCALES = (".scale_weight", ".weight_scale", "scaled_fp8", ".comfy_quant")


def _refuse_no_weights(path: Path, header: Header) -> None:
    """Refuse a file whose weights are not floating point, or are quantised with scales.

    Raises:
        ModelRefusedError: they are; the message names the tensor.
    """
    for name, dtype in header.dtypes.items():
        if dtype not in FLOATS and name.endswith((".weight", ".bias")):
            message = (
                f"{path.name} holds {dtype} ({name}), a format that weights cannot have; "
                "get it in float16"
            )
            raise ModelRefusedError(message)
        if name.endswith(_SCALES):
            message = (
                f"{path.name} is quantised, with scales beside its weights ({name}), which is not "
                "supported; get it in float16"
            )
            raise ModelRefusedError(message)


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON object from a model's folder.

    Raises:
        ModelRefusedError: the file is missing or is not a JSON object.
    """
    check_file(path)
    try:
        config = json.loads(read_regular(path, LARGEST_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path.parent.name}/{path.name} is not valid JSON; copy the model again"
        raise ModelRefusedError(message) from error
    if not isinstance(config, dict):
        message = f"{path.parent.name}/{path.name} holds no settings; copy the model again"
        raise ModelRefusedError(message)
    return config


def content_files(folder: Path) -> list[Path]:
    """Return the files of a model's folder that determine its results, in a fixed order."""
    return sorted(
        file
        for file in _files_below(folder)
        if file.suffix in CONTENT_SUFFIXES or file.name in CONTENT_NAMES
    )


def _candidates(
    top: Path, kind: str, entered: dict[Path, Stamp | None]
) -> Iterator[tuple[Path, OSError | None]]:
    """Yield model files and model folders below `top`; other folders are searched.

    A folder or an entry that cannot be read comes with the error. Links to folders that are not
    models are not followed, since they could be circular.

    Args:
        top: The folder of the kind.
        kind: The kind of model.
        entered: Gets the folders that are searched, each with its stamp from before, or None if a
            later change might not show in the stamp.
    """
    suffixes = {SINGLE_FILE, *PICKLE_SUFFIXES, *(OF_DETECTORS if kind == "detector" else ())}
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        entered[folder] = None
        try:
            stamp = Stamp.of(folder.stat())
            entered[folder] = stamp if stamp.is_settled() else None
            with os.scandir(folder) as entries:
                every = list(entries)
        except OSError as error:
            if folder != top:
                yield folder, error
            continue
        for entry in every:
            if entry.name.startswith("."):
                continue
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not (entry.is_symlink() and _leads_to_folder(entry)):
                    if os.path.splitext(entry.name)[1].lower() in suffixes:  # noqa: PTH122 - ten thousand Paths cost a fifth of a second
                        yield Path(entry.path), None
                elif not is_folder or _is_model_folder(Path(entry.path), kind):
                    yield Path(entry.path), None
                else:
                    waiting.append(Path(entry.path))
            except OSError as error:
                yield Path(entry.path), error


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:  # a circular link
        return False


def _is_model_folder(folder: Path, kind: str) -> bool:
    """Return whether a folder is a model, not just a folder with models, like a clone."""
    names = [one.name for one in folder.iterdir()]
    files = [name for name in names if Path(name).suffix.lower() in _suffixes_of(kind)]
    if is_regular(folder / "model_index.json"):
        # In an incomplete clone, the index says nothing about what is there.
        return is_whole_folder(folder, PART_NAMES) or (not files and kind not in KINDS_OF_FILES)
    if kind in KINDS_OF_FILES or not is_regular(folder / "config.json"):
        return False
    if not files:
        return True
    try:
        config = read_config(folder / "config.json")
    except ModelRefusedError:
        config = {}
    return bool(config.keys() & MODEL_KEYS) and holds_weights(names)


def _suffixes_of(kind: str) -> frozenset[str]:
    """Return the extensions of single files that are models of a kind, in lower case."""
    return frozenset({SINGLE_FILE, *(OF_DETECTORS if kind == "detector" else ())})


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield every file of a model's folder, except hidden ones, which belong to other tools."""
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files_below(entry)
        else:
            yield entry


def check_folder(folder: Path, root: Path | None = None) -> None:
    """Check a model's folder: no part exists only as a pickle, and all files are regular.

    A pickle beside safetensors, or outside a part, is ignored, since it is never read.

    Args:
        folder: The model's folder.
        root: The folder that links must not leave; None to skip that check.

    Raises:
        ModelRefusedError: a check fails (the message names the file), or the folder is gone.
    """
    try:
        files = sorted(_files_below(folder))
    except OSError as error:
        message = f"{folder.name} cannot be read, or is gone: {error.strerror}"
        raise ModelRefusedError(message) from error
    _check_files(folder, files, root)


def _check_files(folder: Path, files: list[Path], root: Path | None) -> None:
    for file in files:
        shown = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        if file.is_symlink() and root is not None and not _stays(file, root):
            message = (
                f"{shown} is a link that is broken or leads out of the models folder; put the "
                "file itself there"
            )
            raise ModelRefusedError(message)
        check_file(file, shown)
    safe = {file.parent for file in files if file.suffix == SINGLE_FILE}
    # Beside model_index.json there may be whole checkpoints, and parts for other programs: none of
    # these is read.
    parts = {file.parent for file in files if file.name == "config.json"}
    parts &= folders_read(folder) or parts
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
    except (OSError, RuntimeError):  # a broken or circular link
        return False


def _folder_verdict(folder: Path, kind: str) -> tuple[Verdict, str]:
    """Return kind, family and format of a model's folder, and its variant, from its configs."""
    if (folder / "model_index.json").is_file():
        config = _denoiser_config(folder)
        family = family_of_denoiser(config)
        return Verdict("checkpoint", family, "diffusers"), variant_of_denoiser(config)
    config = read_config(folder / "config.json")
    name = str(config.get("_class_name", ""))
    found = kind_of_class(name)
    if found is None:
        # Detectors are recognised by their folder.
        own = kind if kind == "detector" else UNKNOWN
        if "model_type" in config:
            return Verdict(own, str(config["model_type"]), "transformers"), ""
        return Verdict(own, UNKNOWN, UNKNOWN), ""
    family = family_of_denoiser(config) if found in {"controlnet", "denoiser"} else UNKNOWN
    variant = variant_of_vae_config(config) if found == "vae" else ""
    if found == "controlnet" and name not in CONTROLNET_CLASSES:
        variant = f"class {name}"
    return Verdict(found, family, "diffusers"), variant


def _denoiser_config(folder: Path) -> dict[str, Any]:
    """Return the config of a pipeline's denoiser; empty if there is none."""
    for part in DENOISER_PARTS:
        if (folder / part / "config.json").is_file():
            return read_config(folder / part / "config.json")
    return {}


def _folder_trained(folder: Path) -> Trained:
    """Return how a checkpoint's denoiser was trained, from its scheduler's config."""
    config = folder / "scheduler" / "scheduler_config.json"
    return training_of_scheduler(read_config(config)) if config.is_file() else _UNKNOWN_TRAINING


def _read_file(path: Path, kind: str) -> ModelInfo:
    if (other := OF_DETECTORS.get(path.suffix.lower())) is not None:
        format_, check = other
        try:
            check(path)
        except ModelRefusedError as error:
            return _refused_info(path, kind, str(error))
        name = plain_text(path.stem)
        return ModelInfo(name, kind, UNKNOWN, format_, path, path.stat().st_size)
    try:
        header = read_header(path)
        _refuse_no_weights(path, header)
        verdict = classify(header)
        lacks_vae = verdict.kind == WITHOUT_VAE
        if lacks_vae:
            verdict = verdict._replace(kind="checkpoint")
        trained = _UNKNOWN_TRAINING
        if verdict.kind == "checkpoint":
            family = FAMILIES.get(verdict.family)
            trained = training_of_file(
                path, header, family.recognition.predicts if family else None
            )
    except ModelRefusedError as error:
        return _refused_info(path, kind, str(error))
    variant = _variant_of_file(verdict, header)
    info = _info_of(kind, verdict, variant, trained, path, path.stat().st_size)
    info = replace(info, lacks_vae=lacks_vae)
    layout = layout_of(header.shapes) if verdict.kind == "embedding" else None
    return replace(info, aliases=tuple(map(plain_text, layout.tokens))) if layout else info


def _variant_of_file(verdict: Verdict, header: Header) -> str:
    if verdict.kind == "checkpoint":
        return variant_of_header(verdict.family, header)
    if verdict.kind == "controlnet":
        return variant_of_controlnet(header)
    return variant_of_vae(header) if verdict.kind == "vae" else ""


def _info_of(
    kind: str, verdict: Verdict, variant: str, trained: Trained, path: Path, size: int
) -> ModelInfo:
    """Return a recognised model's entry, refused if it is of another kind or cannot run here."""
    is_file = path.is_file()
    reason = _out_of_place(kind, verdict.kind) or why_not(
        kind, verdict.family, variant, is_file=is_file, written=verdict.format
    )
    return ModelInfo(
        plain_text(path.stem if is_file else path.name),
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
    """Return why a model in the folder of another kind is refused; None if it is not."""
    if found == kind or (found == UNKNOWN and kind not in RECOGNISED_BY_LAYERS):
        return None
    if found == UNKNOWN:
        what = "token vectors" if kind == "embedding" else f"layers of a {kind}"
        return f"holds no known {what}; get it in another format"
    wanted = f"not {_with_article(kind)}"
    if found in RECOGNISED_BY_HEADER:
        return f"holds {_with_article(found)}, {wanted}; move it to {FOLDER_OF_KIND[found]}"
    return f"holds {_with_article(found)}, {wanted}; {WAYS_OUT.get(found, _NOT_ALONE)}"


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _refused_info(path: Path, kind: str, reason: str) -> ModelInfo:
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


def _named(infos: list[ModelInfo], top: Path) -> list[ModelInfo]:
    """Add folders to names that several models share, and refuse models whose name stays ambiguous.

    Names are compared in Unicode's NFC, in which an "é" of one or two characters is the same.
    """
    shared = Counter(info.name for info in infos if info.refused is None)
    named = [_with_folders(info, top) if shared[info.name] > 1 else info for info in infos]
    taken: dict[str, list[ModelInfo]] = {}
    for info in named:
        if info.refused is None:
            taken.setdefault(info.name, []).append(info)
    return [_refused_for_its_name(info, taken) for info in named]


def _with_folders(info: ModelInfo, top: Path) -> ModelInfo:
    return info if info.refused else replace(info, name=name_with_folders(info, top))


def name_with_folders(info: ModelInfo, top: Path) -> str:
    """Return a model's name with the folders it is in, such as "styles/ink"."""
    way = info.path.relative_to(top)
    return plain_text(way.with_name(info.name.rpartition("/")[2]).as_posix())


def plain_text(name: str) -> str:
    """Normalise a name to Unicode's NFC, in which names that look the same are the same."""
    return unicodedata.normalize("NFC", name)


def _refused_for_its_name(info: ModelInfo, named: Mapping[str, list[ModelInfo]]) -> ModelInfo:
    if info.refused is not None:
        return info
    if (shown := info.name.encode("utf-8", "replace").decode()) != info.name:
        return replace(info, name=shown, refused=f"{shown!r} is not valid text; rename it")
    if not all(map(is_plain_name, info.name.split("/"))):
        return replace(info, refused=f"{info.name!r} reads like a path; rename it")
    if len(named[info.name]) > 1:
        paths = ", ".join(other.path.name for other in named[info.name])
        reason = f"{len(named[info.name])} models are called {info.name!r} ({paths}); rename one"
        return replace(info, refused=reason)
    return info


def is_plain_name(name: str) -> bool:
    """Return whether a name is valid on every system and cannot lead to another folder."""
    return bool(name) and name != "." and ".." not in name and not set(name) & set("/\\\0:")
