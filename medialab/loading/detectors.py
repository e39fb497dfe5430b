"""Detectors from their files: one table of who opens which model, and what is asked of it.

A new finder or refiner is one file in `medialab.vision` and one row in `BACKENDS`; a new estimator,
one file and one line in `medialab.vision.estimators`.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.families import RUNNING
from medialab.files.diffusers_folders import check_whole
from medialab.files.foreign_configs import check_foreign, refuse_larger
from medialab.files.onnx import read_onnx
from medialab.files.opening import check_file, opening
from medialab.listing.folders import check_folder, read_config
from medialab.listing.info import MEDIAPIPE, ONNX, ModelInfo
from medialab.vision.estimators import ESTIMATORS
from medialab.vision.finders.boxes import BoxDetector
from medialab.vision.finders.clipseg import ClipSegmenter
from medialab.vision.finders.instances import InstanceSegmenter
from medialab.vision.finders.mediapipe_tasks import label_of, load_task, require_mediapipe
from medialab.vision.finders.semantic import Segmenter
from medialab.vision.finders.yolo import load_yolo, require_onnxruntime
from medialab.vision.finders.zeroshot import ZeroShotDetector
from medialab.vision.refiners.sam import MaskRefiner
from medialab.vision.roles import Finder, Refiner, VisionModel

# What a model can be asked for: any word, or nothing (it answers other questions).
ANY_WORD, NO_WORD = None, ()

Labels = Sequence[str] | None


class Backend(NamedTuple):
    """One way to open a model.

    Attributes:
        title: what such models do, for a person.
        takes: says whether a model is of its kind, from its listing and its architecture.
        labels: says what the model knows by name: a list, `ANY_WORD` or `NO_WORD`.
        load: makes the model of its listing, on a device.
        require: raises if a library is absent.
        role: what the model can do: `Finder`, `Refiner`, or its class of estimators.
    """

    title: str
    takes: Callable[[ModelInfo, str], bool]
    labels: Callable[[ModelInfo], Labels]
    load: Callable[[ModelInfo, str], VisionModel]
    require: Callable[[], Any] = lambda: None
    role: type = Finder


def _of_architecture(*endings: str) -> Callable[[ModelInfo, str], bool]:
    return lambda _info, architecture: architecture.endswith(endings)


def _of_format(name: str) -> Callable[[ModelInfo, str], bool]:
    return lambda info, _architecture: info.format == name


def _by_transformers(
    auto: str,
    make: Callable[[Any, Any, str], VisionModel],
    processor: str = "AutoImageProcessor",
    *,
    reads_text: bool = False,
) -> Callable[[ModelInfo, str], VisionModel]:
    """Return what loads a transformers folder by the Auto class of its kind."""

    def load(info: ModelInfo, device: str) -> VisionModel:
        import transformers

        check_foreign(info.path, prepares=bool(processor), reads_text=reads_text)
        own: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        kind = getattr(transformers, auto)
        config = transformers.AutoConfig.from_pretrained(info.path, **own)
        build = partial(kind.from_config, trust_remote_code=False) if "Auto" in auto else kind
        refuse_larger(info.path, lambda: build(config))
        network, told = kind.from_pretrained(
            info.path, use_safetensors=True, output_loading_info=True, **own
        )
        check_whole(told, info.path.name)
        prepare = processor and getattr(transformers, processor).from_pretrained(info.path, **own)
        return make(network.to(device).eval(), prepare, device)

    return load


def _labels_in_config(info: ModelInfo) -> Labels:
    labels = read_config(info.path / "config.json").get("id2label")
    return [str(label) for label in labels.values()] if isinstance(labels, dict) else NO_WORD


def _labels_of_onnx(info: ModelInfo) -> Labels:
    return list(read_onnx(info.path).labels.values()) or [info.name]


def _labels_of_task(info: ModelInfo) -> Labels:
    label = label_of(info.name)
    return [label] if label else NO_WORD


# Shapes before boxes, models that know a label before those that take any word.
BACKENDS: tuple[Backend, ...] = (
    Backend(
        "semantic segmentation",
        _of_architecture("ForSemanticSegmentation"),
        _labels_in_config,
        _by_transformers(
            "AutoModelForSemanticSegmentation",
            lambda network, _processor, device: Segmenter(network, device),
            processor="",
        ),
    ),
    Backend(
        "instance segmentation",
        _of_architecture(
            "Mask2FormerForUniversalSegmentation",
            "MaskFormerForInstanceSegmentation",
            "DetrForSegmentation",
        ),
        _labels_in_config,
        _by_transformers("AutoModelForUniversalSegmentation", InstanceSegmenter),
    ),
    Backend(
        "YOLO in ONNX",
        _of_format(ONNX),
        _labels_of_onnx,
        lambda info, device: load_yolo(info.name, info.path, device),
        require_onnxruntime,
    ),
    Backend(
        "MediaPipe",
        _of_format(MEDIAPIPE),
        _labels_of_task,
        lambda info, _device: load_task(info.name, info.path),
        require_mediapipe,
    ),
    # Before the plain ones, whose names end alike.
    Backend(
        "detection by words",
        _of_architecture(
            "OwlViTForObjectDetection",
            "Owlv2ForObjectDetection",
            "GroundingDinoForObjectDetection",
        ),
        lambda _info: ANY_WORD,
        _by_transformers(
            "AutoModelForZeroShotObjectDetection",
            ZeroShotDetector,
            processor="AutoProcessor",
            reads_text=True,
        ),
    ),
    Backend(
        "object detection",
        _of_architecture("ForObjectDetection"),
        _labels_in_config,
        _by_transformers("AutoModelForObjectDetection", BoxDetector),
    ),
    Backend(
        "segmentation by words",
        _of_architecture("CLIPSegForImageSegmentation"),
        lambda _info: ANY_WORD,
        _by_transformers(
            "CLIPSegForImageSegmentation",
            ClipSegmenter,
            processor="AutoProcessor",
            reads_text=True,
        ),
    ),
    Backend(
        "refining masks",
        _of_architecture("SamModel", "SamHQModel", "Sam2Model"),
        lambda _info: NO_WORD,
        _by_transformers("AutoModelForMaskGeneration", MaskRefiner, processor="AutoProcessor"),
        role=Refiner,
    ),
    *(
        Backend(
            name,
            _of_architecture(*estimator.architectures),
            lambda _info: NO_WORD,
            _by_transformers(estimator.auto_class, estimator),
            role=estimator,
        )
        for name, estimator in ESTIMATORS.items()
    ),
)


def load_detector(info: ModelInfo, device: str) -> VisionModel:
    """Load a model of models/detectors.

    Raises:
        ModelRefusedError: a pickle, broken, or of a kind that nothing here opens.
        MissingLibraryError: the library that runs it is not installed.
    """
    backend = backend_of(info)
    with opening(f"detector {info.name!r}"):
        if info.path.is_dir():
            check_folder(info.path)
        else:
            check_file(info.path)
        return backend.load(info, device)


def backend_of(info: ModelInfo) -> Backend:
    """Return who opens this model; nothing of it is loaded.

    Raises:
        ModelRefusedError: nobody does; the text lists what is opened.
    """
    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    architecture = ""
    if info.path.is_dir():
        named = read_config(info.path / "config.json").get("architectures")
        architecture = str(named[0]) if isinstance(named, list) and named else ""
    for backend in BACKENDS:
        if backend.takes(info, architecture):
            return backend
    message = (
        f"detector {info.name!r} is a {architecture or 'model without an architecture'}; "
        f"those that can be used: {', '.join(backend.title for backend in BACKENDS)}"
    )
    raise ModelRefusedError(message)


def knows(info: ModelInfo, words: Sequence[str]) -> bool | None:
    """Return whether a model is made for any of these words; None where it takes any word."""
    labels = backend_of(info).labels(info)
    if labels is ANY_WORD:
        return None
    wanted = {word.casefold() for word in words}
    return any(label.casefold() in wanted for label in labels)


def why_absent(info: ModelInfo) -> str | None:
    """Return what keeps a model from being loaded here, before it is: a missing library."""
    try:
        backend_of(info).require()
    except MissingLibraryError as error:
        return str(error)
    return None


def automatic_chain(
    infos: Sequence[ModelInfo], words: Sequence[str], own: Collection[str] = ()
) -> list[str]:
    """Return the detectors to try in turn for these words, best first, by name.

    Those that know a word, shapes before boxes; then those that take any word. Those that are
    made for one family's pictures come first for it, whose `own` they are, and last for all others.
    Refused ones are left out.
    """
    ranked = []
    special = {name for one in RUNNING.values() for name in one.detectors}
    for info in infos:
        try:
            known, backend = knows(info, words), backend_of(info)
        except ModelRefusedError:
            continue
        if known is not False and "," not in info.name:
            place = -1 if info.name in own else int(info.name in special)
            rank = (place, known is None, BACKENDS.index(backend), info.name)
            ranked.append((rank, info.name))
    return [name for _, name in sorted(ranked)]
