"""Hugging Face: search, the files of a repository, download of folders and single files.

Names, identifiers and addresses are read and made by huggingface_hub. Requests go through this
room, which limits them, waits as long as it is asked to, and sends a token to one host only. So
nothing is written to the hub's cache, no progress bar is drawn and no telemetry is sent.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from medialab.errors import (
    AccessError,
    ConfigError,
    NotesError,
    RemoteError,
    RemoteNotFoundError,
    shown,
)
from medialab.listing.notes import read_notes, write_notes
from medialab.remote.answers import Asking
from medialab.remote.huggingface_answers import Reading, as_model
from medialab.remote.huggingface_folders import DEFAULT, is_inside
from medialab.remote.listings import RemoteFile, RemoteModel, RemoteVersion, Results
from medialab.remote.offline import check_online
from medialab.remote.pages import Page, followed
from medialab.remote.source import DownloadRequest, Filter, RemoteSource, searched
from medialab.remote.tokens import Token, find_token

ENDPOINT, ENDPOINT_VARIABLE = "https://huggingface.co", "HF_ENDPOINT"
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
# org/name[@revision][:variant], as in the key of a version.
_KEY = re.compile(r"([^@:\s]+)(?:@([^:\s]{1,200}))?(?::(\w{1,30}))?")
# What our words for an order are in the hub's interface.
_SORTS = {
    "trending_score": "trendingScore",
    "downloads": "downloads",
    "likes": "likes",
    "created_at": "createdAt",
    "last_modified": "lastModified",
}


class HuggingFace(RemoteSource):
    """The models of the Hugging Face hub. A version is a repository's state, at one commit.

    Args:
        endpoint: The hub's address; by default that of HF_ENDPOINT, else huggingface.co.
        token: The access token; by default from HF_TOKEN or the keyring.
    """

    name, title = "huggingface", "Hugging Face"
    filters = (
        Filter("author", "Creator"),
        Filter("library", "Library"),
        Filter("task", "Task"),
        Filter("tags", "Tag", takes_several=True),
        Filter("base_model", "Base model"),
        Filter("licence", "Licence"),
        Filter("access", "Access", ("open", "gated")),
        Filter("sort", "Sort by", tuple(_SORTS), default="trending_score"),
    )

    def __init__(self, endpoint: str = "", token: Token | None = None) -> None:
        chosen = endpoint or os.environ.get(ENDPOINT_VARIABLE, "").strip() or ENDPOINT
        self._endpoint = chosen.rstrip("/")
        self._token = token

    def __repr__(self) -> str:
        return f"HuggingFace({self._endpoint!r})"

    def search(
        self, text: str = "", *, limit: int = 20, cursor: str = "", **filters: Any
    ) -> Results:
        """Return the models that fit; see `RemoteSource.search` and `filters`.

        A search tells neither sizes nor hashes: `version` gives the files of a found version.

        Raises:
            ConfigError: there is no such filter, or it has no such value.
            RemoteError: the hub cannot be reached, or its pages lead in a circle.
        """
        query = _query(text, self.checked(limit, filters))
        asking, reading = self._asking(), self._reading()

        def read(which: list[tuple[str, str]]) -> Page:
            address = f"{self._endpoint}/api/models?{urlencode([*query, *which])}"
            answer, headers = asking.page(address)
            models, reasons = reading.models(answer)
            return Page(models, reasons, _next_cursor(headers.get("link", "")))

        return followed(self.title, limit, cursor, read)

    def model(self, key: str) -> RemoteModel:
        """Return a repository, "org/name"; its versions are the variants of its weights."""
        repo, revision, _ = _parsed(key)
        return self._reading().model(self._facts(repo, revision))

    def version(self, key: str) -> RemoteVersion:
        """Return a repository's state: "org/name", with "@revision" and ":variant" if wanted.

        Whatever revision is asked for, the answer is pinned to its commit.
        """
        repo, revision, variant = _parsed(key)
        return self._reading().version(self._facts(repo, revision), variant)

    def files(self, key: str) -> list[RemoteFile]:
        """Return all files of a repository, those that are not downloaded with the reason.

        Args:
            key: As for `version`.

        Raises:
            RemoteError: as `version`.
        """
        repo, revision, _ = _parsed(key)
        return self._reading().files(self._facts(repo, revision))

    def find(self, reference: str) -> RemoteVersion | RemoteFile | None:
        """Return what an address of the hub, an hf:// or "org/name" names: a version or a file."""
        from huggingface_hub.utils import parse_hf_uri  # type: ignore[attr-defined]

        text = reference.strip()
        try:
            named = parse_hf_uri(text, self._endpoint)
        except ValueError:  # of another site, or no address
            repo = text.partition("@")[0].partition(":")[0]
            return self.version(text) if repo.count("/") == 1 and _is_repository(repo) else None
        if named.type != "model":
            message = f"{shown(reference)} is a {named.type}, not a model"
            raise ConfigError(message).about("reference")
        key = f"{named.id}@{named.revision}" if named.revision else named.id
        if not named.path_in_repo:
            return self.version(key)
        found = next((one for one in self.files(key) if one.key == named.path_in_repo), None)
        if found is None:
            message = f"{key} has no file {shown(named.path_in_repo)}; look at its page"
            raise RemoteNotFoundError(message)
        return as_model(found)

    def request(self, file: RemoteFile) -> DownloadRequest:
        """Return the request for a file, at the commit that it was listed with."""
        check_online(self.title, *OFFLINE_VARIABLES)
        repo, revision, _ = _parsed(file.version)
        return DownloadRequest(self.address(repo, file.key, revision), self._found_token())

    def address(self, repo: str, path: str, revision: str) -> str:
        """Return where a file of a repository is.

        Raises:
            RemoteError: its path leads out of the repository.
        """
        from huggingface_hub import hf_hub_url

        if not is_inside(path):
            raise RemoteError(f"{shown(path)} leads out of its repository; it is not asked for")
        return hf_hub_url(repo, path, revision=revision, endpoint=self._endpoint)

    def refusal(self, file: RemoteFile, status: int, answer: Mapping[str, Any]) -> str:
        """Return why the hub refused a download."""
        del answer
        repo = file.version.partition("@")[0]
        if status in {401, 403}:
            return (
                "Hugging Face gives it only to those who accept its conditions, or are its "
                f"members: sign in and do so at {self._endpoint}/{repo}. {self.sign_in}"
            )
        if status == 404:
            return f"{repo} has no such file any longer; search for it again"
        return ""

    def note(self, path: Path, version: RemoteVersion) -> None:
        """Write beside a downloaded model where it comes from, and its trained words.

        What a person noted stays.
        """
        known = read_notes(path)
        licence = f", licence {version.licence}" if version.licence else ""
        commit = version.key.partition("@")[2]
        origin = f"From {version.page} ({commit}{licence})"
        changes: dict[str, Any] = {"notes": origin} if not known.notes else {}
        if version.trained_words and not known.trained_words:
            changes["trained_words"] = version.trained_words
        try:
            write_notes(path, changes)
        except NotesError as error:
            raise OSError(str(error)) from error

    @property
    def sign_in(self) -> str:
        """How to get and give an access token."""
        if (token := self._found_token()) is not None:
            return f"The token in {token.origin} was sent"
        return (
            "Make an access token (read) in your account's settings on huggingface.co, set "
            f"{VARIABLES[0]} to it, and restart the kernel"
        )

    def _facts(self, repo: str, revision: str) -> Any:
        """Return what the hub answers about a repository, with its files' sizes and hashes."""
        at = f"/revision/{quote(revision, safe='')}" if revision else ""
        url = f"{self._endpoint}/api/models/{repo}{at}?blobs=true"
        try:
            return self._asking().json(url)
        except AccessError as error:
            # The hub says the same of a private repository and of one that does not exist.
            message = (
                f"Hugging Face has no model {repo!r}, or does not show it to everyone: check its "
                f"name, or use an account that may see it. {self.sign_in}"
            )
            raise AccessError(message) from error
        except RemoteNotFoundError as error:
            at = f" at {revision!r}" if revision else ""
            message = f"Hugging Face has no model {repo!r}{at}, or it is private to others"
            raise RemoteNotFoundError(f"{message}; check its name and revision") from error

    def _found_token(self) -> Token | None:
        return self._token or find_token(self.name, VARIABLES)

    def _asking(self) -> Asking:
        return Asking(self.title, self._found_token(), self.sign_in, OFFLINE_VARIABLES)

    def _reading(self) -> Reading:
        has_token = self._found_token() is not None
        return Reading(self, self._endpoint, self.address, has_token=has_token)


