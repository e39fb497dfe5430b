"""Detectors from their files: one table says which backend opens which model.

A new finder or refiner is one file in `medialab.vision` and one row in `BACKENDS`; a new estimator,
one file and one line in `medialab.vision.estimators`.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.families import RUNNING
from medialab.files.diffusers_folders import check_whole
from medialab.files.foreign_configs import check_foreign, refuse_larger
from medialab.files.onnx import read_onnx
from medialab.files.opening import check_file, opening
from medialab.listing.folders import check_folder, read_config
from medialab.listing.info import MEDIAPIPE, ONNX, ModelInfo
from medialab.listing.unchanged import unchanged
from medialab.vision.estimators import ESTIMATORS
from medialab.vision.finders.boxes import BoxDetector
from medialab.vision.finders.clipseg import ClipSegmenter
from medialab.vision.finders.instances import InstanceSegmenter
from medialab.vision.finders.litert.models import (
    finds_in_photos,
    helps_a_finder,
    labels_in_photos,
    load_finder,
    refines_people,
    refuse_helper,
    require_litert,
)
from medialab.vision.finders.litert.people import load_people
from medialab.vision.finders.mediapipe_tasks import label_of, load_task, require_mediapipe
from medialab.vision.finders.semantic import Segmenter
from medialab.vision.finders.yolo import load_yolo, require_onnxruntime
from medialab.vision.finders.zeroshot import ZeroShotDetector
from medialab.vision.refiners.sam import MaskRefiner
from medialab.vision.roles import Finder, Refiner, VisionModel
from medialab.vision.scorers.aesthetic import AestheticScorer, label_of_beauty
from medialab.vision.scorers.clip import ClipScorer

# Where a detector stands in the automatic chain: made for the checkpoint's family, for no family,
# or for another.
_OWN, _USUAL, _SPECIAL = range(3)
# Labels of a model: any word that it is asked for, or none (it detects nothing by name).
ANY_WORD, NO_WORD = None, ()

Labels = Sequence[str] | None


class Backend(NamedTuple):
    """One way to open a model.

    Attributes:
        title: the task of such models, for a person.
        takes: whether a model is of this kind, from its listing and its architecture.
        labels: the words that the model detects: a list, `ANY_WORD` or `NO_WORD`.
        load: opens a listed model on a device.
        require: raises if a library is missing.
        role: the model's role: `Finder`, `Refiner`, or its class of estimators or scorers.
        for_photos: whether its models are made for photographs, and no help with other pictures.
    """

    title: str
    takes: Callable[[ModelInfo, str], bool]
    labels: Callable[[ModelInfo], Labels]
    load: Callable[[ModelInfo, str], VisionModel]
    require: Callable[[], Any] = lambda: None
    role: type = Finder
    for_photos: bool = False


def _of_architecture(*endings: str) -> Callable[[ModelInfo, str], bool]:
    return lambda _info, architecture: architecture.endswith(endings)


def _of_format(name: str) -> Callable[[ModelInfo, str], bool]:
    return lambda info, _architecture: info.format == name


def _of_photos(takes: Callable[[Path], bool]) -> Callable[[ModelInfo, str], bool]:
    return lambda info, _architecture: info.format == MEDIAPIPE and takes(info.path)


def _by_litert(load: Callable[[Path, int], VisionModel]) -> Callable[[ModelInfo, str], VisionModel]:
    """Return a function that loads a file of LiteRT's, to compute on the processor."""

    def load_on_threads(info: ModelInfo, _device: str) -> VisionModel:
        import torch

        return load(info.path, torch.get_num_threads())

    return load_on_threads


def _by_transformers(
    auto: str,
    make: Callable[[Any, Any, str], VisionModel],
    processor: str = "AutoImageProcessor",
    *,
    reads_text: bool = False,
) -> Callable[[ModelInfo, str], VisionModel]:
    """Return a function that loads a transformers folder.

    Args:
        auto: the transformers class of the network, such as "AutoModelForObjectDetection".
        make: builds the detector from the network, its processor and the device.
        processor: the transformers class that prepares the input; "" for none.
        reads_text: whether the folder must hold a tokenizer.
    """

    def load(info: ModelInfo, device: str) -> VisionModel:
        import transformers

        check_foreign(info.path, prepares=bool(processor), reads_text=reads_text)
        own: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        kind = getattr(transformers, auto)
        config = transformers.AutoConfig.from_pretrained(info.path, **own)
        build = partial(kind.from_config, trust_remote_code=False) if "Auto" in auto else kind
        refuse_larger(info.path, lambda: build(config))
        network, report = kind.from_pretrained(
            info.path, use_safetensors=True, output_loading_info=True, **own
        )
        check_whole(report, info.path.name)
        prepare = processor and getattr(transformers, processor).from_pretrained(info.path, **own)
        return make(network.to(device).eval(), prepare, device)

    return load


