"""Answers of a source as JSON: read with limits, asked for again politely, and never trusted.

Every function that reads a field takes any value and returns the field's type, so that a damaged
or unknown answer gives an empty field or a named error.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from medialab.errors import AccessError, RemoteError, RemoteNotFoundError
from medialab.remote.http import asked, one_line, said
from medialab.remote.source import DownloadRequest
from medialab.remote.tokens import Token

LARGEST_ANSWER = 64 * 2**20  # bytes, unpacked; a page of 100 models has some 10 MB
# Characters of a description and of a name.
LONGEST_TEXT, LONGEST_LINE = 100_000, 1000
TRIES = 4
MOST_WAIT = 60.0  # seconds for all tries together
FIRST_WAIT = 1.0  # seconds, doubled each time; where a source names none itself
MOST_SECONDS = 120.0  # for one answer, however slowly it arrives
BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Asking:
    """How one source is asked for JSON.

    Attributes:
        title: The source's name in messages.
        token: Its token; None for none.
        sign_in: How to get and give a token, in a sentence.
        offline: Environment variables, besides MEDIALAB_OFFLINE, that forbid it.
        pause: Waits some seconds.
    """

    title: str
    token: Token | None = None
    sign_in: str = ""
    offline: tuple[str, ...] = ()
    pause: Callable[[float], object] = time.sleep

    def json(self, url: str, body: Any = None) -> Any:
        """Return what an address answers, as JSON; with a body it is posted. See `page`."""
        return self.page(url, body)[0]

    def page(self, url: str, body: Any = None) -> tuple[Any, httpx.Headers]:
        """Return what an address answers, as JSON, and its headers; with a body it is posted.

        A busy source is asked again, after the time that it names.

        Raises:
            OfflineError: the network is forbidden.
            RemoteNotFoundError: there is no such thing.
            AccessError: a token is missing or has no right to it.
            RemoteError: the source cannot be reached, stays busy, or does not answer in JSON.
        """
        left = MOST_WAIT
        for tried in range(1, TRIES + 1):
            status, headers, content = self._ask(url, body)
            if status not in BUSY and not (status == 404 and is_passing(headers) and tried == 1):
                break
            wait = seconds_to_wait(headers, FIRST_WAIT * 2 ** (tried - 1)) if status != 404 else 0.0
            if tried == TRIES or wait > left:
                raise busy(self.title, status, wait)
            left -= wait
            self.pause(wait)
        if status >= 400:
            raise self._refused(status, content, url)
        return self._parsed(content, headers), headers

    def _ask(self, url: str, body: Any) -> tuple[int, httpx.Headers, bytes]:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        with asked(
            self.title,
            DownloadRequest(url, self.token),
            method="GET" if content is None else "POST",
            headers=headers,
            content=content,
            offline=self.offline,
        ) as answer:
            return answer.status_code, answer.headers, read_body(self.title, answer)

    def _parsed(self, content: bytes, headers: httpx.Headers) -> Any:
        try:
            return json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            if content.lstrip()[:1] == b"<":
                message = (
                    f"{self.title} answers with a web page instead of data; it may be down for "
                    "maintenance, or the connection asks for a login. Open it in a browser"
                )
            else:
                kind = said(headers.get("content-type", "")) or "unknown"
                message = f"{self.title} gives a broken answer (not JSON; its type is {kind})"
            raise RemoteError(f"{message}, then try again") from error

    def _refused(self, status: int, content: bytes, url: str) -> RemoteError:
        reason = said(reason_in(content), self.token)
        if status == 404:
            place = said(unquote(urlsplit(url).path), self.token)
            why = reason or "not found"
            message = f"{self.title} has nothing under {place} ({why}); it may have been deleted"
            return RemoteNotFoundError(message)
        if status == 401:
            return AccessError(f"{self.title} wants to know who asks. {self.sign_in}")
        if status == 403:
            told = reason or "no reason given"
            return AccessError(f"{self.title} does not allow this: {told}. {self.sign_in}")
        return RemoteError(f"{self.title} refuses this: {reason or f'status {status}'}")


def read_body(title: str, answer: httpx.Response, most: int = LARGEST_ANSWER) -> bytes:
    """Read an answer's body, unpacked.

    Raises:
        RemoteError: it is larger than `most` bytes, or too slow; the rest is not read.
    """
    parts, size, begun = [], 0, time.monotonic()
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > most:
            message = f"{title} gives an answer of more than {most // 2**20} MB; it is not read"
            raise RemoteError(message)
        if time.monotonic() - begun > MOST_SECONDS:
            message = f"{title} takes more than {MOST_SECONDS:.0f} s for an answer; try again later"
            raise RemoteError(message)
    return b"".join(parts)


def is_passing(headers: httpx.Headers) -> bool:
    """Return whether an answer says of itself that it may be another one in a moment."""
    return "no-store" in headers.get("cache-control", "").lower()


def seconds_to_wait(headers: httpx.Headers, otherwise: float) -> float:
    """Return the seconds that Retry-After asks for, as a number or a date; else `otherwise`."""
    text = headers.get("retry-after", "").strip()
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return otherwise
    return max(wait, 0.0) if math.isfinite(wait) else otherwise


def busy(title: str, status: int, wait: float) -> RemoteError:
    """Return the error for a source that stays busy, with the time that it asks to wait."""
    why = "gets too many requests from here" if status == 429 else f"is busy (status {status})"
    return RemoteError(f"{title} {why}; try again in {in_words(wait)}")


def in_words(seconds: float) -> str:
    """Return a duration as people say it: "40 s", "5 minutes", "2 hours"."""
    if seconds < 120:
        return f"{math.ceil(max(seconds, 1))} s"
    if seconds < 7200:
        return f"{math.ceil(seconds / 60)} minutes"
    return f"{math.ceil(seconds / 3600)} hours"


def reason_in(content: bytes) -> str:
    """Return the reason in an error's body, `{"error": …}` or `{"message": …}`; else ""."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    return text(answer.get("message")) or text(answer.get("error"))


def text(value: Any, most: int = LONGEST_TEXT) -> str:
    """Return a text that can be written, of at most `most` characters; "" for other values."""
    if not isinstance(value, str):
        return ""
    return value[:most].encode("utf-8", "replace").decode()  # a lone surrogate cannot be written


def line(value: Any) -> str:
    """Return a text as one line of printable characters, such as a name."""
    return one_line(text(value, LONGEST_LINE))


def number(value: Any) -> int | None:
    """Return a count or an identifier: a whole number from 0 to 2**53; None for other values."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= 2**53:  # so that a table can hold it
        return None
    return int(value)


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects in a list, without whatever else is in it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def an_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object; {} for other values."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts in a list, as lines, without empty ones."""
    return tuple(filter(None, map(line, value))) if isinstance(value, list) else ()


def when(value: Any) -> datetime | None:
    """Return a moment written as ISO 8601, in UTC; None for other values."""
    try:
        found = datetime.fromisoformat(text(value, 40))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
