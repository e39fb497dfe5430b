"""A model that is a folder of files (a diffusers folder): all of them, or none of it is there.

The files come one after another into a hidden folder, `.name.part`, which is locked meanwhile. Each
is checked before it gets its name there; a file that has it is not fetched again. When all are
there, the folder gets its name in one step.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import FileIO
from pathlib import Path

from medialab.errors import DownloadError, MediaLabError
from medialab.files.hashes import HashCache
from medialab.files.locks import try_lock
from medialab.remote.download import Download
from medialab.remote.listings import RemoteFile, RemoteVersion
from medialab.remote.meter import Meter
from medialab.remote.names import safe_name, safe_path
from medialab.remote.parts import PART, part_of
from medialab.remote.placing import put
from medialab.remote.transfer import Transfer
from medialab.remote.verifying import check_name, check_whole

MOST_FILES = 1000
_LOCK, FACTS = ".lock", ".facts.json"
_MOST_NAMES = 1000


class _Share(Meter):
    """The meter of one file, which counts in that of the whole.

    Args:
        whole: The whole's.
        before: Bytes of the files before this one.
    """

    def __init__(self, whole: Meter, before: int) -> None:
        super().__init__()
        self._whole, self._before = whole, before

    def begin(self, done: int, total: int | None) -> None:
        super().begin(done, total)
        self._whole.move(self._before + done)

    def add(self, count: int) -> None:
        super().add(count)
        self._whole.add(count)

    def rest(self) -> None:
        self._whole.rest()


def folder_name(version: RemoteVersion) -> str:
    """Return the safe name of a version's folder: the last part of the model's name."""
    return safe_name(version.model_name)


def files_of(version: RemoteVersion) -> tuple[RemoteFile, ...]:
    """Return the files of a folder that are downloaded.

    Raises:
        DownloadError: there are none, or far too many.
        ModelRefusedError: one of them is a pickle, or no part of a model.
    """
    files = tuple(one for one in version.files if one.refused is None)
    if not 0 < len(files) <= MOST_FILES:
        reasons = [one.refused for one in version.files if one.refused]
        count = f"{len(files)} files, from 1 to {MOST_FILES} are downloaded"
        raise DownloadError(f"{version.model_name}: {reasons[0] if reasons else count}")
    for file in files:
        check_name(str(safe_path(file.name)), in_folder=True)
    return files


def fetch_folder(
    download: Download, version: RemoteVersion, folder: Path, hashes: HashCache
) -> Path:
    """Bring the files of a version into a folder of its own, and return its path.

    Args:
        download: The download.
        version: The version.
        folder: The folder of the kind, in which the new one will be.
        hashes: The hashes of files that are known, and those that become so.

    Raises:
        MediaLabError: it cannot be; the message says why, and what came is kept.
        OSError: it cannot be written; what came is kept.
    """
    for target in _targets(folder, download.name):
        if target.is_dir() and _has_all(target, download, hashes):
            download.tell(f"{target.name} was there already")
            return target
    with (
        _staging(folder, download, version) as staging,
        download.discarding(partial(shutil.rmtree, staging, ignore_errors=True)),
    ):
        sizes = [file.size_bytes for file in download.files]
        download.meter.begin(0, None if None in sizes else sum(filter(None, sizes)))
        before = 0
        for file in download.files:
            path = staging / safe_path(file.name)
            if path.is_file():
                download.meter.move(before + path.stat().st_size)
            else:
                _fetch(download, file, path, _Share(download.meter, before))
            before += path.stat().st_size
        return _placed(staging, folder, download)


def _fetch(download: Download, file: RemoteFile, path: Path, meter: Meter) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    download.tell(f"gets {path.name}")
    with part_of(path.parent, path.name, file) as part:
        Transfer(file, path.name, part, meter, download, in_folder=True).run()
        try:
            check_whole(part.path, path.name)
        except MediaLabError:
            part.discard()
            raise
        part.place(lambda whole: put(whole, path.parent, path.name))
    download.tell("")


def _targets(folder: Path, name: str) -> Iterator[Path]:
    """Yield the paths with a name, numbered, up to the first that is free."""
    for number in range(1, _MOST_NAMES):
        target = folder / (name if number == 1 else f"{name}-{number}")
        yield target
        if not (target.exists() or target.is_symlink()):
            return


def _has_all(folder: Path, download: Download, hashes: HashCache) -> bool:
    """Return whether a folder has all files of a download: of their sizes, and of listed hashes.

    Two models of one name and architecture have the same files in the same sizes.

    Cost: reading the weights, if they all have the listed sizes and their hashes are not known.
    """
    try:
        there = [(folder / safe_path(file.name), file) for file in download.files]
        if any(file.size_bytes not in {None, path.stat().st_size} for path, file in there):
            return False
        return all(
            _sha256(path, download, hashes) == file.sha256 for path, file in there if file.sha256
        )
    except OSError:
        return False


def _sha256(path: Path, download: Download, hashes: HashCache) -> str:
    """Return a file's hash, and read it only if that is not known."""
    return hashes.known(path) or hashes.digests(path, lambda _: download.check()).sha256


@contextmanager
def _staging(folder: Path, download: Download, version: RemoteVersion) -> Iterator[Path]:
    """Make and lock the hidden folder of a version for the block.

    Raises:
        DownloadError: another program has it.
    """
    facts = {"source": version.source.name, "release": version.key}
    for number in range(1, _MOST_NAMES):
        numbered = download.name if number == 1 else f"{download.name}-{number}"
        staging = folder / f".{numbered}{PART}"
        staging.mkdir(exist_ok=True)
        if _facts(staging) in (None, facts):
            break
    else:
        raise DownloadError(f"{folder.name} has {_MOST_NAMES} unfinished {download.name}")
    with ExitStack() as opened:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        lock = opened.enter_context(FileIO(os.open(staging / _LOCK, flags, 0o666), "r+"))
        if not try_lock(lock.fileno()):
            message = f"{download.name} is being downloaded by another program"
            raise DownloadError(f"{message}; wait until it is done there")
        (staging / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        if sys.platform == "win32":  # a folder with an open file cannot be renamed there
            opened.close()
        yield staging


def _facts(staging: Path) -> object:
    """Return what a hidden folder is of; None for a new one."""
    try:
        return json.loads((staging / FACTS).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}


def _placed(staging: Path, folder: Path, download: Download) -> Path:
    """Give a whole folder its name, never over another."""
    *_, target = _targets(folder, download.name)
    # Killed before this step, the folder still tells whose it is; killed after it, two hidden files
    # stay in the model.
    staging.rename(target)
    for name in (_LOCK, FACTS):
        with suppress(OSError):
            (target / name).unlink()
    if target.name != download.name:
        download.tell(f"another folder has that name, so it is called {target.name}")
    return target
