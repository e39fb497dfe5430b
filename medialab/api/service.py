"""The studio's endpoints, without a web server: from a request in JSON to a status and JSON.

`notebooks/api.ipynb` serves them through Jupyter Kernel Gateway; docs/api.md describes requests.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from medialab.api.capabilities import capabilities
from medialab.api.messages import (
    Answer,
    RefusedError,
    check_accepted,
    content_of,
    decoded,
    failure,
    parsed,
    refused,
)
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import (
    ArtifactError,
    CancelledError,
    MediaLabError,
    ModelNotFoundError,
    NotFiniteError,
    OutOfMemoryError,
    PictureError,
    PictureTooLargeError,
)
from medialab.files.regular import read_regular
from medialab.loading.registry import ModelInfo
from medialab.presets import for_photo
from medialab.process.versions import program_version
from medialab.runs.executor import RunJob
from medialab.workbench import Workbench

_MOST_BYTES = 512 * 2**20  # limit for a picture in outputs/
_PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
_STATUS: Mapping[type[MediaLabError], int] = {
    ModelNotFoundError: 404,
    PictureTooLargeError: 413,
    CancelledError: 503,
    ArtifactError: 500,
    NotFiniteError: 500,
    OutOfMemoryError: 507,
}


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureRequest(_Request):
    """A picture to store."""

    image: str = Field(description="A PNG, JPEG or WebP file in base64.")


class EnhanceRequest(_Request):
    """A picture to edit, as `image` or as `path`, and the settings."""

    image: str | None = Field(None, description="A PNG, JPEG or WebP file in base64.")
    path: str | None = Field(None, description="A picture in outputs/, as `file` names it.")
    config: PipelineConfig | None = Field(
        None,
        description="Settings, as for /generate. Left out: those of the preset Photo, which "
        "enlarges, sharpens and balances the colours, and needs no checkpoint.",
    )


class Service:
    """Answers requests with one workbench; every picture it makes is saved in outputs/.

    Of an unexpected error the answer names only the type; its traceback goes to outputs/api.log.
    No answer contains the path of a folder on this machine.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        bench.executor.stops_alike = False  # one client's failures must not stop another's jobs
        self._endpoints: Mapping[str, tuple[str, Callable[[Any], Answer]]] = {
            "generate": ("POST", self._generate),
            "enhance": ("POST", self._enhance),
            "pictures": ("POST", self._pictures),
            "models": ("GET", self._models),
            "capabilities": ("GET", self._capabilities),
            "health": ("GET", self._health),
        }

    def answer(self, method: str, request: str) -> Answer:
        """Answer one request.

        Args:
            method: "GET" or "POST".
            request: Kernel Gateway's REQUEST: JSON with `path`, which holds the endpoint's name
                under "endpoint", `args`, `headers`, and `body`, an object or its text.
        """
        try:
            return self._dispatch(method, json.loads(request))
        except RefusedError as error:
            return error.answer
        except MediaLabError as error:
            return self._failure(error)

    def _dispatch(self, method: str, request: Mapping[str, Any]) -> Answer:
        name = request.get("path", {}).get("endpoint", "")
        if name not in self._endpoints:
            known = ", ".join(f"{verb} /{one}" for one, (verb, _) in self._endpoints.items())
            raise refused(404, f"there is no /{name}; known: {known}")
        verb, handle = self._endpoints[name]
        if method != verb:
            raise refused(405, f"/{name} takes {verb}, not {method}", headers={"Allow": verb})
        headers = {
            key.lower(): value if isinstance(value, str) else ",".join(value)
            for key, value in request.get("headers", {}).items()
        }
        check_accepted(headers.get("accept"))
        if verb == "GET":
            return handle(request.get("args", {}))
        without_pictures = _omits_pictures(request.get("args", {}))
        answer = handle(content_of(request.get("body", ""), headers.get("content-type")))
        return _without_pictures(answer) if without_pictures else answer

    def _generate(self, body: Mapping[str, Any]) -> Answer:
        # An answer's own `config`, sent back, makes the same picture again.
        model = ResolvedConfig if "checkpoint_sha256" in body else PipelineConfig
        return self._wait(self.bench.submit(parsed(model, body)))

    def _enhance(self, body: Mapping[str, Any]) -> Answer:
        asked = parsed(EnhanceRequest, body)
        if (asked.image is None) == (asked.path is None):
            raise refused(422, "give one of image and path", field="image")
        if asked.path is not None:
            picture = self._store(self._file(asked.path), "path")
        else:
            picture = self._store(decoded(asked.image or ""), "image")
        config = for_photo() if asked.config is None else asked.config
        return self._wait(self.bench.submit(config.starting_from(picture)))

    def _pictures(self, body: Mapping[str, Any]) -> Answer:
        """Store a picture; configs refer to it by the name in the answer."""
        content = decoded(parsed(PictureRequest, body).image)
        name = self._store(content, "image")
        return Answer(200, {"picture": name, "told": list(self.bench.pictures.changes(name))})

    def _store(self, content: bytes, setting: str) -> str:
        try:
            return self.bench.keep(content)
        except PictureError as error:
            raise error.about(setting) from None

    def _models(self, args: Mapping[str, Any]) -> Answer:
        kind = next(iter(args.get("kind", ())), None)
        return Answer(200, {"models": [self._model(one) for one in self.bench.models(kind)]})

    def _model(self, info: ModelInfo) -> dict[str, Any]:
        return {
            "name": info.name,
            "kind": info.kind,
            "family": info.family,
            "format": info.format,
            "size_bytes": info.size_bytes,
            "variant": info.variant or None,
            "prediction_type": info.prediction_type or None,
            "zero_terminal_snr": info.zero_terminal_snr,
            "precision": info.precision or None,
            "ranks": list(info.ranks),
            "trained_words": list(info.trained_words),
            "editions": list(info.editions),
            "edition": info.edition or None,
            "full_name": info.full_name,
            "refused": self._without_folders(info.refused) if info.refused else None,
        }

    def _capabilities(self, _args: Mapping[str, Any]) -> Answer:
        requests = {
            "generate": PipelineConfig.model_json_schema(),
            "enhance": EnhanceRequest.model_json_schema(),
            "pictures": PictureRequest.model_json_schema(),
        }
        return Answer(200, capabilities(self.bench) | {"requests": requests})

    def _health(self, _args: Mapping[str, Any]) -> Answer:
        return Answer(200, {"status": "ok", "version": program_version()})

    def _wait(self, job: RunJob) -> Answer:
        """Wait for the job, and return its pictures or its error."""
        error = job.error()
        if isinstance(error, MediaLabError):
            return self._failure(error)
        if error is not None:
            self._log(job)
            kind = type(error).__name__
            message = f"the studio failed with {kind}; its traceback is in outputs/api.log"
            return failure(500, kind, message)
        run = job.result()
        pictures = [
            {
                "seed": artifact.seed,
                "prompt": artifact.prompt,
                "file": artifact.path.relative_to(self.bench.artifacts.folder).as_posix(),
                "width": image.width,
                "height": image.height,
                "record": record,
                "png": base64.b64encode(artifact.path.read_bytes()).decode(),
            }
            for image, record, artifact in zip(run.images, run.records, run.artifacts, strict=True)
        ]
        config = run.config.model_dump(mode="json")
        return Answer(200, {"seed": run.config.seed, "config": config, "pictures": pictures})

    def _failure(self, error: MediaLabError) -> Answer:
        """Return an error as an answer, with the setting at fault if it is known."""
        statuses = (status for kind, status in _STATUS.items() if isinstance(error, kind))
        status = next(statuses, 422)
        message = self._without_folders(error.message)
        fault: dict[str, Any] = {"field": error.setting, "message": message}
        if error.choices:
            fault["choices"] = list(error.choices)
        return failure(status, type(error).__name__, message, [fault] if error.setting else [])

    def _without_folders(self, text: str) -> str:
        """Replace the paths of the folders by their names: a client must not learn paths."""
        models = (one.path for one in self.bench.registry.folders)
        for folder in (self.bench.artifacts.folder, *(one.resolve() for one in models)):
            text = text.replace(str(folder), folder.name)
        return text

    def _file(self, path: str) -> bytes:
        """Read a picture of the outputs folder.

        Raises:
            RefusedError: it does not exist, is not a picture or is outside the folder (status 422);
                the message is always the same, so that it tells nothing about other files.
        """
        folder = self.bench.artifacts.folder
        with suppress(
            OSError, ValueError, RuntimeError
        ):  # too long, a NUL, a pipe, a loop of links
            full = (folder / path).resolve()
            if full.is_relative_to(folder) and full.suffix.lower() in _PICTURE_SUFFIXES:
                return read_regular(full, _MOST_BYTES)
        raise refused(422, f"no picture {path!r} in outputs/", field="path")

    def _log(self, job: RunJob) -> None:
        log = self.bench.artifacts.folder / "api.log"
        with suppress(OSError):  # the disk may be full; the answer names the error in any case
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{job.name}\n{job.traceback}\n")


def _omits_pictures(args: Mapping[str, Sequence[str]]) -> bool:
    """Return whether the request has `?png=false`: a client that reads outputs/ needs no base64.

    Raises:
        RefusedError: the value is neither true nor false (status 422).
    """
    value = next(iter(args.get("png", ())), "true")
    if value not in {"true", "false"}:
        raise refused(422, f"png={value!r}: choose true or false", field="png")
    return value == "false"


def _without_pictures(answer: Answer) -> Answer:
    pictures = [
        {name: value for name, value in picture.items() if name != "png"}
        for picture in answer.body.get("pictures", ())
    ]
    return replace(answer, body={**answer.body, "pictures": pictures}) if pictures else answer
