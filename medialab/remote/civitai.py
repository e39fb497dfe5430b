"""CivitAI: search, lookup by hash and download, by its public REST interface, version 1."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from medialab.errors import ConfigError, RemoteNotFoundError, shown
from medialab.listing.notes import write_civitai_info
from medialab.remote.answers import Asking, an_object, line, number, when
from medialab.remote.civitai_answers import Reading
from medialab.remote.civitai_permissions import in_early_access
from medialab.remote.civitai_references import HOSTS, read_reference
from medialab.remote.listings import RemoteFile, RemoteModel, RemoteVersion, Results
from medialab.remote.pages import Page, followed
from medialab.remote.source import DownloadRequest, Filter, RemoteSource, searched
from medialab.remote.tokens import Token, find_token

BASE_URL = "https://civitai.com/api/v1"
URL_VARIABLE = "MEDIALAB_CIVITAI_URL"  # of a mirror, in place of BASE_URL
VARIABLES = ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN")
HASHES_A_REQUEST = 100
_SHA256_DIGITS = 64
_DIGEST = re.compile(r"[0-9a-fA-F]{8,64}")
_NUMBER = re.compile(r"[0-9]{1,15}")

_TYPES = (
    *("Checkpoint", "TextualInversion", "Hypernetwork", "AestheticGradient", "LORA", "LoCon"),
    *("DoRA", "Controlnet", "Upscaler", "MotionModule", "VAE", "TextEncoder", "UNet"),
    *("CLIPVision", "Poses", "Wildcards", "Workflows", "Detection", "Other"),
)
_SORTS = (
    *("Highest Rated", "Most Downloaded", "Most Liked", "Most Discussed", "Most Collected"),
    *("Most Images", "Newest", "Oldest"),
)
_YES = ("true",)


class CivitAI(RemoteSource):
    """CivitAI's models.

    Args:
        base_url: The interface's address, or its host's; by default that of MEDIALAB_CIVITAI_URL
            (a mirror), else CivitAI's own.
        token: The API key; by default from CIVITAI_API_TOKEN, CIVITAI_TOKEN or the keyring.
    """

    name, title = "civitai", "CivitAI"
    filters = (
        Filter("types", "Type", _TYPES, takes_several=True),
        Filter("baseModels", "Base model", takes_several=True),
        Filter("checkpointType", "Checkpoint made by", ("Standard", "Trained", "Merge")),
        Filter("sort", "Sort by", _SORTS, default="Highest Rated"),
        Filter("period", "Period", ("AllTime", "Year", "Month", "Week", "Day"), default="AllTime"),
        Filter("nsfw", "Mature content too", _YES),
        Filter("tag", "Tag"),
        Filter("username", "Creator"),
        Filter("ids", "Model numbers", takes_several=True),
        Filter("supportsGeneration", "Runs on CivitAI", _YES),
        Filter("fromPlatform", "Trained on CivitAI", _YES),
        Filter("earlyAccess", "Early access", _YES),
        Filter("primaryFileOnly", "Main file only", _YES),
        Filter("favorites", "My bookmarks", _YES),
        Filter("hidden", "Models I hid", _YES),
    )

    def __init__(self, base_url: str = "", token: Token | None = None) -> None:
        self._base = (base_url or os.environ.get(URL_VARIABLE) or BASE_URL).rstrip("/")
        parts = urlsplit(self._base)
        if not parts.path:
            self._base += urlsplit(BASE_URL).path
        self._site = f"{parts.scheme}://{parts.netloc}"
        self._token = token

    def __repr__(self) -> str:
        return f"CivitAI({self._base!r})"

    def search(
        self, text: str = "", *, limit: int = 20, cursor: str = "", **filters: Any
    ) -> Results:
        """Return the models that fit; see `RemoteSource.search` and `filters`.

        Pages are fetched by cursor until there are `limit` models or no more.

        Raises:
            ConfigError: there is no such filter, or it has no such value.
            RemoteError: CivitAI cannot be reached, or its pages lead in a circle.
        """
        checked = self.checked(limit, filters)
        query = [(name, one) for name, values in checked.items() for one in values if name != "ids"]
        if "ids" in checked:
            query.append(("ids", ",".join(map(_identifier, checked["ids"]))))
        if wanted := searched(text):
            query.append(("query", wanted))
        asking = self._asking()

        def read(which: list[tuple[str, str]]) -> Page:
            answer = an_object(asking.json(f"{self._base}/models?{urlencode([*query, *which])}"))
            models, reasons = self._reading().models(answer)
            return Page(models, reasons, _next_cursor(answer))

        return followed(self.title, limit, cursor, read)

    def model(self, key: str) -> RemoteModel:
        """Return a model by its number, with all its versions."""
        answer = self._asking().json(f"{self._base}/models/{_identifier(key)}")
        return self._reading().model(answer)

    def version(self, key: str) -> RemoteVersion:
        """Return a version by its number."""
        answer = self._asking().json(f"{self._base}/model-versions/{_identifier(key)}")
        return self._reading().version(answer)

    def by_hash(self, digest: str) -> RemoteVersion | None:
        """Return the version with a file of that hash (SHA-256, AutoV1-3, BLAKE3 or CRC32)."""
        url = f"{self._base}/model-versions/by-hash/{_digest(digest).upper()}"
        try:
            return self._reading().version(self._asking().json(url))
        except RemoteNotFoundError:
            return None

    def by_hashes(self, digests: Iterable[str]) -> dict[str, RemoteVersion]:
        """Return the versions with files of these hashes; SHA-256 are asked for 100 at a time."""
        asked = {one: _digest(one) for one in digests}
        found: dict[str, RemoteVersion] = {}
        long = list(dict.fromkeys(one for one in asked.values() if len(one) == _SHA256_DIGITS))
        known: dict[str, RemoteVersion] = {}
        for begin in range(0, len(long), HASHES_A_REQUEST):
            part = [one.upper() for one in long[begin : begin + HASHES_A_REQUEST]]
            answer = self._asking().json(f"{self._base}/model-versions/by-hash", part)
            for version in self._reading().versions(answer):
                known.update({file.sha256: version for file in version.files if file.sha256})
        for given, digest in asked.items():
            is_long = len(digest) == _SHA256_DIGITS
            if match := known.get(digest) if is_long else self.by_hash(digest):
                found[given] = match
        return found

    def find(self, reference: str) -> RemoteVersion | RemoteFile | None:
        """Return what an address of CivitAI or an AIR names: a version, or a file of one."""
        named = read_reference(reference, self._site)
        if named is None:
            return None
        own = urlsplit(self._site).hostname
        if self._base == BASE_URL and named.host not in {"", own, f"www.{own}"}:
            return CivitAI(f"https://{named.host}/api/v1", self._token).find(reference)
        version = self.version(named.version) if named.version else self._newest(named.model)
        return self._file_of(version, named.file) if named.file else version

    def request(self, file: RemoteFile) -> DownloadRequest:
        """Return the request for a file: CivitAI answers with a short-lived signed address.

        The type of content makes CivitAI refuse in JSON where it would show a login page.
        """
        default = f"/api/download/models/{quote(file.version)}"
        parts = urlsplit(file.url or default)
        if not parts.netloc or parts.hostname in HOSTS:
            query = f"?{parts.query}" if parts.query else ""
            parts = urlsplit(f"{self._site}{parts.path}{query}")
        is_own = f"{parts.scheme}://{parts.netloc}" == self._site
        token = self._found_token() if is_own else None
        return DownloadRequest(parts.geturl(), token, {"Content-Type": "application/json"})

    def refusal(self, file: RemoteFile, status: int, answer: Mapping[str, Any]) -> str:
        """Return why CivitAI refused a download."""
        if status == 401:
            if (token := self._found_token()) is None:
                return f"CivitAI gives it only to people who are signed in. {self.sign_in}"
            return (
                f"CivitAI does not accept the API key in {token.origin}, or its creator does not "
                "allow downloads. Make a new key in your account's settings on civitai.com"
            )
        if status == 403:
            until = when(answer.get("deadline")) or when(file.facts.get("earlyAccessEndsAt"))
            if until is not None:
                return in_early_access(until)
            reason = line(answer.get("message")) or line(answer.get("error"))
            return (
                "its creator gives it only to some (early access, or paid)"
                f"{f': {reason!r}' if reason else ''}. Look at its page on civitai.com"
            )
        if status == 410:
            return "its creator has archived it, and it cannot be downloaded any longer"
        return ""

    def note(self, path: Path, version: RemoteVersion) -> None:
        """Write `.civitai.info` beside a model: CivitAI's answer for the version."""
        # A search lists versions inside their model, without facts of the model.
        is_whole = isinstance(version.facts.get("model"), dict)
        write_civitai_info(path, (version if is_whole else self.version(version.key)).facts)

    @property
    def sign_in(self) -> str:
        """How to get and give an API key."""
        if (token := self._found_token()) is not None:
            return (
                f"The API key in {token.origin} was sent; if it is old, make a new one in your "
                "account's settings on civitai.com"
            )
        return (
            "Make an API key in your account's settings on civitai.com, set "
            f"{VARIABLES[0]} to it, and restart the kernel"
        )

    def _newest(self, model: str) -> RemoteVersion:
        versions = self.model(model).versions
        if not versions:
            raise RemoteNotFoundError(f"CivitAI lists no version of model {model}")
        return versions[0]

    @staticmethod
    def _file_of(version: RemoteVersion, key: str) -> RemoteFile:
        found = next((one for one in version.files if one.key == key), None)
        if found is None:
            known = ", ".join(f"{one.key} ({one.name})" for one in version.files) or "none"
            message = f"version {version.key} has no file {key}; known: {known}"
            raise RemoteNotFoundError(message)
        return found

    def _found_token(self) -> Token | None:
        return self._token or find_token(self.name, VARIABLES)

    def _asking(self) -> Asking:
        return Asking(self.title, self._found_token(), self.sign_in)

    def _reading(self) -> Reading:
        return Reading(self, self._site)


def _next_cursor(answer: Mapping[str, Any]) -> str:
    found = an_object(answer.get("metadata")).get("nextCursor")
    return found if isinstance(found, str) else str(number(found) or "")


def _identifier(key: str) -> str:
    if not _NUMBER.fullmatch(str(key)):
        message = f"{shown(key)} is not a number of CivitAI's; it stands in the page's address"
        raise ConfigError(message)
    return str(key)


def _digest(text: str) -> str:
    if not isinstance(text, str) or not _DIGEST.fullmatch(text.strip()):
        message = f"{shown(text)} is not a hash: give 8 to 64 hexadecimal digits"
        raise ConfigError(message)
    return text.strip().lower()
