"""The server of `make api`: Kernel Gateway with a JSON answer to every request.

Kernel Gateway hands each request to a kernel. On its own it fails on a body that is not text, puts
this machine's folders into its error messages, and waits forever for a kernel that has died. This
server refuses such a body, reports only the kind of an error, and answers 503 if the kernel died;
the next request then gets a new kernel.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

import tornado.web
from kernel_gateway.notebook_http import NotebookHTTPPersonality
from kernel_gateway.notebook_http.errors import CodeExecutionError
from kernel_gateway.notebook_http.handlers import NotebookAPIHandler
from kernel_gateway.notebook_http.request_utils import parse_args, parse_body
from kernel_gateway.services.kernels.pool import ManagedKernelPool
from tornado.log import app_log

from medialab.api.messages import Answer, failure

_LOOK = 0.5  # seconds between two checks whether a busy kernel is still alive


class StudioEndedError(Exception):
    """The error when the process that makes the pictures has ended."""


class MendingPool(ManagedKernelPool):
    """A pool of kernels; one that has died is replaced before it serves another request."""

    async def initialize(self, prespawn_count: int | None, kernel_manager: Any) -> None:
        """Start the first kernel; if it dies while starting, every request gets that error."""
        try:
            starting = super().initialize(prespawn_count, kernel_manager)
            await self._unless_one_dies(starting, kernel_manager)
        except StudioEndedError as error:
            self.log.critical("%s", error)
            for ready in (self.pool_initialized, self.managed_pool_initialized):
                if not ready.done():
                    ready.set_exception(error)

    async def acquire(self) -> tuple[Any, str]:
        """Return the client and the id of a living kernel; starting a new one takes seconds."""
        client, kernel_id = await super().acquire()
        if await self.is_alive(kernel_id):
            return client, kernel_id
        try:
            return await self._replace(kernel_id)
        except Exception:
            self.release(kernel_id)  # or the next request would wait for ever
            raise

    async def is_alive(self, kernel_id: str) -> bool:
        """Return whether the kernel's process is running."""
        manager = self.kernel_manager
        return kernel_id in manager and bool(await manager.is_alive(kernel_id))

    async def _replace(self, kernel_id: str) -> tuple[Any, str]:
        manager = self.kernel_manager
        self.kernel_clients.pop(kernel_id, None)
        if kernel_id in manager:
            await manager.shutdown_kernel(kernel_id, now=True)
        starting = manager.start_kernel(kernel_name=manager.seed_kernelspec)
        fresh: str = await self._unless_one_dies(starting, manager)
        self.kernel_clients[fresh] = manager.get_kernel(fresh).client()
        manager.connect_iopub(fresh).on_recv(self.create_on_reply(fresh))
        return self.kernel_clients[fresh], fresh

    async def _unless_one_dies(self, starting: Awaitable[Any], manager: Any) -> Any:
        """Wait for kernels to start, and raise if one dies; the gateway would wait forever."""
        before = set(manager.list_kernel_ids())
        work = asyncio.ensure_future(starting)
        while not (await asyncio.wait([work], timeout=_LOOK))[0]:
            for kernel_id in set(manager.list_kernel_ids()) - before:
                if not await self.is_alive(kernel_id):
                    work.cancel()
                    message = "the studio's process ended while it started"
                    raise StudioEndedError(message)
        return work.result()


class ApiHandler(NotebookAPIHandler):
    """A request handler that also answers when the kernel cannot."""

    async def prepare(self) -> None:
        """Refuse a body or an address that is not text, before it reaches a kernel."""
        ready = super().prepare()
        if ready is not None:
            await ready
        packed = self.request.headers.get("Content-Encoding", "identity")
        if packed != "identity":
            self._answer(
                failure(
                    415,
                    "RequestError",
                    f"a body compressed with {packed} is not supported; send it uncompressed",
                )
            )
            raise tornado.web.Finish
        try:
            parse_body(self.request)
            parse_args(self.request.query_arguments)
        except UnicodeDecodeError:
            self._answer(failure(400, "RequestError", "the request is not text in UTF-8"))
            raise tornado.web.Finish from None

    def write_error(self, status_code: int, **how: Any) -> None:
        """Answer with a refusal's own message; for any other error, without details."""
        error = how.get("exc_info", (None, None))[1]
        kind, message = type(error).__name__, "the server failed; see its console for details"
        if isinstance(error, tornado.web.HTTPError):
            kind, message = "RequestError", error.log_message or error.reason or "refused"
        self._answer(failure(status_code, kind, message))
        self.finish()

    def execute_code(self, kernel_client: Any, kernel_id: str, source_code: str) -> Any:
        """Run a cell and return its output; answer 500 if it fails, 503 if its kernel dies."""
        running = super().execute_code(kernel_client, kernel_id, source_code)
        return asyncio.ensure_future(self._watched(running, kernel_id))

    async def _watched(self, running: Any, kernel_id: str) -> str:
        while not (await asyncio.wait([running], timeout=_LOOK))[0]:
            if not await self.kernel_pool.is_alive(kernel_id):
                message = (
                    "the studio's process ended during this request, most likely for lack of "
                    "memory; the next request starts a new one: ask for a smaller picture"
                )
                self._answer(failure(503, StudioEndedError.__name__, message))
                raise tornado.web.Finish
        try:
            return str(running.result())
        except CodeExecutionError as error:
            app_log.exception("a request failed in its kernel")
            kind = str(error).removeprefix("Error ").partition(":")[0]
            message = f"the studio failed with {kind}; see the server's console for details"
            self._answer(failure(500, kind, message))
            raise tornado.web.Finish from error

    def _answer(self, answer: Answer) -> None:
        self.set_status(answer.status)
        self.set_header("Content-Type", "application/json")
        self.write(answer.text)


class ApiPersonality(NotebookHTTPPersonality):
    """The notebook's endpoints, served by `ApiHandler` from a `MendingPool`."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.kernel_pool = MendingPool()

    def create_request_handlers(self) -> list[Any]:
        """Return the gateway's handlers, with `ApiHandler` for the notebook's endpoints."""
        return [
            (path, ApiHandler if handler is NotebookAPIHandler else handler, *rest)
            for path, handler, *rest in super().create_request_handlers()
        ]


def create_personality(**how: Any) -> ApiPersonality:
    """Return the personality for Kernel Gateway, which looks for a function of this name."""
    return ApiPersonality(**how)
