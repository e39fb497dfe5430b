"""Runs, events and errors as plain JSON values and paths, for where they cross a process."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, overload
from uuid import uuid4

from PIL import Image

from medialab import errors
from medialab.artifacts import Artifact
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, MediaLabError, first_line
from medialab.process.events import Event
from medialab.runs.run import Run
from medialab.stages.detailer.edits import DetectionEdit, DetectionTable

_FIELDS = (
    *("kind", "job", "stage", "step", "steps", "image", "images", "together", "place", "seconds"),
    "told",
)


def run_as_plain(run: Run, unsaved: Path) -> dict[str, Any]:
    """Return a run with the paths of its pictures; unsaved ones are written to `unsaved`."""
    paths = [artifact.path for artifact in run.artifacts]
    if not paths:
        unsaved.mkdir(parents=True, exist_ok=True)
        paths = [unsaved / f"{uuid4().hex}.png" for _ in run.images]
        for image, path in zip(run.images, paths, strict=True):
            image.save(path)
    return {
        "config": run.config.model_dump(mode="json"),
        "paths": [str(path) for path in paths],
        "saved": bool(run.artifacts),
        "already_there": list(run.already_there),
        "records": [dict(record) for record in run.records],
        "detections": {
            stage: [edit.model_dump(mode="json") for edit in table]
            for stage, table in run.detections.items()
        },
    }


def run_from_plain(plain: Mapping[str, Any]) -> Run:
    """Return the run of `run_as_plain`; its pictures are read from their files.

    Raises:
        ArtifactError: a picture's file or its sidecar is gone.
    """
    run = _run_of(plain)
    return replace(run, images=[*run.images])


def _run_of(plain: Mapping[str, Any]) -> Run:
    """Return the run of `run_as_plain`, whose pictures are read when they are first asked for."""
    paths = [Path(path) for path in plain["paths"]]
    artifacts = []
    if plain["saved"]:
        artifacts = [Artifact.read(path) for path in paths]
    return Run(
        ResolvedConfig.parse(plain["config"]),
        _Pictures(paths),
        plain["records"],
        artifacts,
        {
            stage: DetectionTable(DetectionEdit.model_validate(row) for row in rows)
            for stage, rows in plain["detections"].items()
        },
        tuple(plain["already_there"]),
    )


class _Pictures(Sequence[Image.Image]):
    """Pictures of files, each read when it is first asked for: few who hear of a run look at it.

    An `ArtifactError` is raised for one whose file is gone by then.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._images: dict[int, Image.Image] = {}

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, at: int) -> Image.Image: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Image.Image]: ...

    def __getitem__(self, at: int | slice) -> Image.Image | Sequence[Image.Image]:
        numbers = range(len(self))[at]
        if isinstance(numbers, range):
            return [self[number] for number in numbers]
        if numbers not in self._images:
            self._images[numbers] = _read(self._paths[numbers])
        return self._images[numbers]


def _read(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except OSError as error:
        message = f"the picture {path} was removed or damaged after it was made"
        raise ArtifactError(f"{message} ({error.strerror or first_line(error)})") from error


def picture_as_plain(artifact: Artifact) -> dict[str, Any]:
    """Return what a client is told of a saved picture."""
    return {
        "path": str(artifact.path),
        "seed": artifact.seed,
        "prompt": artifact.prompt,
        "width": artifact.width,
        "height": artifact.height,
    }


def event_as_plain(event: Event, unsaved: Path) -> dict[str, Any]:
    """Return an event as JSON values: its preview as a PNG, its run by paths, its error by name."""
    plain = {name: getattr(event, name) for name in _FIELDS}
    if event.preview is not None:
        buffer = BytesIO()
        event.preview.save(buffer, "PNG")
        plain["preview"] = base64.b64encode(buffer.getvalue()).decode()
    if isinstance(event.result, Run):
        plain["run"] = run_as_plain(event.result, unsaved)
    if event.error is not None:
        plain["error"] = error_as_plain(event.error)
    return plain


def event_from_plain(plain: Mapping[str, Any]) -> Event:
    """Return the event of `event_as_plain`.

    Its preview and its run's pictures are read when they are first asked for.

    Raises:
        ArtifactError: the sidecar of its run's picture is gone.
    """

    def preview() -> Image.Image | None:
        if "preview" not in plain:
            return None
        image = Image.open(BytesIO(base64.b64decode(plain["preview"])))
        image.load()
        return image

    return Event(
        **{name: plain[name] for name in _FIELDS},
        draws=preview,
        result=_run_of(plain["run"]) if "run" in plain else None,
        error=error_from_plain(plain["error"]) if "error" in plain else None,
    )


def error_as_plain(error: BaseException) -> dict[str, Any]:
    """Return an error's name, its message, and the setting at fault if there is one."""
    plain: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, MediaLabError):
        plain |= {"setting": error.setting, "choices": list(error.choices)}
    return plain


def error_from_plain(plain: Mapping[str, Any]) -> MediaLabError:
    """Return an error of the same name if it is one of ours, else a `MediaLabError`."""
    kind = getattr(errors, plain["kind"], None)
    if isinstance(kind, type) and issubclass(kind, MediaLabError):
        return kind(plain["message"]).about(plain["setting"], plain["choices"])
    return MediaLabError(f"{plain['kind']}: {plain['message']}")