def _query(text: str, checked: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Return a search's parameters in the hub's words."""
    tags = [*checked.get("tags", ()), *checked.get("library", ())]
    tags += [f"base_model:{one}" for one in checked.get("base_model", ())]
    tags += [f"license:{one}" for one in checked.get("licence", ())]
    query = [("filter", one) for one in tags]
    query += [("author", one) for one in checked.get("author", ())]
    query += [("pipeline_tag", one) for one in checked.get("task", ())]
    query += [("gated", str(one == "gated").lower()) for one in checked.get("access", ())]
    query += [("sort", _SORTS[one]) for one in checked.get("sort", ("trending_score",))]
    if wanted := searched(text):
        query.append(("search", wanted))
    return [*query, ("full", "true"), ("cardData", "true"), ("config", "true")]


def _next_cursor(link: str) -> str:
    """Return the cursor in a Link header's address of the next page; "" after the last page."""
    match = re.search(r"<([^>]{1,8000})>\s*;\s*rel=\"?next", link)
    return parse_qs(urlsplit(match[1]).query).get("cursor", [""])[0] if match else ""


def _is_repository(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _is_revision(name: str) -> bool:
    """Return whether git can have a branch of that name: in an address, dots lead elsewhere."""
    return ".." not in name and not {"", "."} & set(name.split("/"))


def _parsed(key: str) -> tuple[str, str, str]:
    """Return the repository, the revision and the variant in a version's key; "" for none.

    Raises:
        ConfigError: it is none.
    """
    match = _KEY.fullmatch(str(key).strip())
    if match is None or not _is_repository(match[1]) or not _is_revision(match[2] or "main"):
        message = f"{shown(key)} is no repository; write it as on its page: org/name"
        raise ConfigError(message)
    return match[1], match[2] or "", match[3] or DEFAULT
