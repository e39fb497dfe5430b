"""The models that lie in a models folder: one `ModelInfo` for each, made without a body byte.

A model is one .safetensors file, or one folder as diffusers (model_index.json) or transformers
(config.json) save it; a detector may also be an .onnx, .task or .tflite file. What is there but
must not be opened is listed too, with the reason.
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
# Kinds that are single files always: a folder of them sorts them, whatever else lies in it.
KINDS_OF_FILES = frozenset({"lora", "upscaler", "embedding"})
# Kinds whose models are told apart by the names of their files, which a folder's stamp covers; an
# embedding may be called by a token that stands in it.
RECALLED_BY_NAME = KINDS_OF_FILES - {"embedding"}
# Of these one is in the config of each model's folder.
TELLS_A_MODEL = frozenset({"_class_name", "model_type", "architectures"})
LARGEST_CONFIG = 16 * 2**20  # bytes; those with a large vocabulary of labels have one
# Kinds of which a file is of no use whose layers no rule knows. Upscalers are left to spandrel.
TOLD_BY_ITS_LAYERS = frozenset({"lora", "controlnet", "embedding", "vae"})
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
    # Of a checkpoint in one file: whether it can be used with a VAE of models/vae only.
    lacks_vae: bool = False
    # Of an embedding: the tokens that prompts may name it by, too.
    aliases: tuple[str, ...] = ()


class ModelFiles:
    """All models below one folder, read again only where the disk has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._known: dict[Path, tuple[tuple[Stamp, ...], ModelInfo]] = {}
        self._scans: dict[str, _Scan] = {}  # the last of each kind

    def scan(self, kind: str) -> list[ModelInfo]:
        """Every model of one kind, by name. Cost: a stat a file, a header a new or changed one.

        An entry that cannot be read fails alone: it is listed as refused.
        """
        top = self.root / FOLDER_OF_KIND[kind]
        found, folders = [], dict[Path, Stamp | None]()
        for path, fault in _candidates(top, kind, folders):
            with suppress(FileNotFoundError):  # removed while we looked
                found.append(self._listed(path, kind, fault))
        listed = sorted(found, key=lambda info: (info.name, info.path))
        named = _named(listed, top)
        self._scans.pop(kind, None)
        if kind in RECALLED_BY_NAME and None not in folders.values():
            self._scans[kind] = _Scan(folders, _by_name(listed, named, top))
        return named

    def recall(self, name: str, kind: str) -> ModelInfo | None:
        """Return the usable model of that name without a scan; None where one is needed to tell.

        Cost: a stat for each folder of the kind, and for each model that the name could mean,
        however many others there are. Whatever of these changed since the last scan needs another.
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
            next((info for info in usable if way_of(info, top) == asked), None),
        )

    def _listed(self, path: Path, kind: str, fault: OSError | None) -> ModelInfo:
        try:
            if fault is not None:
                raise fault
            return self._describe(path, kind)
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            reason = getattr(error, "strerror", None) or "its links lead in a circle"
            return _refused_info(path, kind, f"{path.name} cannot be read: {reason}")

    def stamps(self, path: Path) -> tuple[Stamp, ...]:
        """What changes when any byte of the model at `path` does.

        Raises: ModelRefusedError when it is gone.
        """
        try:
            files = [path] if path.is_file() else sorted(_files_below(path))
        except OSError as error:
            message = f"{path.name} cannot be read, or is gone: {error.strerror}"
            raise ModelRefusedError(message) from error
        # A link is stamped too: one that leads nowhere is told by whoever checks the folder.
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
        """Why a link is not followed: it leaves the models folder, or leads nowhere."""
        if not path.is_symlink():
            return None
        target = path.resolve()
        if not target.exists():
            return f"{path.name} is a link to a file that is not there"
        if target.is_relative_to(self.root):
            return None
        return (
            f"{path.name} is a link that leads out of the models folder; "
            "move the file itself there, or choose the folder it lies in as models folder"
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
        info = _told(kind, verdict, variant, trained, path, size)
        return info if info.refused else _checked_folder(info)


class _Scan(NamedTuple):
    """What a scan saw: the folders that it entered, and each model by all that could name it.

    A model stands there as it was read, and as it was named among the others.
    """

    folders: Mapping[Path, Stamp | None]
    by_name: Mapping[str, Sequence[tuple[ModelInfo, ModelInfo]]]


def _by_name(
    listed: Sequence[ModelInfo], named: Sequence[ModelInfo], top: Path
) -> dict[str, list[tuple[ModelInfo, ModelInfo]]]:
    found: dict[str, list[tuple[ModelInfo, ModelInfo]]] = {}
    for one, other in zip(listed, named, strict=True):
        names = {one.name, other.name, way_of(one, top), plain_text(one.path.stem)}
        for name in names:
            found.setdefault(name, []).append((one, other))
    return found


def _checked_folder(info: ModelInfo) -> ModelInfo:
    """A model's folder, refused where the loader would refuse what its configs and headers say."""
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


