"""Hugging Face's answers as plain values. Any field may be missing, null or of another type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from medialab.errors import RemoteError
from medialab.files.folder_parts import INDEX
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.remote.answers import an_object, line, number, objects, text, texts, when
from medialab.remote.huggingface_cards import base_model, kind_said, licence, trained_words
from medialab.remote.huggingface_folders import (
    DEFAULT,
    folder_files,
    is_inside,
    variants,
)
from medialab.remote.listings import (
    Facts,
    RemoteFile,
    RemoteModel,
    RemotePicture,
    RemoteVersion,
    Versions,
)
from medialab.remote.source import RemoteSource

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORMATS = {".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx"}
# Names of files that say nothing: the repository's name is told in their place.
_NAMELESS = frozenset(
    {
        *("pytorch_lora_weights", "diffusion_pytorch_model", "adapter_model", "model", "lora"),
        "learned_embeds",
    }
)
_MATURE = "not-for-all-audiences"


class Reading:
    """Reads the answers of one endpoint.

    Args:
        source: The source that the values belong to.
        endpoint: Its address, for the addresses of pages.
        address: Returns the address of a file of a repository at a commit.
        has_token: Whether a token is sent, for the words on gated repositories.
    """

    def __init__(
        self,
        source: RemoteSource,
        endpoint: str,
        address: Callable[[str, str, str], str],
        *,
        has_token: bool,
    ) -> None:
        self._source, self._endpoint, self._address = source, endpoint, address
        self._has_token = has_token

    def models(self, answer: Any) -> tuple[dict[str, RemoteModel], list[str]]:
        """Return the models of a page by their keys, and why other entries are left out.

        Raises:
            RemoteError: it is not a page of models.
        """
        if not isinstance(answer, list):
            message = f"{self._source.title} does not answer with a list of models; try again later"
            raise RemoteError(message)
        found: dict[str, RemoteModel] = {}
        left_out = []
        for place, entry in enumerate(answer, 1):
            try:
                model = self.model(entry, is_whole=False)
            except RemoteError:
                left_out.append(f"entry {place} of a page is not a model with a name")
            else:
                found.setdefault(model.key, model)
        return found, left_out

    def model(self, answer: Any, *, is_whole: bool = True) -> RemoteModel:
        """Return a repository as a model.

        Args:
            answer: The hub's answer.
            is_whole: Whether it tells the files' sizes and hashes, as no search does: otherwise
                the version has no files until it is asked for by its key.

        Raises:
            RemoteError: the answer has no name.
        """
        facts = an_object(answer)
        repo = self._name(facts)
        card = an_object(facts.get("cardData"))
        tags = texts(facts.get("tags"))
        if is_whole:
            found = self.versions(facts)
        else:
            found = [replace(self._version(facts, DEFAULT), files=())] if facts.get("sha") else []
        newest = found[0] if found else None
        primary = newest.primary if newest else None
        return RemoteModel(
            source=self._source.name,
            key=repo,
            name=repo.rpartition("/")[2],
            kind=kind_said(facts),
            type_said=line(facts.get("pipeline_tag")) or line(facts.get("library_name")),
            base_model=base_model(card, tags),
            creator=line(facts.get("author")) or repo.rpartition("/")[0],
            downloads=number(facts.get("downloads")),
            likes=number(facts.get("likes")),
            is_mature=_MATURE in tags,
            published=when(facts.get("lastModified")) or when(facts.get("createdAt")),
            size_bytes=primary.size_bytes if primary else None,
            licence=licence(card, tags),
            trained_words=trained_words(card),
            tags=tags,
            page=self._page(repo),
            versions=Versions(found),
            facts=Facts(facts),
        )

    def versions(self, answer: Any) -> list[RemoteVersion]:
        """Return a repository's state as versions: one for each variant of its weights.

        Raises:
            RemoteError: the answer has no name or no commit.
        """
        facts = an_object(answer)
        names = [one.name for one in self.files(facts)]
        return [self._version(facts, variant) for variant in variants(names)]

    def version(self, answer: Any, variant: str = DEFAULT) -> RemoteVersion:
        """Return the version with a variant of the weights, pinned to the commit.

        Raises:
            RemoteError: the answer has no name or no commit.
        """
        return self._version(an_object(answer), variant)

    def files(self, answer: Any, variant: str = DEFAULT) -> list[RemoteFile]:
        """Return all files of a repository; those that are not downloaded with the reason.

        Raises:
            RemoteError: the answer has no name or no commit.
        """
        facts = an_object(answer)
        repo, kind = self._name(facts), kind_said(facts)
        key = f"{repo}@{_commit(facts)}{f':{variant}' if variant else ''}"
        listed = [one for one in objects(facts.get("siblings")) if line(one.get("rfilename"))]
        return [self._file(one, key, kind) for one in listed]

    def _version(self, facts: Mapping[str, Any], variant: str) -> RemoteVersion:
        repo, card = self._name(facts), an_object(facts.get("cardData"))
        every = self.files(facts, variant)
        inside = [one.key for one in every if is_inside(one.key)]
        needed = folder_files(inside, variant)
        files = [one for one in every if one.key in needed] or _with_primary(every, repo)
        commit = _commit(facts)
        return RemoteVersion(
            source=self._source,
            key=f"{repo}@{commit}{f':{variant}' if variant else ''}",
            model=repo,
            name=f"{commit[:10]}{f', {variant}' if variant else ''}",
            model_name=repo.rpartition("/")[2],
            kind=kind_said(facts),
            type_said=line(facts.get("pipeline_tag")) or line(facts.get("library_name")),
            base_model=base_model(card, texts(facts.get("tags"))),
            trained_words=trained_words(card),
            licence=licence(card, texts(facts.get("tags"))),
            published=when(facts.get("lastModified")) or when(facts.get("createdAt")),
            files=tuple(files),
            pictures=tuple(self._pictures(card, repo, commit)),
            restricted=self._restricted(facts, repo),
            is_folder=bool(needed),
            page=self._page(repo),
            facts=Facts(facts),
        )

    def _file(self, facts: Mapping[str, Any], key: str, kind: str) -> RemoteFile:
        name = text(facts.get("rfilename"), 1000)
        lfs = an_object(facts.get("lfs"))
        sha256 = line(lfs.get("sha256")).lower()
        suffix = PurePosixPath(name).suffix.lower()
        size = number(lfs.get("size"))
        return RemoteFile(
            source=self._source,
            key=name,
            version=key,
            name=name,
            kind=kind,
            size_bytes=number(facts.get("size")) if size is None else size,
            hashes={"sha256": sha256} if _SHA256.fullmatch(sha256) else {},
            format="pickle" if suffix in PICKLE_SUFFIXES else _FORMATS.get(suffix, suffix[1:]),
            refused=_refused(name, suffix),
            facts=Facts(facts),
        )

    def _pictures(self, card: Mapping[str, Any], repo: str, commit: str) -> list[RemotePicture]:
        """Return the example pictures of a card's widget, which lie in the repository."""
        found = []
        for one in objects(card.get("widget")):
            place = line(an_object(one.get("output")).get("url"))
            if place and is_inside(place):
                settings = {"prompt": text(one.get("text"))} if one.get("text") else {}
                url = self._address(repo, place, commit)
                found.append(RemotePicture(url=url, settings=Facts(settings)))
        return found

    def _restricted(self, facts: Mapping[str, Any], repo: str) -> str:
        if facts.get("disabled") is True:
            return "Hugging Face has disabled it"
        if facts.get("private") is True:
            return "it is private"
        if not facts.get("gated"):
            return ""
        then = "" if self._has_token else ", then set HF_TOKEN to your access token"
        return (
            "it is given only to those who accept its conditions: sign in and do so at "
            f"{self._page(repo)}{then}"
        )

    def _page(self, repo: str) -> str:
        return f"{self._endpoint}/{repo}"

    def _name(self, facts: Mapping[str, Any]) -> str:
        repo = line(facts.get("id")) or line(facts.get("modelId"))
        if not repo:
            message = f"{self._source.title} does not answer with a repository; try again later"
            raise RemoteError(message)
        return repo


