"""The description of the API as OpenAPI 3.1, made from the table of routes and its models."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from medialab.api.http.operation import Operation
from medialab.api.requests import FailureAnswer
from medialab.process.versions import program_version

_REFERENCE = "#/components/schemas/{model}"
_REASONS: Mapping[int, str] = {
    200: "It is done.",
    202: "It has begun: the job is not over yet.",
    400: "The body is no JSON object, or not text in UTF-8.",
    401: "There is no token, or a wrong one.",
    403: "It comes from a page of another server, or asks for another host.",
    404: "There is none of that name.",
    405: "The path takes another method.",
    413: "The body or the picture is too large.",
    415: "The body has a type that is not taken.",
    422: "A setting or an argument is wrong; each fault is told with its field.",
    429: "This client has too many jobs waiting.",
    500: "A defect, or a picture that cannot be read.",
    503: "The process that makes the pictures died, or the job was cancelled.",
    507: "There is too little memory; the message says what to reduce.",
}
# What every path may answer.
_ALWAYS = dict.fromkeys((400, 401, 403, 405), FailureAnswer)


def document(operations: Iterable[Operation], root: str) -> dict[str, Any]:
    """Return the description of operations.

    Args:
        operations: What is served.
        root: The path under which it is served, such as "/medialab".
    """
    known = list(operations)
    schemas, definitions = models_json_schema(
        [*{(one, "validation"): None for one in _read(known)}, *_written(known)],
        ref_template=_REFERENCE,
    )
    references: dict[Any, Mapping[str, Any]] = {
        model: schema for (model, _), schema in schemas.items()
    }
    paths: dict[str, dict[str, Any]] = {}
    for one in known:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media Lab Studio",
            "version": program_version(),
            "description": "Pictures for other programs: requests are jobs, pictures are files.",
        },
        "servers": [{"url": root or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": '"token " and the server\'s token.',
                }
            },
        },
    }


def _read(operations: Iterable[Operation]) -> Iterable[type[BaseModel]]:
    return (model for one in operations for model in one.bodies)


def _written(operations: Iterable[Operation]) -> Iterable[tuple[type[BaseModel], Any]]:
    found: dict[type[BaseModel], None] = {FailureAnswer: None}
    for one in operations:
        found |= {model: None for model in one.answers.values() if isinstance(model, type)}
    return ((model, "serialization") for model in found)


def _operation(
    operation: Operation, references: Mapping[type[BaseModel], Mapping[str, Any]]
) -> dict[str, Any]:
    summary, _, more = (operation.does.__doc__ or "").strip().partition("\n")
    described: dict[str, Any] = {
        "operationId": operation.does.__name__,
        "summary": summary,
        "parameters": [*_in_path(operation), *_in_query(operation), *_in_headers(operation)],
        "responses": {
            str(status): _response(status, answer, references)
            for status, answer in sorted({**_ALWAYS, **operation.answers}.items())
        },
    }
    if more.strip():
        described["description"] = " ".join(more.split())
    if operation.bodies or operation.uploads:
        described["requestBody"] = {"required": True, "content": _body(operation, references)}
    return described


def _body(
    operation: Operation, references: Mapping[type[BaseModel], Mapping[str, Any]]
) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {"schema": {}} for kind in operation.uploads}
    if operation.bodies:
        either = [dict(references[model]) for model in operation.bodies]
        schema = either[0] if len(either) == 1 else {"anyOf": either}
        content = {"application/json": {"schema": schema}, **content}
    return content


def _response(
    status: int, answer: Any, references: Mapping[type[BaseModel], Mapping[str, Any]]
) -> dict[str, Any]:
    if isinstance(answer, type):
        content = {"application/json": {"schema": dict(references[answer])}}
    else:
        content = {kind: {"schema": {}} for kind in answer}
    return {"description": _REASONS[status], "content": content}


def _in_path(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema()
    for name, field in schema["properties"].items():
        told = {"description": field["description"]} if "description" in field else {}
        is_needed = name in schema.get("required", ())
        plain = {key: one for key, one in field.items() if key not in {"title", "description"}}
        yield {"name": name, "in": "query", "required": is_needed, **told, "schema": plain}


def _in_headers(operation: Operation) -> Iterable[dict[str, Any]]:
    for name, meaning in operation.headers.items():
        schema = {"type": "string"}
        yield {"name": name, "in": "header", "description": meaning, "schema": schema}
