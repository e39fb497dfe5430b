"""The queue of downloads: two at a time, the others wait their turn."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self, overload

from medialab.errors import (
    CancelledError,
    ConfigError,
    MediaLabError,
    ModelRefusedError,
    RemoteNotFoundError,
    listed,
    shown,
)
from medialab.files.hashes import HashCache
from medialab.listing.info import FOLDER_OF_KIND
from medialab.loading.registry import ModelRegistry
from medialab.remote.download import Download
from medialab.remote.fetching import Fetching, name_of
from medialab.remote.folders import files_of, folder_name
from medialab.remote.listings import RemoteFile, RemoteModel, RemoteVersion
from medialab.remote.offline import check_online
from medialab.remote.packages.pins import BUNDLES, Bundle
from medialab.remote.sources import SOURCES
from medialab.remote.unfinished import Unfinished, find_unfinished

AT_ONCE = 2
Downloadable = RemoteVersion | RemoteFile | RemoteModel | Unfinished | Bundle | str
Listener = Callable[[Download], object]


class Downloads(Sequence[Download]):
    """All downloads of a workbench, in the order in which they were asked for.

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
        self._models = models
        self._fetching = Fetching(models, hashes, others)
        self._lock = threading.Lock()
        self._all: list[Download] = []
        self._listeners: list[Listener] = []
        self._workers: ThreadPoolExecutor | None = None
        self._is_closed = False

    @classmethod
    def into(cls, registry: ModelRegistry) -> Self:
        """Return the downloads into the folder of a registry, which knows what is there already."""
        return cls(registry.folder, registry.hashes, registry.files)

    @overload
    def __getitem__(self, place: int) -> Download: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Download]: ...
    def __getitem__(self, place: int | slice) -> Download | Sequence[Download]:
        with self._lock:
            return self._all[place]

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return "\n".join(map(repr, list(self))) or "no downloads"

    def start(self, what: Downloadable, *, kind: str = "", preview: bool = False) -> Download:
        """Queue a download, and return it at once.

        One that is queued or running for the same file is returned as it is.

        Args:
            what: A version (its primary file, or its folder), a file, a model (its newest version),
                an unfinished one, an address or identifier that a source knows, or "photos": the
                detectors and upscalers for photos, out of packages of the registry.
            kind: The kind of model; by default what the source and the content say.
            preview: Whether to save an example picture beside the model.

        Raises:
            OfflineError: the network is forbidden.
            ModelRefusedError: it is a pickle, or for another reason of no use here.
            RemoteNotFoundError: there is no such version, or no file in it.
            ConfigError: there is no such kind, or no source knows the address.
        """
        if kind and kind not in FOLDER_OF_KIND:
            message = f"no kind of model {shown(kind)}; {listed(kind, FOLDER_OF_KIND)}"
            raise ConfigError(message).about("kind", FOLDER_OF_KIND)
        if isinstance(what, str):
            what = BUNDLES.get(what.strip(), what)
        if isinstance(what, Bundle):
            return self._start_bundle(what, kind)
        if isinstance(what, Unfinished):
            kind, what = kind or what.kind, what.find()
        name, files, version = _chosen(_found(what) if isinstance(what, str) else what)
        check_online(files[0].source.title)
        return self._queue(
            Download(
                name,
                files,
                version,
                kind=kind or files[0].kind,
                preview=preview,
                begin=self._submit,
                changed=self._tell,
            )
        )

    def _start_bundle(self, bundle: Bundle, kind: str) -> Download:
        if kind:
            message = f"kind = {shown(kind)}: {bundle.name} are of several kinds; leave it out"
            raise ConfigError(message).about("kind")
        return self._queue(
            Download(
                bundle.name,
                (),
                None,
                kind="",
                preview=False,
                begin=self._submit,
                changed=self._tell,
                bundle=bundle,
            )
        )

    def _queue(self, download: Download) -> Download:
        """Queue a download, or return the one for the same that has not ended yet."""
        with self._lock:
            if self._is_closed:
                raise MediaLabError("this workbench is closed; make a new one: bench = Workbench()")
            for one in self._all:
                if not one.has_ended and _is_same(one, download):
                    return one
            self._all.append(download)
        self._tell(download)
        self._submit(download)
        return download

    def unfinished(self) -> list[Unfinished]:
        """Return what earlier processes have left unfinished; `start` goes on with each."""
        active = {(_key(file)) for one in list(self) if not one.has_ended for file in one.files}
        releases = {key[:2] for key in active}
        return [
            one
            for one in find_unfinished(self._models)
            if (one.source, one.release, one.file) not in active
            and (one.file or (one.source, one.release) not in releases)
        ]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each download that changes; return a function that ends that.

        It is called from any thread, and must return quickly.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def cancel_all(self) -> None:
        """Cancel all that run or wait; what is there of them is kept."""
        for download in reversed(list(self)):
            if not download.has_ended:
                download.cancel()

    def forget_ended(self) -> None:
        """Take those that have ended off the list."""
        with self._lock:
            self._all = [one for one in self._all if not one.has_ended]

    def close(self) -> None:
        """Cancel all downloads, and wait until their threads have ended."""
        with self._lock:
            self._is_closed = True
        self.cancel_all()
        if self._workers is not None:
            self._workers.shutdown(wait=True)

    def _submit(self, download: Download) -> None:
        with self._lock:
            if self._is_closed:
                raise MediaLabError("this workbench is closed; make a new one: bench = Workbench()")
            if self._workers is None:
                self._workers = ThreadPoolExecutor(AT_ONCE, "medialab-download")
            future = self._workers.submit(self._run, download)
        future.add_done_callback(lambda ended: _settle(download, ended))

    def _run(self, download: Download) -> Path | None:
        """Bring a download; None if it was cancelled before its turn."""
        if not download.start():
            return None
        if download.bundle is not None:
            return self._fetching.bundle(download, download.bundle)
        version = download.version
        if version is not None and version.is_folder:
            return self._fetching.folder(download, version)
        return self._fetching.file(download)

    def _tell(self, download: Download) -> None:
        for listener in list(self._listeners):
            listener(download)