# How quantised models call what their weights are multiplied by.
_SCALES = (".scale_weight", ".weight_scale", "scaled_fp8", ".comfy_quant")


def _refuse_no_weights(path: Path, header: Header) -> None:
    """Refuse a file whose weights are whole or complex numbers, or have scales beside them.

    Raises:
        ModelRefusedError: it names the tensor.
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
    """A JSON object from a model's folder.

    Raises: ModelRefusedError when the file is missing or is no JSON object.
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
    """The files of a model folder that decide what it makes, in a fixed order."""
    return sorted(
        file
        for file in _files_below(folder)
        if file.suffix in CONTENT_SUFFIXES or file.name in CONTENT_NAMES
    )


def _candidates(
    top: Path, kind: str, entered: dict[Path, Stamp | None]
) -> Iterator[tuple[Path, OSError | None]]:
    """Model files and model folders below `top`; plain folders only sort, so they are entered.

    With an error comes a folder that cannot be entered, or an entry that cannot be looked at. Links
    to plain folders are not entered: they could lead in circles. `entered` is given the folders
    that are, with their stamps from before; None where a later change might not show in it.
    """
    endings = {SINGLE_FILE, *PICKLE_SUFFIXES, *(OF_DETECTORS if kind == "detector" else ())}
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
                    if os.path.splitext(entry.name)[1].lower() in endings:  # noqa: PTH122 - ten thousand Paths cost a fifth of a second
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
    except OSError:  # in a circle
        return False


def _is_model_folder(folder: Path, kind: str) -> bool:
    """Whether a folder is a model, and does not only sort some, as a cloned repository does."""
    names = [one.name for one in folder.iterdir()]
    files = [name for name in names if Path(name).suffix.lower() in _endings_of(kind)]
    if is_regular(folder / "model_index.json"):
        # Of a part of a repository: the index alone tells of nothing that is there.
        return is_whole_folder(folder, PART_NAMES) or (not files and kind not in KINDS_OF_FILES)
    if kind in KINDS_OF_FILES or not is_regular(folder / "config.json"):
        return False
    if not files:
        return True
    try:
        config = read_config(folder / "config.json")
    except ModelRefusedError:
        config = {}
    return bool(config.keys() & TELLS_A_MODEL) and holds_weights(names)


def _endings_of(kind: str) -> frozenset[str]:
    """How files are called that are models of a kind by themselves, in lower case."""
    return frozenset({SINGLE_FILE, *(OF_DETECTORS if kind == "detector" else ())})


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
                f"{told} is a link that leads out of the models folder or leads nowhere; put the "
                "file itself there"
            )
            raise ModelRefusedError(message)
        check_file(file, told)
    safe = {file.parent for file in files if file.suffix == SINGLE_FILE}
    # Beside model_index.json lie whole checkpoints, and parts for other programs: none is read.
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
    found = kind_of_class(name)
    if found is None:
        # Detectors are told by where they lie.
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
    """The config of a pipeline's denoiser; empty where there is none."""
    for part in DENOISER_PARTS:
        if (folder / part / "config.json").is_file():
            return read_config(folder / part / "config.json")
    return {}


