"""What a download does: bring the files, check them, give them their names, write the notes."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from medialab.errors import DownloadError, MediaLabError
from medialab.files.hashes import HashCache
from medialab.listing.info import FOLDER_OF_KIND, SINGLE_FILE
from medialab.listing.note_files import beside
from medialab.listing.previews import ENDINGS, write_preview
from medialab.remote.answers import read_body
from medialab.remote.download import Download
from medialab.remote.folders import fetch_folder
from medialab.remote.http import asked
from medialab.remote.listings import RemoteFile, RemoteVersion
from medialab.remote.names import safe_name, suffix_of
from medialab.remote.packages.bringing import bring
from medialab.remote.packages.pins import Bundle
from medialab.remote.parts import Part, forget_part, part_of
from medialab.remote.placing import disk_told, files_below, folder_of, put, same_as
from medialab.remote.source import DownloadRequest
from medialab.remote.transfer import Received, Transfer
from medialab.remote.verifying import check_name, check_whole

LARGEST_PICTURE = 32 * 2**20  # bytes


class Fetching:
    """Downloads into one models folder.

    Args:
        models: The models folder.
        hashes: The hashes of files that are known.
        others: Returns files of other folders: one with the same content is not fetched again.
    """

    def __init__(
        self,
        models: Path,
        hashes: HashCache,
        others: Callable[[], Iterable[Path]] = tuple,
    ) -> None:
        self._models, self._hashes, self._others = models, hashes, others

    def file(self, download: Download) -> Path:
        """Bring one file, and return the path of the model.

        Raises:
            MediaLabError: it cannot be; the message says why, and what is kept.
        """
        (file,) = download.files
        name = name_of(file)
        folder = folder_of(self._models, download.kind)
        if path := self._there(download, file, folder):
            download.tell(_was_there(path, folder))
            forget_part(folder, name, file)
            return path
        with (
            disk_told(name, folder.name),
            part_of(folder, name, file) as part,
            download.discarding(part.discard),
        ):
            received = Transfer(file, name, part, download.meter, download).run()
            path = self._placed(download, part, received)
        if path.is_relative_to(self._models.resolve()):  # nothing is written beside others' models
            self._note(download, file, path)
        return path

    def folder(self, download: Download, version: RemoteVersion) -> Path:
        """Bring a version that is a folder, and return the folder's path.

        Raises:
            MediaLabError: it cannot be; the message says why, and what came is kept.
        """
        folder = folder_of(self._models, download.kind or "checkpoint")
        with disk_told(download.name, folder.name):
            path = fetch_folder(download, version, folder, self._hashes)
        self._note(download, download.files[0], path)
        return path

    def bundle(self, download: Download, bundle: Bundle) -> Path:
        """Bring models that lie in packages of the registry, and return the models folder.

        Raises:
            MediaLabError: they cannot be; the message says why, and what came is kept.
        """
        return bring(download, bundle, self._models, self._hashes)

    def _there(self, download: Download, file: RemoteFile, folder: Path) -> Path | None:
        """Return a file that is here and has the listed content; None if there is none."""
        if file.sha256 is None or file.size_bytes is None:
            return None
        return self._same(download, folder, file.size_bytes, file.sha256)

    def _same(self, download: Download, folder: Path, size: int, sha256: str) -> Path | None:
        every = chain(files_below(folder), self._others())
        return same_as(every, size, sha256, self._hashes, lambda _: download.check())

    def _placed(self, download: Download, part: Part, received: Received) -> Path:
        """Check a whole file, and give it its name in the folder of what it is."""
        download.tell("is checked")
        name = received.name or download.name
        try:
            found = check_whole(part.path, name)
        except MediaLabError:
            part.discard()
            raise
        kind = self._kind(download, found, name)
        folder = folder_of(self._models, kind)
        if path := self._same(download, folder, part.size, received.sha256):
            part.discard()
            download.tell(_was_there(path, folder))
            return path
        path = part.place(lambda whole: put(whole, folder, name))
        with suppress(OSError):  # it is only not known then, and computed when it is needed
            self._hashes.keep(path, received.sha256)
        words = download.told
        if path.name != name:
            words = f"another file has the name {name}, so it is called {path.name}"
        download.tell("" if words == "is checked" else words)
        return path

    @staticmethod
    def _kind(download: Download, found: str, name: str) -> str:
        """Return the kind of a file: what its content says, else what is listed."""
        listed = download.kind
        if found and listed and found != listed:
            download.tell(f"it is listed as {listed}, and its content is that of a {found}")
        if not (found or listed):
            kinds = ", ".join(FOLDER_OF_KIND)
            message = (
                f"{name} does not tell what kind of model it is, and neither does its source; "
                f"say it: kind=… with one of {kinds}. What came is kept"
            )
            raise DownloadError(message).about("kind", FOLDER_OF_KIND)
        return found or listed

    @staticmethod
    def _note(download: Download, file: RemoteFile, path: Path) -> None:
        """Write the source's notes beside a model; trouble with them is told, not raised."""
        try:
            version = download.version or file.source.version(file.version)
            file.source.note(path, version)
            if download.preview and not _has_preview(path):
                _write_preview(path, version)
        except (MediaLabError, OSError) as error:
            download.tell(f"it is there, but notes about it could not be written: {error}")


def name_of(file: RemoteFile) -> str:
    """Return the safe name of a file; one without an extension gets that of its format.

    Raises:
        ModelRefusedError: it is a pickle, or no model's file.
    """
    name = safe_name(file.name)
    if not suffix_of(name) and file.format == SINGLE_FILE[1:]:
        name += SINGLE_FILE
    check_name(name)
    return name


def _has_preview(path: Path) -> bool:
    """Return whether a model has a preview already, which a person may have chosen."""
    return any(beside(path, ending).exists() for ending in ENDINGS)


def _was_there(path: Path, folder: Path) -> str:
    where = "" if path.is_relative_to(folder) else f" in {path.parent}"
    return f"{path.name} was there already{where}, with the same content"


def _write_preview(path: Path, version: RemoteVersion) -> None:
    """Save the first picture that is for everyone as the model's preview."""
    pictures = [one for one in version.pictures if not one.is_video]
    chosen = next((one for one in pictures if not one.is_mature), None)
    if chosen is not None:
        title = version.source.title
        with asked(title, DownloadRequest(chosen.url)) as answer:
            write_preview(path, read_body(title, answer, LARGEST_PICTURE))
