"""The one handler of all operations: who asks, what the body may be, how errors are answered."""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.log import app_log

from medialab.api.failures import answer_of
from medialab.api.http.basic import token_for_password
from medialab.api.http.operation import Asked, Content, Operation, Reply, Stream
from medialab.api.messages import Answer, RefusedError, failure, refused
from medialab.errors import MediaLabError

if TYPE_CHECKING:
    from medialab.api.http.app import StudioApi

MOST_BYTES = 64 * 2**20  # of a body
_IN_MEMORY = 2**20  # bytes of a body that is not written to a temporary file
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
# Arguments of a query that are Jupyter Server's.
_OF_JUPYTER = frozenset({"token", "_xsrf", "no_track_activity"})


class TokenHandler(APIHandler):
    """Answers whoever has the token, comes from no foreign page and asks this Host; others not."""

    auth_resource = "medialab"

    async def prepare(self) -> None:
        """Refuse a request before its body is read.

        Raises:
            HTTPError: 401 without a token; 403 from another Host or Origin.
        """
        token_for_password(self.request.headers)
        # Not APIHandler's: it lets every Origin pass that comes with a token, and answers 404.
        await JupyterHandler.prepare(self, _redirect_to_login=False)
        self._refuse_strangers()
        if not self.check_origin():
            raise web.HTTPError(403, "requests from pages of another server are not answered")

    def check_xsrf_cookie(self) -> None:
        """Ask for the token before all else.

        Raises:
            HTTPError: 401 without it; 403 without the cookie that pages of this server have.
        """
        if hasattr(self, "_jupyter_current_user"):  # else tornado asks, before `prepare`
            self._refuse_strangers()
        super().check_xsrf_cookie()

    def skip_check_origin(self) -> bool:
        """Check the Origin of every request, with a token or not."""
        return False

    def write_error(self, status_code: int, **how: Any) -> None:
        """Answer with a refusal's own message; of any other error without details."""
        error = how.get("exc_info", (None, None))[1]
        kind, message = type(error).__name__, "the server failed; its log has the details"
        if isinstance(error, web.HTTPError):
            told = (error.log_message or "").replace("%%", "%")  # tornado doubles them
            kind, message = "RequestError", told or error.reason or "refused"
        if status_code == 401:
            self.set_header("WWW-Authenticate", "token")
        self.answer(failure(status_code, kind, message))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log a defect without the request's query, which may have the token."""
        if isinstance(value, web.HTTPError):
            super().log_exception(typ, value, tb)
        else:
            app_log.error(
                "Uncaught exception %s", self._request_summary(), exc_info=(typ, value, tb)
            )

    def _request_summary(self) -> str:
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def answer(self, answer: Answer) -> None:
        """Write an answer in JSON."""
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.finish(answer.text)

    def _refuse_strangers(self) -> None:
        if self.current_user is None:
            raise web.HTTPError(401, _WHO)


