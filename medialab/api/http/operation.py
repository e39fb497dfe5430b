"""An operation: a method on a path, what it does, and what OpenAPI says of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor as ThreadPool
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ParamSpec, TypeVar

from pydantic import BaseModel

from medialab.api.messages import Answer, content_of, parsed
from medialab.api.service import Service

ModelT = TypeVar("ModelT", bound=BaseModel)
P = ParamSpec("P")
T = TypeVar("T")
_READY_SECONDS = 0.05  # between two looks whether the worker is ready


@dataclass(frozen=True)
class Content:
    """An answer that is a file."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Stream:
    """An answer that goes on until its parts end or the client hangs up."""

    parts: AsyncIterator[bytes]
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = Answer | Content | Stream


@dataclass(frozen=True)
class Asked:
    """A request, once it is known who asks and what its parts are.

    Attributes:
        service: Does what is asked.
        owner: The client, told apart by its token or its name.
        parts: Those of the path, by name.
        arguments: The query, the last value of each name.
        headers: By lower-case name.
        file: The body.
        hung_up: Set when the client is gone.
        threads: Where work that blocks is done.
    """

    service: Service
    owner: str
    parts: Mapping[str, str]
    arguments: Mapping[str, str]
    headers: Mapping[str, str]
    file: BinaryIO
    hung_up: asyncio.Event
    threads: ThreadPool

    @property
    def key(self) -> str:
        """The client's own name for this request: Idempotency-Key."""
        return self.headers.get("idempotency-key", "")

    @property
    def media_type(self) -> str:
        """Of the body, without parameters and in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def query(self, model: type[ModelT]) -> ModelT:
        """Return the query as a model.

        Raises:
            RefusedError: it is invalid (422).
        """
        return parsed(model, self.arguments)

    def content(self) -> Mapping[str, Any]:
        """Return the body as a JSON object.

        Raises:
            RefusedError: it is none (400), or has another type (415).
        """
        return content_of(self.file.read(), self.headers.get("content-type"))

    def body(self, model: type[ModelT]) -> ModelT:
        """Return the body as a model.

        Raises:
            RefusedError: as `content`, or it is invalid (422).
        """
        return parsed(model, self.content())

    async def in_thread(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks on a thread, and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: call(*args, **kwargs))

    async def until_ready(self) -> None:
        """Wait for the first worker, without a thread; what checks a request needs its device.

        Raises:
            WorkerEndedError: it does not start.
        """
        executor = self.service.executor
        executor.start(1)
        while not executor.knows_device:
            await asyncio.sleep(_READY_SECONDS)


@dataclass(frozen=True)
class Operation:
    """A method on a path.

    Attributes:
        method: Such as "GET".
        path: Such as "/jobs/{name}"; a part may hold slashes if it is among `deep`.
        does: Does it; the first line of its docstring is what /openapi.json says of it.
        answers: By status, the model of its answer, or its media types.
        query: The model of its query.
        bodies: The models that its body may have; none if it takes no body.
        uploads: Media types besides JSON that its body may have.
        deep: The path's parts that may hold slashes.
        headers: Request headers that it heeds, with what each is for.
    """

    method: str
    path: str
    does: Callable[[Asked], Awaitable[Reply]]
    answers: Mapping[int, type[BaseModel] | Sequence[str]]
    query: type[BaseModel] | None = None
    bodies: Sequence[type[BaseModel]] = ()
    uploads: Sequence[str] = ()
    deep: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