def _commit(facts: Mapping[str, Any]) -> str:
    commit = line(facts.get("sha")).lower()
    if not _COMMIT.fullmatch(commit):
        message = "Hugging Face does not say which commit it answers with; try again later"
        raise RemoteError(message)
    return commit


def _refused(name: str, suffix: str) -> str | None:
    """Return why a file is not downloaded, by its name alone."""
    if not is_inside(name):
        return "its name leads out of its folder"
    if suffix in PICKLE_SUFFIXES:
        return refusal(PurePosixPath(name).name)
    if suffix not in {*_FORMATS, ".json", ".txt", ".model"}:
        return f"the studio has no use for a {suffix or 'nameless'} file"
    return None


def as_model(file: RemoteFile) -> RemoteFile:
    """Return a file as a model by itself, named after its repository where its own name is empty.

    A text is no model.
    """
    if file.refused is None and file.format not in _FORMATS.values():
        return replace(file, refused="it is no model by itself")
    path = PurePosixPath(file.name)
    if path.stem.lower() in _NAMELESS:
        repo = file.version.partition("@")[0]
        return replace(file, name=f"{repo.rpartition('/')[2]}{path.suffix}")
    return replace(file, name=path.name)


def _with_primary(every: list[RemoteFile], repo: str) -> list[RemoteFile]:
    """Return the files of a repository of single files, with the one that a download gets.

    It is the one that is named after the repository; else the largest. Beside the index of a
    folder, files in its subfolders are parts. Pickles come first, since they are the reason where
    nothing can be downloaded.
    """
    has_parts = any(one.key == INDEX for one in every)
    files = [
        replace(one, refused=one.refused or "it is a part of a model")
        if has_parts and "/" in one.key
        else as_model(one)
        for one in every
    ]
    usable = [one for one in files if one.refused is None]
    own = repo.rpartition("/")[2].lower()
    named = [one for one in usable if PurePosixPath(one.name).stem.lower() == own]
    best = max(named or usable, key=lambda one: one.size_bytes or 0, default=None)
    files.sort(key=lambda one: one.format != "pickle")
    return [replace(one, is_primary=True) if one is best else one for one in files]
