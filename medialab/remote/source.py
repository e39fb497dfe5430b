"""The interface of a source of models, such as CivitAI or Hugging Face."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from medialab.errors import ConfigError, listed, shown
from medialab.remote.listings import RemoteFile, RemoteModel, RemoteVersion, Results
from medialab.remote.tokens import Token

# Models of one search. More are a mirror of the source, not a search.
MOST_RESULTS = 1000


@dataclass(frozen=True)
class Filter:
    """A filter of a source's search.

    Attributes:
        name: Its name as a keyword of `search`.
        title: Its name for people.
        choices: The values it may have; empty if it is free text.
        takes_several: Whether a list of values is allowed, of which one must fit.
        default: The value that the source takes if none is given.
    """

    name: str
    title: str
    choices: tuple[str, ...] = ()
    takes_several: bool = False
    default: str = ""


@dataclass(frozen=True)
class DownloadRequest:
    """How a file is asked for.

    Attributes:
        url: The address (http or https), without a token in it.
        token: Sent as `Authorization: Bearer` to the host of `url`, to no other; None for none.
        headers: Further headers, sent to the host of `url` only.
    """

    url: str
    token: Token | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RemoteSource(ABC):
    """A source of models. It keeps no model and starts no thread; any thread may call it.

    Every method that asks the network calls `medialab.remote.offline.check_online` first.

    Attributes:
        name: Its name in code: `bench.remote(name)`.
        title: Its name for people.
        filters: The filters of its search.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    filters: ClassVar[tuple[Filter, ...]] = ()

    @property
    def sign_in(self) -> str:
        """How to get a token and where to put it, in a sentence; "" if the source needs none."""
        return ""

    @abstractmethod
    def search(
        self, text: str = "", *, limit: int = 20, cursor: str = "", **filters: Any
    ) -> Results:
        """Return the models that fit, the best first.

        Args:
            text: Words to look for; "" for all models.
            limit: Return at most so many, from 1 to MOST_RESULTS.
            cursor: Where to go on: the `cursor` of earlier results of the same search.
            filters: By the names of the source's `filters`.

        Raises:
            ConfigError: there is no such filter, or it has no such value.
            OfflineError: the network is forbidden.
            RemoteError: the source cannot be reached, or its answer cannot be read.
        """

    @abstractmethod
    def model(self, key: str) -> RemoteModel:
        """Return a model with all its versions.

        Raises:
            RemoteNotFoundError: there is none.
            RemoteError: as `search`.
        """

    @abstractmethod
    def version(self, key: str) -> RemoteVersion:
        """Return a version with its files.

        Raises:
            RemoteNotFoundError: there is none.
            RemoteError: as `search`.
        """

    @abstractmethod
    def request(self, file: RemoteFile) -> DownloadRequest:
        """Return how a file is asked for. It is called again when a signed link has expired.

        Raises:
            RemoteError: the source cannot say.
        """

    def by_hash(self, digest: str) -> RemoteVersion | None:
        """Return the version with a file of that hash; None if the source knows none.

        Args:
            digest: Hexadecimal digits of a hash that the source knows, such as a SHA-256.

        Raises:
            ConfigError: it is no hash.
            RemoteError: as `search`.
        """
        return self.by_hashes([digest]).get(digest)

    def by_hashes(self, digests: Iterable[str]) -> dict[str, RemoteVersion]:
        """Return the versions with files of these hashes, by the hash; unknown hashes are left out.

        A source that cannot find by hash returns {}.

        Raises: as `by_hash`.
        """
        del digests
        return {}

    def find(self, reference: str) -> RemoteVersion | RemoteFile | None:
        """Return what an address or an identifier of this source names; None if it is not one.

        Args:
            reference: What a person pastes: a page's address, an AIR (`urn:air:…`), `org/name`.

        Raises:
            RemoteError: as `search`.
        """
        del reference
        return None

    def refusal(self, file: RemoteFile, status: int, answer: Mapping[str, Any]) -> str:
        """Return why the source refused a download, in a sentence with the next step.

        Args:
            file: The file that was asked for.
            status: The HTTP status, 400 or above.
            answer: The answer as a JSON object; {} if it was not one.

        Returns:
            "" to tell what such a status usually means.
        """
        del file, status, answer
        return ""

    def note(self, path: Path, version: RemoteVersion) -> None:
        """Write the source's facts beside a downloaded model, as its users have them.

        Raises:
            OSError: they cannot be written; the model stays.
        """
        del path, version

    def checked(self, limit: int, filters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return the filters of a search as texts, without those that are not set (None, "", ()).

        True becomes "true"; False is not sent.

        Raises:
            ConfigError: there is no such filter, it has no such value, or `limit` is out of range.
        """
        if type(limit) is not int or not 1 <= limit <= MOST_RESULTS:
            message = f"limit = {shown(limit)}: a search gives 1 to {MOST_RESULTS} models"
            raise ConfigError(message).about("limit")
        known = {one.name: one for one in self.filters}
        checked = {}
        for name, value in filters.items():
            if name not in known:
                message = f"{self.title} has no filter {shown(name)}; {listed(name, known)}"
                raise ConfigError(message).about(name, known)
            if values := _texts(value):
                checked[name] = _checked(known[name], values)
        return checked


def _texts(value: Any) -> tuple[str, ...]:
    if value is None or value is False or value == "":
        return ()
    if isinstance(value, bool):
        return ("true",)
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (str(value),)
    return tuple(str(one) for one in value)


def _checked(filter_: Filter, values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > 1 and not filter_.takes_several:
        message = f"{filter_.name} = {shown(values)}: give one value"
        raise ConfigError(message).about(filter_.name, filter_.choices)
    by_word = {choice.casefold(): choice for choice in filter_.choices}
    checked = []
    for value in values:
        if not is_sendable(value):
            message = f"{filter_.name} = {shown(value)} cannot be sent; type it again"
            raise ConfigError(message).about(filter_.name)
        if by_word and value.casefold() not in by_word:
            message = (
                f"{filter_.name} has no value {shown(value)}; {listed(value, filter_.choices)}"
            )
            raise ConfigError(message).about(filter_.name, filter_.choices)
        checked.append(by_word.get(value.casefold(), value))
    return tuple(checked)


def searched(text: str) -> str:
    """Return the text of a search as it is sent, without blanks around it.

    Raises:
        ConfigError: it is no text, or has half a character, which cannot be sent.
    """
    if not isinstance(text, str) or not is_sendable(text):
        raise ConfigError(f"the search {shown(text)} cannot be sent; write words").about("text")
    return text.strip()


def is_sendable(text: str) -> bool:
    """Return whether a text can be part of an address: UTF-8 has no half of a character."""
    return not any("\ud800" <= one <= "\udfff" for one in text)