def _found(reference: str) -> RemoteVersion | RemoteFile:
    """Return what an address or identifier means to the first source that knows it."""
    for source in SOURCES.values():
        if (found := source().find(reference)) is not None:
            return found
    titles = " or ".join(source.title for source in SOURCES.values())
    message = (
        f"{shown(reference)} is not an address of {titles}; copy the address of a model's page"
    )
    raise ConfigError(message).about("reference")


def _chosen(
    what: RemoteVersion | RemoteFile | RemoteModel,
) -> tuple[str, tuple[RemoteFile, ...], RemoteVersion | None]:
    """Return the name and the files to bring, and the version if all of it is brought or known.

    Raises:
        ConfigError: it is none of these.
        ModelRefusedError: it is of no use here, as the listing says.
        RemoteNotFoundError: there is nothing to bring.
    """
    if not isinstance(what, RemoteModel | RemoteVersion | RemoteFile):
        message = (
            f"{shown(what)} cannot be downloaded; give a model, a version, a file or an address"
        )
        raise ConfigError(message)
    if isinstance(what, RemoteModel):
        if not what.versions:
            raise RemoteNotFoundError(f"{what.name} has no version that can be downloaded")
        what = what.versions[0]
    if isinstance(what, RemoteVersion):
        if not what.files:  # some sources list them only where one version is asked for
            what = what.source.version(what.key)
        if what.is_folder:
            return folder_name(what), files_of(what), what
        return name_of(_primary(what)), (_primary(what),), what
    if what.refused is not None:
        raise ModelRefusedError(f"{shown(what.name)} is not downloaded: {what.refused}")
    return name_of(what), (what,), None


def _primary(version: RemoteVersion) -> RemoteFile:
    if version.primary is not None:
        return version.primary
    reasons = [one.refused for one in version.files if one.refused]
    about = f"{version.model_name} ({version.name})"
    if reasons:
        raise ModelRefusedError(f"{about} is not downloaded: {reasons[0]}")
    reason = version.restricted or "its source lists no file of it"
    raise RemoteNotFoundError(f"{about} is not downloaded: {reason}")


def _is_same(some: Download, other: Download) -> bool:
    files = [[_key(file) for file in one.files] for one in (some, other)]
    return files[0] == files[1] and some.bundle == other.bundle


def _key(file: RemoteFile) -> tuple[str, str, str]:
    return file.source.name, file.version, file.key


def _settle(download: Download, ended: "Future[Path | None]") -> None:
    """Tell how the work on a download ended, whatever it raised."""
    error = None if ended.cancelled() else ended.exception()
    if isinstance(error, CancelledError):
        download.end("cancelled", error=error)
    elif error is not None:
        download.end("failed", error=error)
    elif not ended.cancelled() and (path := ended.result()) is not None:
        download.end("done", path=path)
