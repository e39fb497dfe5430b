"""Pictures that lie on a server: fetched when they are first looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import quote

from medialab.client.connection import Connection
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ServerError
from medialab.pictures.intake import open_picture
from medialab.runs.run import side_by_side

if TYPE_CHECKING:
    from PIL import Image

Form = Literal["file", "png", "webp", "thumbnail", "sidecar"]


@dataclass(frozen=True)
class RemotePicture:
    """A saved picture of a server.

    Attributes:
        name: Its path in the server's outputs folder.
        seed: The seed it was made with.
        prompt: The prompt it was made with.
        width: Pixels.
        height: Pixels.
        tags: Its tags; empty for one that was just made.
        stars: 0 to 5.
    """

    name: str
    seed: int
    prompt: str
    width: int
    height: int
    tags: tuple[str, ...] = ()
    stars: int = 0
    _connection: Connection = field(kw_only=True, repr=False, compare=False)

    def read(self, form: Form = "file") -> bytes:
        """Return the picture's file as it was saved, or in another form.

        Args:
            form: "png" or "webp" with the same pixels, "thumbnail", a small WebP, or "sidecar",
                the JSON of its settings.

        Raises:
            MediaLabError: it is gone, or the server does not answer.
        """
        return self._connection.content(f"pictures/{quote(self.name)}", form=form)

    @cached_property
    def image(self) -> "Image.Image":
        """The picture, in RGB; errors as `read`, and `PictureError` if it is damaged."""
        with open_picture(self.read(), self.name) as file:
            return file.image.convert("RGB")

    def save(self, folder: Path | str) -> Path:
        """Write the file, byte for byte, and its sidecar into a folder, and return its path.

        Args:
            folder: It is made if it is not there; files of the same names are replaced.

        Raises:
            ArtifactError: they cannot be written.
            MediaLabError: as `read`.
        """
        name = PurePosixPath(self.name.replace("\\", "/")).name
        if name in {"", ".", ".."}:
            message = f"the server's picture {self.name!r} has no name for a file"
            raise ServerError(message)
        path = Path(folder) / name
        content, sidecar = self.read(), self.read("sidecar")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".json").write_bytes(sidecar)
            path.write_bytes(content)
        except OSError as error:
            message = f"{path} cannot be written ({error.strerror}); choose another folder"
            raise ArtifactError(message) from error
        return path


class _Images(Sequence["Image.Image"]):
    """The images of pictures, each fetched when it is first looked at."""

    def __init__(self, pictures: Sequence[RemotePicture]) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> "Image.Image": ...
    @overload
    def __getitem__(self, place: slice) -> "_Images": ...
    def __getitem__(self, place: int | slice) -> "Image.Image | _Images":
        if isinstance(place, slice):
            return _Images(self._pictures[place])
        return self._pictures[place].image


@dataclass(frozen=True)
class RemoteRun:
    """The result of a request that a server made; what it has is named as at a `Run`.

    A server tells no tables of detections, and not whether a picture was there before.

    Attributes:
        config: The resolved request: sent again, it gives the same bytes.
        records: How each picture was made, as plain JSON values.
        artifacts: The saved pictures, in the order of the batch.
    """

    config: ResolvedConfig
    records: Sequence[Mapping[str, Any]]
    artifacts: Sequence[RemotePicture]

    @property
    def images(self) -> "Sequence[Image.Image]":
        """The pictures, each fetched when it is first looked at."""
        return _Images(self.artifacts)

    @property
    def image(self) -> "Image.Image":
        """The first picture."""
        return self.images[0]

    @property
    def record(self) -> Mapping[str, Any]:
        """How the first picture was made."""
        return self.records[0]

    @property
    def artifact(self) -> RemotePicture:
        """The first picture on the server."""
        return self.artifacts[0]

    @property
    def set_aside(self) -> Sequence[Mapping[str, Any]]:
        """Detections and masks that the first picture did not use: they are another picture's."""
        edits: Sequence[Mapping[str, Any]] = self.record.get("set_aside", ())
        return edits

    def save(self, folder: Path | str) -> list[Path]:
        """Write all pictures and their sidecars into a folder; see `RemotePicture.save`."""
        return [one.save(folder) for one in self.artifacts]

    def __repr__(self) -> str:
        """Return one line, which a notebook shows beside the picture."""
        first = self.artifact
        files = ", ".join(one.name for one in self.artifacts)
        return f"RemoteRun(seed={self.config.seed}, {first.width} × {first.height}, {files})"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the pictures as one PNG, side by side, small ones enlarged, for notebooks."""
        return side_by_side(self.images)


def run_of(answer: Mapping[str, Any], connection: Connection) -> RemoteRun:
    """Return the run of a job that is done.

    Args:
        answer: The server's answer about the job.
        connection: Fetches the pictures.

    Raises:
        ServerError: it is not what a studio answers.
        ConfigError: its settings are those of a newer studio.
    """
    made = [made_picture(one, connection) for one in _list(answer, "pictures")]
    config = answer.get("config")
    if not made or not isinstance(config, Mapping):
        message = f"the server tells of no picture of {answer.get('name')!r}, which it says is done"
        raise ServerError(message)
    records = [dict(one.get("record") or {}) for one in answer["pictures"]]
    return RemoteRun(ResolvedConfig.parse(dict(config)), records, made)


def made_picture(told: Mapping[str, Any], connection: Connection) -> RemotePicture:
    """Return a picture of a job, or of a search in the history.

    Raises:
        ServerError: it is not what a studio answers.
    """
    try:
        return RemotePicture(
            name=str(told["file"] if "file" in told else told["name"]),
            seed=int(told["seed"]),
            prompt=str(told["prompt"]),
            width=int(told["width"]),
            height=int(told["height"]),
            tags=tuple(map(str, told.get("tags", ()))),
            stars=int(told.get("stars", 0)),
            _connection=connection,
        )
    except (LookupError, TypeError, ValueError) as error:
        message = f"the server tells of a picture in a way that is not known here ({error!r})"
        raise ServerError(message) from error


def _list(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = answer.get(name)
    return found if isinstance(found, list) else []
