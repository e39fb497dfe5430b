"""The studio for other programs: requests as JSON in, status and JSON out; knows no web server.

`notebooks/api.ipynb` puts it on a port by Jupyter Kernel Gateway; docs/api.md says what to send.
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
from medialab.process.jobs import Job
from medialab.process.versions import program_version
from medialab.runs.run import Run
from medialab.settings.config import PipelineConfig, ResolvedConfig
from medialab.workbench import Workbench

_MOST_BYTES = 512 * 2**20  # of a picture in outputs/
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
    """A picture to keep."""

    image: str = Field(description="A PNG, JPEG or WebP file in base64.")


class EnhanceRequest(_Request):
    """A picture to work on, and how: `image` or `path`, not both."""

    image: str | None = Field(None, description="A PNG, JPEG or WebP file in base64.")
    path: str | None = Field(None, description="A picture in outputs/, as `file` names it.")
    config: PipelineConfig = Field(PipelineConfig(), description="Settings, as for /generate.")


class Service:
    """Answers requests with one workbench. Every picture made is kept in outputs/, as always.

    An error that is a defect of ours is told by its type alone; its traceback goes to
    outputs/api.log. No answer names a folder of this machine.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        bench.queue.stops_alike = False  # one client's failures are no matter to another
        self._endpoints: Mapping[str, tuple[str, Callable[[Any], Answer]]] = {
            "generate": ("POST", self._generate),
            "enhance": ("POST", self._enhance),
            "pictures": ("POST", self._keep),
            "models": ("GET", self._models),
            "capabilities": ("GET", self._capabilities),
            "health": ("GET", self._health),
        }

    def answer(self, method: str, request: str) -> Answer:
        """Answer one request: JSON with `path`, `args`, `headers` and `body`.

        That is Kernel Gateway's REQUEST. `path` holds the endpoint under "endpoint"; `body` is an
        object, or text that holds one.
        """
        try:
            return self._answered(method, json.loads(request))
        except RefusedError as error:
            return error.answer
        except MediaLabError as error:
            return self._told(error)

    def _answered(self, method: str, request: Mapping[str, Any]) -> Answer:
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
        without_pictures = _wants_none(request.get("args", {}))
        answer = handle(content_of(request.get("body", ""), headers.get("content-type")))
        return _without_pictures(answer) if without_pictures else answer

    def _generate(self, body: Mapping[str, Any]) -> Answer:
        """The answer's own `config`, sent back, makes the same picture again."""
        model = ResolvedConfig if "checkpoint_sha256" in body else PipelineConfig
        return self._ran(self.bench.submit(parsed(model, body)))

    def _enhance(self, body: Mapping[str, Any]) -> Answer:
        asked = parsed(EnhanceRequest, body)
        if (asked.image is None) == (asked.path is None):
            raise refused(422, "give one of image and path", field="image")
        if asked.path is not None:
            picture = self._kept(self._file(asked.path), "path")
        else:
            picture = self._kept(decoded(asked.image or ""), "image")
        mode = "enhance" if asked.config.mode == "txt2img" else asked.config.mode
        return self._ran(self.bench.submit(asked.config.changed(mode=mode, image=picture)))

    def _keep(self, body: Mapping[str, Any]) -> Answer:
        """Its name goes into configs: `inpaint.mask`, `control[].image`, `image`."""
        content = decoded(parsed(PictureRequest, body).image)
        name = self._kept(content, "image")
        return Answer(200, {"picture": name, "told": list(self.bench.pictures.told(name))})

    def _kept(self, content: bytes, setting: str) -> str:
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

    def _ran(self, job: Job[Run]) -> Answer:
        """Wait for the job; its pictures, or what it failed of."""
        error = job.error()
        if isinstance(error, MediaLabError):
            return self._told(error)
        if error is not None:
            self._note(job)
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

    def _told(self, error: MediaLabError) -> Answer:
        """The error as an answer; a setting that is to blame is named."""
        statuses = (status for kind, status in _STATUS.items() if isinstance(error, kind))
        status = next(statuses, 422)
        message = self._without_folders(str(error))
        fault: dict[str, Any] = {"field": error.setting, "message": message}
        if error.choices:
            fault["choices"] = list(error.choices)
        return failure(status, type(error).__name__, message, [fault] if error.setting else [])

    def _without_folders(self, text: str) -> str:
        """The text with the two folders by their own names; where they lie is nobody's business."""
        for folder in (self.bench.artifacts.folder, self.bench.registry.folder.resolve()):
            text = text.replace(str(folder), folder.name)
        return text

    def _file(self, path: str) -> bytes:
        """A picture of the outputs folder; no other file is even said to be there or not."""
        folder = self.bench.artifacts.folder
        with suppress(
            OSError, ValueError, RuntimeError
        ):  # too long, a NUL, a pipe, a loop of links
            full = (folder / path).resolve()
            if full.is_relative_to(folder) and full.suffix.lower() in _PICTURE_SUFFIXES:
                return read_regular(full, _MOST_BYTES)
        raise refused(422, f"no picture {path!r} in outputs/", field="path")

    def _note(self, job: Job[Run]) -> None:
        log = self.bench.artifacts.folder / "api.log"
        with suppress(OSError):  # a full disk is what the answer's error is about by now
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{job.name}\n{job.traceback}\n")


def _wants_none(args: Mapping[str, Sequence[str]]) -> bool:
    """Whether `?png=false` was asked for: who can read outputs/ needs no base64."""
    wish = next(iter(args.get("png", ())), "true")
    if wish not in {"true", "false"}:
        raise refused(422, f"png={wish!r}: choose true or false", field="png")
    return wish == "false"


def _without_pictures(answer: Answer) -> Answer:
    pictures = [
        {name: value for name, value in picture.items() if name != "png"}
        for picture in answer.body.get("pictures", ())
    ]
    return replace(answer, body={**answer.body, "pictures": pictures}) if pictures else answer
