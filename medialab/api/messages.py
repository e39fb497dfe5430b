"""Reading a request and writing an answer: JSON, base64 and statuses as of HTTP."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from medialab.errors import ConfigError
from medialab.settings.validation import each_once, faults_of

ModelT = TypeVar("ModelT", bound=BaseModel)

# Objects and lists within each other; a request has a few, and an answer may repeat them.
_MOST_DEPTH = 50

# Limit for one uploaded picture, in bytes; a PNG of 2048 x 2048 has about 8 MiB.
MOST_BYTES = 32 * 1024**2


@dataclass(frozen=True)
class Answer:
    """The answer to a request: an HTTP status, a body that is written as JSON, and headers."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as JSON."""
        return json.dumps(self.body)


class RefusedError(Exception):
    """Ends a request early; holds the answer to send."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


def refused(
    status: int, message: str, field: str = "", headers: Mapping[str, str] | None = None
) -> RefusedError:
    """Return the error that ends a request.

    Args:
        status: The HTTP status of the answer.
        message: A sentence for people.
        field: The request's field at fault; empty if it is none of them.
        headers: Further headers of the answer.
    """
    faults = [{"field": field, "message": message}] if field else []
    return RefusedError(failure(status, "RequestError", message, faults, headers))


def failure(
    status: int,
    kind: str,
    message: str,
    faults: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return the answer to a request that failed; all errors have this shape.

    Args:
        status: The HTTP status.
        kind: The error's type, such as "ConfigError".
        message: A sentence for people.
        faults: For programs: a dict for each field at fault, with `field` and `message`, and
            `choices` where only certain values are valid.
        headers: Further headers.
    """
    error = {"kind": kind, "message": message, "faults": list(faults)}
    return Answer(status, {"error": error}, headers or {})


def content_of(body: bytes, content_type: str | None) -> Mapping[str, Any]:
    """Return the body of a request as an object.

    Args:
        body: The body.
        content_type: The request's header; None for JSON.

    Raises:
        RefusedError: the body has another type (status 415) or is not a JSON object (400).
    """
    if content_type and not content_type.startswith(("application/json", "text/plain")):
        raise refused(415, f"Content-Type {content_type} is not supported; send application/json")
    try:
        read = json.loads(
            body.decode(),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=each_once,
        )
        _refuse_deep(read)
        if b"\\u" in body:
            # JSON can escape half a character ("\\ud800"), which no file can hold.
            json.dumps(read, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise refused(400, "the body is not text in UTF-8") from error
    except UnicodeEncodeError as error:
        raise refused(400, f"the body holds invalid Unicode: {error.reason}") from error
    except (ConfigError, ValueError, RecursionError) as error:
        raise refused(400, f"the body is not valid JSON: {error}") from error
    if not isinstance(read, dict):
        raise refused(400, f"the body is a JSON {type(read).__name__}; send an object")
    return read


def _refuse_deep(value: Any) -> None:
    """Refuse objects and lists that lie too deep in each other to be written again.

    Raises:
        ValueError: they do.
    """
    level = [[value]]
    for _ in range(_MOST_DEPTH + 1):
        every = (part for one in level for part in one)
        level = [
            [*one.values()] if isinstance(one, dict) else one
            for one in every
            if isinstance(one, dict | list)
        ]
        if not level:
            return
    message = f"its objects and lists lie more than {_MOST_DEPTH} deep in each other"
    raise ValueError(message)


def _refuse_constant(word: str) -> None:
    """Refuse NaN and Infinity, which JSON does not have.

    Raises:
        ValueError: always.
    """
    message = f"{word} is not a value of JSON"
    raise ValueError(message)


def _finite(number: str) -> float:
    """Return a number, which an answer may have to repeat: JSON has no infinity.

    Raises:
        ValueError: it is too large.
    """
    value = float(number)
    if not math.isfinite(value):
        _refuse_constant(number[:99])
    return value


def parsed(model: type[ModelT], body: Mapping[str, Any]) -> ModelT:
    """Validate the body as a model.

    Raises:
        RefusedError: it is invalid (status 422); the answer lists each fault.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = faults_of(error, model)
        message = "; ".join(f"{one['field'] or 'settings'}: {one['message']}" for one in faults)
        raise RefusedError(failure(422, ConfigError.__name__, message, faults)) from error


def decoded(text: str, field: str = "image") -> bytes:
    """Decode a file from base64, with or without line breaks and the prefix of a data URL.

    Args:
        text: The base64.
        field: The request's field that has it.

    Raises:
        RefusedError: it has more than MOST_BYTES (status 413) or is not base64 (422).
    """
    if text.startswith("data:"):
        text = text.partition("base64,")[2]
    text = "".join(text.split())
    if len(text) * 3 // 4 > MOST_BYTES:
        message = f"the picture is over {MOST_BYTES // 1024**2} MiB; send a smaller one, or a JPEG"
        raise refused(413, message, field=field)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise refused(422, f"the picture is not valid base64: {error}", field=field) from error
