"""The files that a browser gets of the history: one picture, many in a ZIP, or their settings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from medialab.artifacts import ArtifactManager
from medialab.artifacts.formats import MEDIA_TYPES
from medialab.errors import ArtifactError
from widgets.gallery import Parcel

_MOST_DOWNLOADED = 2**31  # bytes: the browser collects a download in memory
_MOST_TEXTS = 200  # pictures whose settings are copied
_PIECE = 2**20  # bytes of a file sent at once


def parcel_of(artifacts: ArtifactManager, what: str, names: Sequence[str]) -> Parcel:
    """Return the file for a download or the clipboard.

    Args:
        artifacts: the pictures of an outputs folder.
        what: "text" for the settings, "picture" for the first picture, "files" for all.
        names: of the pictures, as paths in that folder.

    Raises:
        ArtifactError: there are none, too many, or they are too large for a download.
    """
    paths = [artifacts.folder / name for name in names]
    if not paths:
        message = "no picture is selected"
        raise ArtifactError(message)
    if what == "text":
        if len(paths) > _MOST_TEXTS:
            raise ArtifactError(
                f"the settings of at most {_MOST_TEXTS} pictures are copied at once, and "
                f"{len(paths):,} are selected; choose fewer pictures"
            )
        texts = [artifacts.infotext_of(path) for path in paths]
        return Parcel("settings.txt", "text/plain", iter(["\n\n".join(texts).encode()]))
    if what == "picture" or len(paths) == 1:
        path, size = paths[0], paths[0].stat().st_size
        return Parcel(path.name, MEDIA_TYPES.get(path.suffix, ""), _pieces(path), size)
    size = sum(path.stat().st_size for path in paths)
    if size > _MOST_DOWNLOADED:
        most, asked = _MOST_DOWNLOADED / 2**30, size / 2**30
        raise ArtifactError(
            f"{asked:.1f} GB are too much for a download, which has at most {most:.0f} GB; "
            "choose fewer pictures"
        )
    name = f"{len(paths)} pictures.zip"
    return Parcel(name, "application/zip", artifacts.pack(paths), size)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
