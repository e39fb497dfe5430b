"""One request read, one answer written: JSON, base64 and the statuses of HTTP."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from medialab.errors import ConfigError
from medialab.settings.validation import faults_of

ModelT = TypeVar("ModelT", bound=BaseModel)

# Bytes of one uploaded picture; a PNG of 2048 x 2048 has about 8 MiB.
MOST_BYTES = 32 * 1024**2


@dataclass(frozen=True)
class Answer:
    """What goes back: a status of HTTP, and a body to be written as JSON."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body."""
        return json.dumps(self.body)

    @property
    def head(self) -> str:
        """Status and headers, as Kernel Gateway's ResponseInfo wants them."""
        headers = {"Content-Type": "application/json", **self.headers}
        return json.dumps({"status": self.status, "headers": headers})


class RefusedError(Exception):
    """A request that gets no further; holds the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


def refused(
    status: int, message: str, field: str = "", headers: Mapping[str, str] | None = None
) -> RefusedError:
    """The error that ends a request with this status; `field` is to blame, if one is."""
    faults = [{"field": field, "message": message}] if field else []
    return RefusedError(failure(status, "RequestError", message, faults, headers))


def failure(
    status: int,
    kind: str,
    message: str,
    faults: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """What every error looks like: its kind, a sentence for people, the faults for programs."""
    error = {"kind": kind, "message": message, "faults": list(faults)}
    return Answer(status, {"error": error}, headers or {})


def check_accepted(accept: str | None) -> None:
    """Refuse who takes no JSON: the gateway sends text alone, so pictures travel in it."""
    kinds = [one.partition(";")[0].strip() for one in (accept or "*/*").split(",")]
    if not {"*/*", "application/*", "application/json"} & set(kinds):
        message = (
            f"Accept: {accept} cannot be had; answers are application/json, with each picture "
            "as base64 under pictures[].png"
        )
        raise refused(406, message)


def content_of(body: Any, content_type: str | None) -> Mapping[str, Any]:
    """The body as an object; the gateway has parsed it, or has left it as text."""
    if content_type and not content_type.startswith(("application/json", "text/plain")):
        raise refused(415, f"Content-Type: {content_type} is not read; send application/json")
    try:
        body = json.loads(body) if isinstance(body, str) else body
        # JSON may name half a character ("\\ud800"); no file can hold it.
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise refused(400, f"the body holds text that is no Unicode: {error.reason}") from error
    except (ValueError, RecursionError) as error:
        raise refused(400, f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise refused(400, f"the body is a JSON {type(body).__name__}; send an object")
    return body


def parsed(model: type[ModelT], body: Mapping[str, Any]) -> ModelT:
    """The body as `model`; refused with 422 and each fault if it cannot be."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = faults_of(error, model)
        message = "; ".join(f"{one['field'] or 'settings'}: {one['message']}" for one in faults)
        raise RefusedError(failure(422, ConfigError.__name__, message, faults)) from error


def decoded(text: str) -> bytes:
    """A file from base64, with or without line breaks and the head of a data URL."""
    if text.startswith("data:"):
        text = text.partition("base64,")[2]
    text = "".join(text.split())
    if len(text) * 3 // 4 > MOST_BYTES:
        message = f"the picture has over {MOST_BYTES // 1024**2} MiB; send a smaller one, or a JPEG"
        raise refused(413, message, field="image")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise refused(422, f"the picture is not valid base64: {error}", field="image") from error