def _rates_beauty(info: ModelInfo, architecture: str) -> bool:
    is_classifier = architecture.endswith("ForImageClassification")
    return is_classifier and label_of_beauty(_config_of(info)) is not None


def _labels_in_config(info: ModelInfo) -> Labels:
    labels = _config_of(info).get("id2label")
    return [str(label) for label in labels.values()] if isinstance(labels, dict) else NO_WORD


def _labels_of_onnx(info: ModelInfo) -> Labels:
    return unchanged(_onnx_labels, info.path, [info.path]) or [info.name]


def _onnx_labels(path: Path) -> list[str]:
    return list(read_onnx(path).labels.values())


def _config_of(info: ModelInfo) -> dict[str, Any]:
    """Return the config in a model's folder, which nobody may change."""
    config = info.path / "config.json"
    return unchanged(read_config, config, [config])


def _labels_of_task(info: ModelInfo) -> Labels:
    label = label_of(info.name)
    return [label] if label else NO_WORD


# Models of masks come before models of boxes, those with labels before those for any word.
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
    # MediaPipe's own files need no MediaPipe: LiteRT runs those that are known by their content.
    Backend(
        "faces, hands and people in photos",
        _of_photos(finds_in_photos),
        lambda info: labels_in_photos(info.path),
        _by_litert(load_finder),
        require_litert,
        for_photos=True,
    ),
    Backend(
        "a detector's second look",
        _of_photos(helps_a_finder),
        lambda _info: NO_WORD,
        lambda info, _device: refuse_helper(info.path),
        role=VisionModel,
    ),
    Backend(
        "shapes of people",
        _of_photos(refines_people),
        lambda _info: NO_WORD,
        _by_litert(load_people),
        require_litert,
        role=Refiner,
    ),
    Backend(
        "MediaPipe",
        _of_format(MEDIAPIPE),
        _labels_of_task,
        lambda info, _device: load_task(info.name, info.path),
        require_mediapipe,
    ),
    # Before the plain detectors, whose architectures' names have the same ending.
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
    Backend(
        "comparing pictures with texts",
        lambda _info, architecture: architecture == "CLIPModel",
        lambda _info: NO_WORD,
        _by_transformers("CLIPModel", ClipScorer, processor="AutoProcessor", reads_text=True),
        role=ClipScorer,
    ),
    Backend(
        "rating pictures",
        _rates_beauty,
        lambda _info: NO_WORD,
        _by_transformers("AutoModelForImageClassification", AestheticScorer),
        role=AestheticScorer,
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
    """Load a model of models/detectors onto a device.

    Raises:
        ModelRefusedError: it is a pickle, broken, or of a kind that nothing here opens.
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
    """Return the backend that opens a model, without loading anything.

    Raises:
        ModelRefusedError: none does; the message lists the kinds that are opened.
    """
    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    architecture = ""
    if info.path.is_dir():
        named = _config_of(info).get("architectures")
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
    """Return whether a model detects any of these words; None where it takes any word."""
    labels = backend_of(info).labels(info)
    if labels is ANY_WORD:
        return None
    wanted = {word.casefold() for word in words}
    return any(label.casefold() in wanted for label in labels)


def why_absent(info: ModelInfo) -> str | None:
    """Return why a model cannot be loaded here, such as a missing library; None if it can."""
    try:
        backend_of(info).require()
    except MissingLibraryError as error:
        return str(error)
    return None


def automatic_chain(
    infos: Sequence[ModelInfo], words: Sequence[str], own: Collection[str] = ()
) -> list[str]:
    """Return the names of the detectors to try in turn for these words, best first.

    Those that know a word come before those that take any word, masks before boxes. Left out are
    refused ones, and those made for other pictures: detectors for photos where the family has its
    own, and those of another family where there is one for photos.

    Args:
        infos: the detectors that are there.
        words: the words to detect.
        own: names of detectors trained on pictures of the checkpoint's family: they come first. The
            detectors of other families come last.
    """
    ranked: list[tuple[tuple[int, bool, int, str], Backend]] = []
    special = {name for one in RUNNING.values() for name in one.detectors}
    for info in infos:
        try:
            known, backend = knows(info, words), backend_of(info)
        except ModelRefusedError:
            continue
        if known is not False and "," not in info.name:
            place = _SPECIAL if info.name in special else _USUAL
            place = _OWN if info.name in own else place
            ranked.append(((place, known is None, BACKENDS.index(backend), info.name), backend))
    has_own = any(rank[0] == _OWN for rank, _ in ranked)
    has_photos = not has_own and any(backend.for_photos for _, backend in ranked)
    return [
        rank[-1]
        for rank, backend in sorted(ranked, key=lambda one: one[0])
        if not (has_own and backend.for_photos) and not (has_photos and rank[0] == _SPECIAL)
    ]