@web.stream_request_body
class OperationHandler(TokenHandler):
    """Answers the operations of one path.

    A request is refused before its body is read: without a token, from another Host or Origin, too
    large, or of a type that is not taken.
    """

    def initialize(self, operations: Mapping[str, Operation], extension: "StudioApi") -> None:
        """Take the path's operations by their method, and the extension that serves them."""
        self._operations, self._extension = operations, extension
        self._hung_up = asyncio.Event()
        self._file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._received = 0
        self._refusal: web.HTTPError | None = None

    async def prepare(self) -> None:
        """Refuse a request that need not be read.

        Raises:
            HTTPError: as `TokenHandler`; 405, 413 or 415 for its method, length or type.
        """
        if self.request.method == "OPTIONS":  # a page asks whether it may ask, without a token
            await JupyterHandler.prepare(self)
            return
        try:
            await super().prepare()
            self._check()
        except web.HTTPError as refusal:
            length = self.request.headers.get("Content-Length", "0")
            is_told = "Transfer-Encoding" not in self.request.headers and length.isdecimal()
            if not is_told or int(length) > _IN_MEMORY:
                raise
            # Answered once its short body is read: a client that still sends would otherwise see
            # a connection that is reset, and not the answer.
            self._refusal = refusal

    def write_error(self, status_code: int, **how: Any) -> None:
        """Answer by why the request was refused at first, if it was."""
        if self._refusal is not None:
            status_code = self._refusal.status_code
            how = {"exc_info": (type(self._refusal), self._refusal, None)}
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._operations))
        super().write_error(status_code, **how)

    def _check(self) -> None:
        """Refuse a method, a length or a type of body that is not taken.

        Raises:
            HTTPError: 405, 413 or 415.
        """
        operation = self._operations.get(self.request.method or "")
        if operation is None:
            allowed = ", ".join(self._operations)
            message = f"{self.request.path} takes {allowed}, not {self.request.method}"
            raise web.HTTPError(405, message)
        with suppress(ValueError):
            if int(self.request.headers.get("Content-Length", "0")) > MOST_BYTES:
                raise web.HTTPError(413, _TOO_LARGE)
        self._check_type(operation)

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body; refuse the whole once it is too large."""
        if self._finished:
            return
        self._received += len(chunk)
        if self._received > MOST_BYTES:
            self.send_error(413, reason=None, exc_info=(None, web.HTTPError(413, _TOO_LARGE), None))
            return
        self._file.write(chunk)

    @web.authenticated
    @authorized
    async def get(self, **parts: str) -> None:
        """Answer a GET."""
        await self._answer(parts)

    @web.authenticated
    @authorized
    async def post(self, **parts: str) -> None:
        """Answer a POST."""
        await self._answer(parts)

    @web.authenticated
    @authorized
    async def delete(self, **parts: str) -> None:
        """Answer a DELETE."""
        await self._answer(parts)

    def on_connection_close(self) -> None:
        """Take note that the client is gone."""
        self._hung_up.set()
        super().on_connection_close()

    def on_finish(self) -> None:
        """Remove the body's temporary file."""
        self._file.close()
        super().on_finish()

    async def _answer(self, parts: Mapping[str, str]) -> None:
        if self._finished:  # its body was too large
            return
        if self._refusal is not None:
            raise self._refusal
        operation = self._operations[self.request.method or ""]
        service = self._extension.service
        try:
            asked = Asked(
                service=service,
                owner=self._owner(),
                parts=parts,
                arguments=self._arguments(),
                headers={name.lower(): one for name, one in self.request.headers.items()},
                file=cast("Any", self._file),
                hung_up=self._hung_up,
                threads=self._extension.threads,
            )
            self._file.seek(0)
            await self._reply(await operation.does(asked))
        except RefusedError as error:
            self.answer(error.answer)
        except MediaLabError as error:
            self.answer(answer_of(error, service.without_folders))

    def _arguments(self) -> dict[str, str]:
        """Return the query, the last value of each name.

        Raises:
            RefusedError: it is not text in UTF-8 (400).
        """
        try:
            return {
                name: values[-1].decode()
                for name, values in self.request.query_arguments.items()
                if name not in _OF_JUPYTER
            }
        except UnicodeDecodeError as error:
            raise refused(400, "the query is not text in UTF-8") from error

    def _owner(self) -> str:
        """Return the client: by its token, of which a hash alone is kept, or by its user's name."""
        provider = self.identity_provider
        if self.token_authenticated and (token := provider.get_token(self)):
            return hashlib.sha256(token.encode()).hexdigest()[:16]
        return str(self.current_user.username)

    def _check_type(self, operation: Operation) -> None:
        """Refuse a body of a type that the operation does not take.

        Raises:
            HTTPError: 415.
        """
        if self.request.method not in _WITH_BODY:
            return
        packed = self.request.headers.get("Content-Encoding", "identity")
        if packed != "identity":
            message = f"a body compressed with {packed} is not supported; send it uncompressed"
            raise web.HTTPError(415, message)
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        taken = ("application/json", *operation.uploads)
        if kind and kind not in taken:
            message = f"Content-Type {kind} is not supported; send {' or '.join(taken)}"
            raise web.HTTPError(415, message)

    async def _reply(self, reply: Reply) -> None:
        if isinstance(reply, Answer):
            self.answer(reply)
            return
        for name, value in reply.headers.items():
            self.set_header(name, value)
        if isinstance(reply, Content):
            self.set_status(reply.status)
            self.finish(reply.content, set_content_type=reply.media_type)
            return
        await self._stream(reply)

    async def _stream(self, reply: Stream) -> None:
        """Send the parts as they come; wait for a client that reads slowly."""
        self.set_header("Content-Type", reply.media_type)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        with suppress(StreamClosedError):
            await self.flush()
            async for part in reply.parts:
                if self._hung_up.is_set():
                    break
                self.write(part)
                await self.flush()
            self.finish(set_content_type=reply.media_type)


_WHO = "send the server's token as the header 'Authorization: token …'"
_TOO_LARGE = f"the body is over {MOST_BYTES // 2**20} MiB; send less, or a JPEG"


class DocumentHandler(TokenHandler):
    """Answers GET /openapi.json."""

    def initialize(self, described: Mapping[str, Any]) -> None:
        """Take the description of the API."""
        self._described = described

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Return the description."""
        self.answer(Answer(200, self._described))


class UnknownPath(TokenHandler):
    """Answers every path that is not in the table."""

    def initialize(self, known: str) -> None:
        """Take the list of the paths that there are."""
        self._known = known

    async def prepare(self) -> None:
        """Refuse the request.

        Raises:
            HTTPError: 404, or as `TokenHandler`.
        """
        await super().prepare()
        message = f"there is no {self.request.path}; known: {self._known}"
        raise web.HTTPError(404, message)