def _folder_trained(folder: Path) -> Trained:
    """What a checkpoint's scheduler says that the denoiser predicts."""
    config = folder / "scheduler" / "scheduler_config.json"
    return training_of_scheduler(read_config(config)) if config.is_file() else _UNTOLD


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
        trained = _UNTOLD
        if verdict.kind == "checkpoint":
            family = FAMILIES.get(verdict.family)
            trained = training_of_file(
                path, header, family.recognition.predicts if family else None
            )
    except ModelRefusedError as error:
        return _refused_info(path, kind, str(error))
    variant = _variant_of_file(verdict, header)
    info = _told(kind, verdict, variant, trained, path, path.stat().st_size)
    info = replace(info, lacks_vae=lacks_vae)
    layout = layout_of(header.shapes) if verdict.kind == "embedding" else None
    return replace(info, aliases=tuple(map(plain_text, layout.tokens))) if layout else info


def _variant_of_file(verdict: Verdict, header: Header) -> str:
    if verdict.kind == "checkpoint":
        return variant_of_header(verdict.family, header)
    if verdict.kind == "controlnet":
        return variant_of_controlnet(header)
    return variant_of_vae(header) if verdict.kind == "vae" else ""


def _told(
    kind: str, verdict: Verdict, variant: str, trained: Trained, path: Path, size: int
) -> ModelInfo:
    """What lies there as it is listed: refused where it is of another kind, or cannot run."""
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
    """Why a model that lies among those of another kind is refused."""
    if found == kind or (found == UNKNOWN and kind not in TOLD_BY_ITS_LAYERS):
        return None
    if found == UNKNOWN:
        what = "token vectors" if kind == "embedding" else f"layers of a {kind}"
        return f"holds no known {what}; get it in another format"
    if found in TOLD_BY_HEADER:
        return f"holds a {found}, no {kind}; move it to {FOLDER_OF_KIND[found]}"
    article = "an" if found[0] in "aeiou" else "a"
    way_out = WAYS_OUT.get(found, "nothing here opens it alone")
    return f"holds {article} {found}, no {kind}; {way_out}"


def _refused_info(path: Path, kind: str, reason: str) -> ModelInfo:
    """A refused model. A pickle keeps its ending, so that it may lie beside its .safetensors."""
    try:
        size = path.stat().st_size
    except OSError:
        size = 0  # a link to nothing
    ends_in_its_format = path.suffix.lower() in {SINGLE_FILE, *OF_DETECTORS}
    name = plain_text(path.stem if ends_in_its_format else path.name)
    return ModelInfo(name, kind, UNKNOWN, UNKNOWN, path, size, reason)


def _named(infos: list[ModelInfo], top: Path) -> list[ModelInfo]:
    """Call models that share a name by their way from `top`, and refuse what no name is left for.

    Names are compared as they look: an "é" of one character is one of two (Unicode's NFC).
    """
    shared = Counter(info.name for info in infos if info.refused is None)
    named = [_with_its_way(info, top) if shared[info.name] > 1 else info for info in infos]
    taken: dict[str, list[ModelInfo]] = {}
    for info in named:
        if info.refused is None:
            taken.setdefault(info.name, []).append(info)
    return [_refused_for_its_name(info, taken) for info in named]


def _with_its_way(info: ModelInfo, top: Path) -> ModelInfo:
    return info if info.refused else replace(info, name=way_of(info, top))


def way_of(info: ModelInfo, top: Path) -> str:
    """How a model is called by the folders it lies in, such as "styles/ink"."""
    way = info.path.relative_to(top)
    return plain_text(way.with_name(info.name.rpartition("/")[2]).as_posix())


def plain_text(name: str) -> str:
    """A name in the one form in which names that look the same are the same."""
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
    """Whether a name is a name on every system, and no way to another folder."""
    return bool(name) and name != "." and ".." not in name and not set(name) & set("/\\\0:")
