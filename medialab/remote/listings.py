"""What a source says of models, as plain values: models, their versions, files and pictures.

Names, texts and addresses in them were written by strangers: they are only shown. The name of a
file is made safe (`medialab.remote.names`) before a file gets it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

if TYPE_CHECKING:
    from medialab.remote.source import RemoteSource

T = TypeVar("T")


class Facts(Mapping[str, Any]):
    """The whole answer of a source, unknown fields included; shown as their number.

    Args:
        values: A JSON object.
    """

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{len(self)} facts"

    def __deepcopy__(self, _known: object) -> Self:
        return self  # pandas copies each value of a table


@dataclass(frozen=True)
class RemotePicture:
    """An example picture.

    Attributes:
        url: Where it is.
        width: In pixels; None if unknown.
        height: In pixels; None if unknown.
        is_video: Whether it is a film.
        is_mature: Whether the source says that it is not for everyone.
        settings: The settings it was made with, as the source has them; often empty.
    """

    url: str
    width: int | None = None
    height: int | None = None
    is_video: bool = False
    is_mature: bool = False
    settings: Facts = field(default_factory=Facts, repr=False)


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Attributes:
        source: The source that listed it, which makes the request for it.
        key: The source's name for the file, unique in its version.
        version: The key of the version.
        name: As listed; not a safe name. Files of a folder have "/" between folders.
        kind: The kind of model, as in `medialab.listing.info.KIND_FOLDERS`; "" for none of these.
        size_bytes: None if unknown.
        hashes: Hexadecimal digits in lower case, by "sha256", "autov1", "autov2", "autov3",
            "blake3" and "crc32"; only those that the source knows.
        format: "safetensors", "pickle", "gguf" …; "" if unknown.
        precision: "fp16", "bf16" …; "" if unknown.
        is_primary: Whether it is the one that `download` of the version gets.
        refused: Why it is not downloaded; None if it can be.
        url: Where the source has it, without any token; "" if the source makes the address itself.
        facts: The source's whole answer about the file.
    """

    source: "RemoteSource" = field(repr=False, compare=False)
    key: str
    version: str
    name: str
    kind: str = ""
    size_bytes: int | None = None
    hashes: Mapping[str, str] = field(default_factory=dict, repr=False)
    format: str = ""
    precision: str = ""
    is_primary: bool = False
    refused: str | None = None
    url: str = field(default="", repr=False)
    facts: Facts = field(default_factory=Facts, repr=False, compare=False)

    @property
    def sha256(self) -> str | None:
        """The SHA-256 that the file must have, 64 digits in lower case; None if not listed."""
        return self.hashes.get("sha256")


@dataclass(frozen=True)
class RemoteVersion:
    """One release of a model: what a download gets.

    Attributes:
        source: The source that listed it.
        key: The source's name for the version.
        model: The key of its model.
        name: The version's name, such as "v2.0".
        model_name: The model's name.
        kind: As in `RemoteFile`.
        type_said: The kind in the source's own word, such as "LoCon".
        base_model: What it was trained for, in the source's own words, such as "SDXL 1.0".
        trained_words: Words that call what it was trained on.
        description: Plain text or HTML, as the source has it.
        licence: In words; "" if the source does not say.
        published: None if unknown.
        files: Its files.
        pictures: Example pictures.
        restricted: Who may download it, in a sentence; "" if everyone may.
        early_access_until: Until when only some may; None if everyone may now.
        is_folder: Whether its files together make one folder (a diffusers folder), which is
            downloaded as a whole; else the primary file is.
        page: The address of its page, for people.
        facts: The source's whole answer about the version.
    """

    source: "RemoteSource" = field(repr=False, compare=False)
    key: str
    model: str
    name: str
    model_name: str
    kind: str = ""
    type_said: str = ""
    base_model: str = ""
    trained_words: tuple[str, ...] = ()
    description: str = field(default="", repr=False)
    licence: str = ""
    published: datetime | None = None
    files: tuple[RemoteFile, ...] = field(default=(), repr=False)
    pictures: tuple[RemotePicture, ...] = field(default=(), repr=False)
    restricted: str = ""
    early_access_until: datetime | None = None
    is_folder: bool = False
    page: str = ""
    facts: Facts = field(default_factory=Facts, repr=False, compare=False)

    @property
    def primary(self) -> RemoteFile | None:
        """The file that a download gets: the primary one if it can be, else the first that can."""
        usable = [one for one in self.files if one.refused is None]
        return next((one for one in usable if one.is_primary), next(iter(usable), None))


class Versions(Sequence[RemoteVersion]):
    """The versions of a model, the newest first; shown as their number and names."""

    def __init__(self, versions: Iterable[RemoteVersion] = ()) -> None:
        self._versions = tuple(versions)

    @overload
    def __getitem__(self, place: int) -> RemoteVersion: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[RemoteVersion]: ...
    def __getitem__(self, place: int | slice) -> RemoteVersion | Sequence[RemoteVersion]:
        return self._versions[place]

    def __len__(self) -> int:
        return len(self._versions)

    def __repr__(self) -> str:
        return f"{len(self)}: {', '.join(one.name for one in self)}" if self else "none"

    def __deepcopy__(self, _known: object) -> Self:
        return self  # as `Facts`


@dataclass(frozen=True)
class RemoteModel:
    """A model as a source lists it. `pandas.DataFrame(results)` has a column for each attribute.

    Attributes:
        source: The source's name.
        key: The source's name for the model.
        name: The model's name.
        kind: As in `RemoteFile`.
        type_said: The kind in the source's own word.
        base_model: Of the newest version.
        creator: Who published it; "" if unknown.
        downloads: None if unknown.
        likes: None if unknown.
        is_mature: Whether the source says that it is not for everyone.
        published: When the newest version was; None if unknown.
        size_bytes: Of the newest version's primary file; None if unknown.
        licence: In words; "" if the source does not say.
        trained_words: Of the newest version.
        tags: Its tags.
        page: The address of its page, for people.
        description: Plain text or HTML, as the source has it.
        versions: Its versions, the newest first; some sources list only one in a search.
        facts: The source's whole answer about the model.
    """

    source: str
    key: str
    name: str
    kind: str = ""
    type_said: str = ""
    base_model: str = ""
    creator: str = ""
    downloads: int | None = None
    likes: int | None = None
    is_mature: bool = False
    published: datetime | None = None
    size_bytes: int | None = None
    licence: str = ""
    trained_words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    page: str = ""
    description: str = field(default="", repr=False)
    versions: Versions = field(default_factory=Versions)
    facts: Facts = field(default_factory=Facts, repr=False, compare=False)


class Results(list[RemoteModel]):
    """The models that a search found, as a list; `pandas.DataFrame(results)` is their table.

    Args:
        models: The models.
        cursor: Where the next page begins, for `search(…, cursor=results.cursor)`; "" after the
            last page.
        left_out: Why entries of the answer are not among the models.
    """

    def __init__(
        self, models: Iterable[RemoteModel] = (), cursor: str = "", left_out: Iterable[str] = ()
    ) -> None:
        super().__init__(models)
        self.cursor = cursor
        self.left_out = tuple(left_out)
