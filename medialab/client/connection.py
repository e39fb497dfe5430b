"""The connection to a server: its address, its token, and named errors for all that can fail."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx

from medialab import errors
from medialab.errors import (
    ConfigError,
    MediaLabError,
    ServerError,
    ServerUnreachableError,
    TokenError,
    shown,
)

CONNECT_SECONDS = 5.0  # until a server counts as unreachable
# Until an answer counts as missing: a server that was just started loads torch first.
ANSWER_SECONDS = 300.0
# A server tells every 15 s that a job's events go on.
_SILENCE = httpx.Timeout(60.0, connect=CONNECT_SECONDS)
_HEALTH = "health"
_TOKEN_STATUS = frozenset({401, 403})
# The server closed a connection that it had kept open: nothing was answered.
_CUT_OFF = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


class Connection:
    """An address and a token that requests are sent with.

    Args:
        address: Such as "http://127.0.0.1:8000", or "https://host/hub/user/ada/medialab".
        token: The server's.

    Raises:
        ConfigError: the address is not one.
        TokenError: there is no token, or it has characters that no token has.
    """

    def __init__(self, address: str, token: str) -> None:
        self.address, own = _read_address(address)
        self._client = httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"token {_checked(token or own)}"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def __repr__(self) -> str:
        return f"Connection({self.address!r})"

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET.

        Raises:
            MediaLabError: it was refused, or is not answered.
        """
        return self._json(self._request("GET", path, params=_given(query)))

    def content(self, path: str, **query: Any) -> bytes:
        """Return the file that a GET gives; errors as `get`."""
        return self._request("GET", path, params=_given(query)).content

    def post(self, path: str, body: Mapping[str, Any], key: str = "") -> Any:
        """Return the JSON of a POST; errors as `get`.

        Args:
            path: After the address.
            body: Sent as JSON.
            key: A name of its own for this request, by which the server knows it when it is sent
                twice. One without is not sent again if the connection was cut off.
        """
        headers = {"Idempotency-Key": key} if key else {}
        return self._json(self._request("POST", path, json=body, headers=headers))

    def send(self, path: str, content: bytes) -> Any:
        """Return the JSON of a POST of a file; errors as `get`."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._json(self._request("POST", path, content=content, headers=headers))

    def delete(self, path: str, **query: Any) -> Any:
        """Return the JSON of a DELETE; errors as `get`."""
        return self._json(self._request("DELETE", path, params=_given(query)))

    @contextmanager
    def lines(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Give the lines of an answer as they come; errors as `get`.

        Args:
            path: After the address.
            headers: Of the request.
        """
        try:
            with self._client.stream("GET", path, headers=headers, timeout=_SILENCE) as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._refuse(answer)
                yield answer.iter_lines()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        is_safe = method != "POST" or "Idempotency-Key" in request.get("headers", {})
        try:
            try:
                answer = self._client.request(method, path, **request)
            except _CUT_OFF:
                if not is_safe:
                    raise
                answer = self._client.request(method, path, **request)
        except httpx.TransportError as error:
            if isinstance(error, _CUT_OFF) and path != _HEALTH:
                # A server that does not know the token hangs up on what is sent along with it.
                self.get(_HEALTH)
            raise self._unreachable(error) from error
        if not answer.is_success:
            self._refuse(answer)
        return answer

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self._no_studio(answer) from error

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachableError:
        if isinstance(error, httpx.ConnectTimeout):
            why = f"did not answer within {CONNECT_SECONDS:.0f} s"
        elif isinstance(error, httpx.ConnectError):
            why = f"cannot be reached ({error})"
        elif isinstance(error, httpx.TimeoutException):
            why = f"took the request, but did not answer within {ANSWER_SECONDS:.0f} s"
        else:
            why = f"broke the connection off ({error})"
        return ServerUnreachableError(
            f"{self.address} {why}; is the server running there (`make api`), is the port right, "
            "and can this machine reach it?"
        )

    def _refuse(self, answer: httpx.Response) -> NoReturn:
        """Raise the error that an answer tells of.

        Raises:
            TokenError: the token is not the server's.
            MediaLabError: the server's own error by its name, or a `ServerError`.
        """
        try:
            told = answer.json()["error"]
            error = error_of(told)
        except (ValueError, TypeError, LookupError, AttributeError) as cause:
            if answer.status_code in _TOKEN_STATUS:
                raise self._wrong_token() from cause
            raise self._no_studio(answer) from cause
        if answer.status_code == 401:
            raise self._wrong_token()
        raise error

    def _wrong_token(self) -> TokenError:
        return TokenError(
            f"{self.address} does not know this token; give the one that its server printed when "
            "it was started, as Studio(address, token) or in MEDIALAB_TOKEN"
        )

    def _no_studio(self, answer: httpx.Response) -> ServerError:
        kind = answer.headers.get("Content-Type", "no content type").partition(";")[0]
        return ServerError(
            f"what answers at {self.address} is not the studio's API (status "
            f"{answer.status_code}, {kind}); inside a JupyterLab its address ends with /medialab"
        )


def error_of(told: Mapping[str, Any]) -> MediaLabError:
    """Return the error that a server tells of, by its own name if there is one of that name here.

    Its `setting` is the first field at fault, its `choices` are that field's.

    Args:
        told: `kind`, `message` and `faults`, as all answers of the server have them.
    """
    kind = getattr(errors, str(told.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, MediaLabError)):
        kind = ServerError
    message = str(told.get("message", "the server refused the request"))
    faults = [one for one in told.get("faults") or () if isinstance(one, Mapping)]
    if not faults:
        return kind(message)
    choices = [str(one) for one in faults[0].get("choices") or ()]
    if choices and not all(one in message for one in choices[:1]):
        message = f"{message}; known: {', '.join(choices[: errors.MOST_LISTED])}"
    return kind(message).about(str(faults[0].get("field", "")), choices)


def event_data(text: str) -> Mapping[str, Any]:
    """Return what an event tells; empty if it is damaged."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _read_address(address: str) -> tuple[str, str]:
    """Return an address without its query, and the token in it, as Jupyter prints one.

    Raises:
        ConfigError: it is not an address of HTTP.
    """
    try:
        url = httpx.URL(str(address).strip())
    except httpx.InvalidURL as error:
        raise _no_address(address) from error
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise _no_address(address)
    token = url.params.get("token", "")
    return str(url.copy_with(query=None, fragment=None)).rstrip("/"), token


def _no_address(address: str) -> ConfigError:
    plain = str(address).partition("?")[0].rpartition("@")[2]  # no token and no password
    message = (
        f"{shown(plain)} is not a server's address; give one such as 'http://127.0.0.1:8000', "
        "with http:// or https:// before it and the token as a second argument"
    )
    return ConfigError(message).about("address")


def _checked(token: str) -> str:
    """Return a token that a header can hold.

    Raises:
        TokenError: it cannot, or there is none.
    """
    token = token.strip()
    if not token:
        message = (
            "there is no token for the server; give the one that it printed when it was started, "
            "as Studio(address, token) or in MEDIALAB_TOKEN"
        )
        raise TokenError(message)
    if not (token.isascii() and token.isprintable()):
        message = "the token has characters that no token has; copy it once more"
        raise TokenError(message)
    return token


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a query that have a value."""
    return {name: value for name, value in query.items() if value is not None and value != ""}
