"""HTTP requests to a source: each forbidden offline, with limits, and redirects followed with care.

A token goes to the host that it is for and to no other, however often a redirect comes back to it.
Redirects lead to http and https only, never from https to http. No cookie is kept.
"""

import logging
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import httpx

from medialab.errors import RemoteError, first_line, shown
from medialab.process.versions import program_version
from medialab.remote.interrupt import Interrupt
from medialab.remote.offline import check_online
from medialab.remote.source import DownloadRequest
from medialab.remote.tokens import Token

MOST_REDIRECTS = 8
# Seconds without an answer, or without a byte of it.
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SCHEMES = frozenset({"http", "https"})


class UnreachableError(RemoteError):
    """There is no connection, or it broke: the same request may succeed in a moment."""


@contextmanager
def asked(
    title: str,
    request: DownloadRequest,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    offline: tuple[str, ...] = (),
    interrupt: Interrupt | None = None,
) -> Iterator[httpx.Response]:
    """Send a request, follow redirects, and yield the answer, whose body is not read yet.

    Args:
        title: The source's name in messages.
        request: The address, the token and headers for its host.
        method: The HTTP method; a redirect of another than GET is refused.
        headers: Headers for whatever host answers, such as Range.
        content: The body.
        offline: Environment variables, besides MEDIALAB_OFFLINE, that forbid it.
        interrupt: Ends the request from another thread.

    Raises:
        OfflineError: the network is forbidden; nothing was sent.
        UnreachableError: there is no connection, or it broke, also while the body is read.
        RemoteError: the source redirects where nothing may be followed.
    """
    check_online(title, *offline)
    url = _address(title, request.url)
    own, is_own, visited = _origin(url), True, {str(url)}
    extensions = {} if interrupt is None else {"trace": interrupt.trace}
    with _told(title, url), _client() as client, _quietly():
        while True:
            sent = {**(headers or {}), **(_own_headers(request) if is_own else {})}
            built = client.build_request(
                method, url, headers=sent, content=content, extensions=extensions
            )
            answer = client.send(built, stream=True)
            try:
                if answer.status_code not in _REDIRECTS:
                    yield answer
                    return
                url = _followed(title, method, url, answer.headers.get("location", ""))
                is_own = is_own and _origin(url) == own
                if str(url) in visited or len(visited) > MOST_REDIRECTS:
                    message = f"{title} redirects in a circle (at {url.host}); try again later"
                    raise RemoteError(message)
                visited.add(str(url))
            finally:
                answer.close()


def is_elsewhere(request: DownloadRequest, answer: httpx.Response) -> bool:
    """Return whether another host answered than the one that was asked."""
    return _origin(answer.url) != _origin(httpx.URL(request.url))


def said(text: object, token: Token | None = None) -> str:
    """Return a source's words for a message: one short line of plain text, without the token.

    Args:
        text: What the source said; anything else than text gives "".
        token: The token that was sent, which an answer may repeat.
    """
    if not isinstance(text, str):
        return ""
    if token is not None:
        text = text.replace(token.reveal(), "…")
    line = one_line(text)
    return line if len(line) <= _MOST_SAID else f"{line[: _MOST_SAID - 1]}…"


def one_line(text: str) -> str:
    """Return a text with blanks for what cannot be printed, and one blank for several."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


_MOST_SAID = 200  # characters


def _own_headers(request: DownloadRequest) -> dict[str, str]:
    """Return the headers that are for the request's own host alone."""
    headers = dict(request.headers)
    if request.token is not None:
        headers["Authorization"] = request.token.header()
    return headers


def _address(title: str, text: str) -> httpx.URL:
    """Read an address that was made here or listed by a source.

    Raises:
        RemoteError: it is not an address of a web server.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise RemoteError(f"{title} names an address that is none: {shown(text)}") from error
    return _checked(title, url)


def _checked(title: str, url: httpx.URL) -> httpx.URL:
    if url.scheme not in _SCHEMES or not url.host:
        message = f"{title} leads to an address that is not of a web server ({url.scheme}:)"
        raise RemoteError(message)
    if url.userinfo:
        raise RemoteError(f"{title} leads to an address with a password in it ({url.host})")
    return url


def _followed(title: str, method: str, url: httpx.URL, location: str) -> httpx.URL:
    """Return where a redirect leads.

    Raises:
        RemoteError: it leads nowhere, or where it must not.
    """
    if method != "GET" or not location:
        raise RemoteError(f"{title} redirects where it should answer; try again later")
    try:
        target = url.join(location)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise RemoteError(f"{title} redirects to an address that is none") from error
    _checked(title, target)
    if url.scheme == "https" and target.scheme == "http":
        message = f"{title} redirects to an address without encryption ({target.host}); refused"
        raise RemoteError(message)
    return target


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


@contextmanager
def _told(title: str, url: httpx.URL) -> Iterator[None]:
    """Turn the library's errors for the block into ones that name the source."""
    try:
        yield
    except httpx.TimeoutException as error:
        message = f"{title} ({url.host}) does not answer; check the connection, then try again"
        raise UnreachableError(message) from error
    except httpx.TransportError as error:
        why = re.sub(r"^\[Errno -?\d+\] ", "", said(first_line(error))).rstrip(".")
        message = f"{title} ({url.host}) cannot be reached: {why}"
        raise UnreachableError(f"{message}. Check the connection, then try again") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        message = f"{title} ({url.host}) gives an answer that cannot be read; try again later"
        raise RemoteError(message) from error


def _client() -> httpx.Client:
    """Return a client for one request; proxies come from the environment, as for every program."""
    return httpx.Client(
        verify=_certificates(),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        headers={"User-Agent": f"media-lab-studio/{program_version()}"},
    )


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _WithoutAddresses(logging.Filter):
    """Leaves out the log messages of this room's requests: signed addresses are secrets too."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = threading.local()

    def filter(self, _record: logging.LogRecord) -> bool:
        """Return whether a message may be logged: not on a thread within `_quietly`."""
        return not getattr(self.threads, "depth", 0)


_FILTER = _WithoutAddresses()
for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_FILTER)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what this thread asks out of the HTTP library's log for the block."""
    threads = _FILTER.threads
    threads.depth = getattr(threads, "depth", 0) + 1
    try:
        yield
    finally:
        threads.depth -= 1
