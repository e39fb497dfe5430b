"""One file from the network into its part, however often the connection breaks.

What is there is continued with a Range request, and only if the server still has the same file
(`If-Range`, or a listed SHA-256 at the end). A server that sends the whole again starts it over.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

import httpx

from medialab.errors import AccessError, DownloadError
from medialab.process.memory import gigabytes
from medialab.remote.download import Download
from medialab.remote.http import UnreachableError, asked
from medialab.remote.listings import RemoteFile
from medialab.remote.meter import Meter
from medialab.remote.names import name_in, safe_name
from medialab.remote.parts import Part
from medialab.remote.patience import Again, Patience
from medialab.remote.refusals import refused
from medialab.remote.verifying import ENOUGH, check_beginning, check_name

_WHOLE, _PARTIAL, _NOT_SATISFIABLE = 200, 206, 416
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)", re.ASCII)
# A listed size may be rounded (to hundredths of a kilobyte); the SHA-256 decides then.
_SIZE_TOLERANCE = 1024  # bytes
LARGEST_UNLISTED = 200 * 10**9  # bytes, where neither listing nor server tells a size
_WEB_PAGE = ("text/html", "application/xhtml")
_TEXTS = (*_WEB_PAGE, "text/", "application/json", "application/xml")


class Received(NamedTuple):
    """A whole file in its part.

    Attributes:
        sha256: Its SHA-256.
        name: The safe name that the server gives it; "" if it gives none.
    """

    sha256: str
    name: str


class Transfer:
    """One file on its way into a part.

    Args:
        file: The file as listed.
        name: Its safe name, for messages.
        part: The part, open.
        meter: Told of every byte.
        download: Whose file it is: it may be cancelled, and is told when there is a wait.
        in_folder: Whether it is a file of a model's folder.
    """

    def __init__(
        self,
        file: RemoteFile,
        name: str,
        part: Part,
        meter: Meter,
        download: Download,
        *,
        in_folder: bool = False,
    ) -> None:
        self._file, self._name, self._part, self._meter = file, name, part, meter
        self._download, self._in_folder = download, in_folder
        self._title = file.source.title
        self._given_name = str(part.facts.get("name") or "")
        self._digest = hashlib.sha256()
        self._total: int | None = None
        self._begins_anew = False

    def run(self) -> Received:
        """Receive the file until it is whole, and check size and SHA-256.

        Raises:
            CancelledError: the download was cancelled; the part stays.
            RemoteError: the source refuses, or the connection keeps breaking; the part stays where
                it can be continued, and is deleted where it cannot.
            OSError: the part cannot be written, as on a full disk; it stays.
        """
        patience = Patience(self._part.size)
        self._recall()
        while True:
            self._download.check()
            try:
                self._ask()
                return self._received()
            except UnreachableError as error:
                self._download.check()  # which cuts the connection
                wait = patience.after_cut(self._part.size, error)
            except Again as again:
                wait = patience.after(again)
            self._meter.rest()
            if wait:
                self._download.pause(wait, f"{self._title} is asked again")

    def _recall(self) -> None:
        """Take up what is there, if it can be told to belong to the same file; else begin anew."""
        if not self._can_go_on():
            self._part.begin({})
        for piece in self._part.pieces():
            self._download.check()
            self._digest.update(piece)
        self._meter.begin(self._part.size, self._file.size_bytes)

    def _can_go_on(self) -> bool:
        """Return whether a rest that comes can be told to be of the same file as what is there."""
        return bool(self._file.sha256 or self._part.facts.get("etag"))

    def _begin(self, facts: Mapping[str, Any]) -> None:
        self._part.begin(facts)
        self._digest = hashlib.sha256()

    def _ask(self) -> None:
        """Send one request and take what it brings.

        Raises:
            Again: it is to be sent again.
            UnreachableError: the connection broke; what came is in the part.
        """
        request = self._file.source.request(self._file)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        begin = 0 if self._begins_anew or not self._can_go_on() else self._part.size
        if begin:
            headers["Range"] = f"bytes={begin}-"
            if etag := self._part.facts.get("etag"):
                headers["If-Range"] = str(etag)
        with asked(
            self._title, request, headers=headers, interrupt=self._download.interrupt
        ) as answer:
            if answer.status_code == _NOT_SATISFIABLE and begin:
                self._take_end(answer, begin)
            elif answer.status_code not in {_WHOLE, _PARTIAL}:
                raise refused(self._file, self._name, request, answer)
            else:
                self._check_head(answer)
                self._take(answer, self._begin_of(answer, begin))

    def _begin_of(self, answer: httpx.Response, begin: int) -> int:
        """Return at which byte an answer begins; what is there is not changed yet.

        Raises:
            Again: it is not the rest of this part; the whole is to be asked for.
        """
        etag = _strong(answer.headers.get("etag", ""))
        if answer.status_code == _WHOLE:
            self._total = _length(answer)
            begin = 0
        else:
            match = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            known = self._part.facts.get("etag")
            # Without a listed hash, only the server's word says that it still is the same file.
            # With one, the hash tells in the end, and the server contradicts by another ETag alone.
            is_same = etag == known or bool(self._file.sha256 and not (etag and known))
            if match is None or int(match[1]) != begin or not is_same:
                self._begins_anew = True
                message = f"{self._title} answers with another part than was asked for"
                raise Again(DownloadError(f"{self._name}: {message}"))
            self._total = None if match[3] == "*" else int(match[3])
        self._check_size()
        free = shutil.disk_usage(self._part.path.parent).free + self._part.size
        needed = self._total or 0
        if needed > free:
            message = (
                f"{self._name} needs {gigabytes(needed)} and the disk has {gigabytes(free)} for "
                "it; free some, then download it again"
            )
            raise DownloadError(message)
        return begin

    def _take_end(self, answer: httpx.Response, begin: int) -> None:
        """Accept "there is no more" if the part is as long as the whole; else begin anew."""
        whole = answer.headers.get("content-range", "").removeprefix("bytes */")
        self._total = int(whole) if whole.isascii() and whole.isdigit() else None
        if self._total != begin:
            self._begins_anew = True
            raise Again(DownloadError(f"{self._name}: the part is longer than the file"))

    def _take(self, answer: httpx.Response, begin: int) -> None:
        """Append an answer's body to the part; one of the whole file replaces what is there.

        The first bytes are looked at before: a page in place of the file costs nothing.
        """
        limit = self._total or _most(self._file)
        chunks = answer.iter_raw()
        if begin == 0:
            first = b""
            while len(first) < ENOUGH and (chunk := next(chunks, b"")):
                first += chunk
            check_beginning(self._name, first[:ENOUGH])
            etag = _strong(answer.headers.get("etag", ""))
            self._begin({"etag": etag, "name": self._given_name})
            self._begins_anew = False
            chunks = chain([first], chunks)
        self._meter.begin(begin, self._total or self._file.size_bytes)
        for chunk in chunks:
            self._download.check()
            if self._part.size + len(chunk) > limit:
                self._part.discard()
                message = f"{self._title} sends more than the {limit} bytes that it announced"
                raise DownloadError(f"{self._name}: {message}; nothing is kept")
            self._put(chunk)
        least = (self._file.size_bytes or 0) - _tolerance(self._file)
        if self._part.size < (least if self._total is None else self._total):
            raise UnreachableError(f"{self._title} ended {self._name} before its end")

    def _put(self, chunk: bytes) -> None:
        self._part.write(chunk)
        self._digest.update(chunk)
        self._meter.add(len(chunk))

    def _check_head(self, answer: httpx.Response) -> None:
        """Check the headers of an answer, before the first byte of its body is read."""
        headers = answer.headers
        kind = headers.get("content-type", "").lower()
        if kind.startswith(_WEB_PAGE if self._in_folder else _TEXTS):
            message = f"{self._name}: {self._title} answers with a web page in place of the file"
            more = self._file.source.sign_in
            raise AccessError(f"{message}, as it does when it wants one to sign in. {more}".strip())
        if headers.get("content-encoding", "identity").lower() != "identity":
            message = f"{self._name}: {self._title} sends it packed, which was not asked for"
            raise DownloadError(f"{message}; nothing is kept")
        if not self._in_folder and (given := name_in(headers.get("content-disposition", ""))):
            self._given_name = safe_name(given)
            check_name(self._given_name)

    def _check_size(self) -> None:
        listed, sent = self._file.size_bytes, self._total
        if listed is None or sent is None:
            return
        if abs(listed - sent) > _tolerance(self._file):
            message = f"{self._title} lists {listed} bytes and sends {sent}: it is another file"
            raise DownloadError(f"{self._name}: {message}; nothing of it is kept")

    def _received(self) -> Received:
        """Return the result, if the file is the one that is listed.

        Raises:
            Again: what was there before was not of this file.
            DownloadError: it is another file; the part is deleted.
        """
        sha256 = self._digest.hexdigest()
        listed = self._file.sha256
        if listed and sha256 != listed:
            self._begin({})
            message = (
                f"{self._name} came with another content than listed (sha256 {sha256[:10]}…, "
                f"listed {listed[:10]}…); nothing is kept. Try again later, or get it elsewhere"
            )
            raise Again(DownloadError(message), kind="wrong")
        self._part.settle()
        return Received(sha256, self._given_name)


def _most(file: RemoteFile) -> int:
    return LARGEST_UNLISTED if file.size_bytes is None else file.size_bytes + _tolerance(file)


def _tolerance(file: RemoteFile) -> int:
    """Return by how many bytes a file may differ from its listed size."""
    return _SIZE_TOLERANCE if file.sha256 else 0


def _length(answer: httpx.Response) -> int | None:
    text = answer.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _strong(etag: str) -> str:
    """Return an ETag that stands for equal bytes; "" for a weak one."""
    return etag if len(etag) < 200 and re.fullmatch(r'"[\x21\x23-\x7e]*"', etag) else ""
