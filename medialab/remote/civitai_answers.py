"""CivitAI's answers as plain values. Any field may be missing, null or of another type."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from medialab.errors import RemoteError
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.remote.answers import an_object, line, number, objects, text, texts, when
from medialab.remote.civitai_permissions import (
    closed,
    deadline,
    early_access,
    in_early_access,
    licence,
    paid,
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

# CivitAI's type of a model, in lower case -> our kind.
_KINDS = {
    "checkpoint": "checkpoint",
    "unet": "checkpoint",
    "textualinversion": "embedding",
    "lora": "lora",
    "locon": "lora",
    "dora": "lora",
    "controlnet": "controlnet",
    "upscaler": "upscaler",
    "vae": "vae",
    "detection": "detector",
}
# Types of files that are the model itself, and others that are models.
_OF_MODEL = frozenset({"", "model", "pruned model", "negative", "diffusion model", "unet"})
_FILE_KINDS = {"vae": "vae", "controlnet": "controlnet"}
_FORMATS = {"safetensor": "safetensors", "pickletensor": "pickle"}
_SUFFIX_FORMATS = {".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx"}
_HASHES = frozenset({"sha256", "autov1", "autov2", "autov3", "blake3", "crc32"})
_HEX = re.compile(r"[0-9a-f]{6,128}")


class Reading:
    """Reads the answers of one site.

    Args:
        source: The source that the values belong to.
        site: The site's address, for the addresses of pages.
    """

    def __init__(self, source: RemoteSource, site: str) -> None:
        self._source, self._site = source, site

    def models(self, answer: Any) -> tuple[dict[str, RemoteModel], list[str]]:
        """Return the models of a page by their keys, and why other entries are left out.

        Raises:
            RemoteError: it is not a page of models.
        """
        entries = an_object(answer).get("items")
        if not isinstance(entries, list):
            message = f"{self._source.title} does not answer with a list of models; try again later"
            raise RemoteError(message)
        found: dict[str, RemoteModel] = {}
        left_out = []
        for place, entry in enumerate(entries, 1):
            try:
                model = self.model(entry)
            except RemoteError:
                left_out.append(f"entry {place} of a page is not a model with a number")
            else:
                found[model.key] = model
        return found, left_out

    def model(self, answer: Any) -> RemoteModel:
        """Return a model.

        Raises:
            RemoteError: the answer is not one with a number.
        """
        facts = an_object(answer)
        key = self._key(facts, "model")
        versions = Versions(
            self.version(one, facts)
            for one in objects(facts.get("modelVersions"))
            if number(one.get("id"))
        )
        newest = versions[0] if versions else None
        primary = newest.primary if newest else None
        stats = an_object(facts.get("stats"))
        said = line(facts.get("type"))
        return RemoteModel(
            source=self._source.name,
            key=key,
            name=line(facts.get("name")) or f"model {key}",
            kind=_KINDS.get(said.lower(), ""),
            type_said=said,
            base_model=newest.base_model if newest else "",
            creator=line(an_object(facts.get("creator")).get("username")),
            downloads=number(stats.get("downloadCount")),
            likes=number(stats.get("thumbsUpCount")),
            is_mature=facts.get("nsfw") is True,
            published=newest.published if newest else None,
            size_bytes=primary.size_bytes if primary else None,
            licence=licence(facts),
            trained_words=newest.trained_words if newest else (),
            tags=texts(facts.get("tags")),
            page=f"{self._site}/models/{key}",
            description=text(facts.get("description")),
            versions=versions,
            facts=Facts(facts),
        )

    def versions(self, answer: Any) -> list[RemoteVersion]:
        """Return the versions of an answer for several hashes.

        Raises:
            RemoteError: it is not a list.
        """
        if not isinstance(answer, list):
            message = f"{self._source.title} does not answer with a list of versions"
            raise RemoteError(f"{message}; try again later")
        return [self.version(one) for one in objects(answer) if number(one.get("id"))]

    def version(self, answer: Any, model: Mapping[str, Any] | None = None) -> RemoteVersion:
        """Return a version.

        Args:
            answer: The version's JSON.
            model: Its model's, if the version is listed inside it.

        Raises:
            RemoteError: the answer is not one with a number.
        """
        facts = an_object(answer)
        key = self._key(facts, "version")
        about = model if model is not None else an_object(facts.get("model"))
        of = str(number(facts.get("modelId")) or number(about.get("id")) or "")
        said = line(about.get("type"))
        kind = _KINDS.get(said.lower(), "")
        until = early_access(facts)
        shut = closed(facts, about)
        return RemoteVersion(
            source=self._source,
            key=key,
            model=of,
            name=line(facts.get("name")) or key,
            model_name=line(about.get("name")) or (f"model {of}" if of else f"version {key}"),
            kind=kind,
            type_said=said,
            base_model=line(facts.get("baseModel")),
            trained_words=texts(facts.get("trainedWords")),
            description=text(facts.get("description")),
            licence=licence(about),
            published=when(facts.get("publishedAt")) or when(facts.get("createdAt")),
            files=tuple(
                self._file(one, facts, kind, shut)
                for one in objects(facts.get("files"))
                if number(one.get("id")) or line(one.get("name"))
            ),
            pictures=tuple(filter(None, map(_picture, objects(facts.get("images"))))),
            restricted=shut or (in_early_access(until) if until else paid(facts)),
            early_access_until=until,
            page=f"{self._site}/models/{of}?modelVersionId={key}" if of else "",
            facts=Facts(facts),
        )

    def _file(
        self, facts: Mapping[str, Any], version: Mapping[str, Any], kind: str, shut: str
    ) -> RemoteFile:
        metadata = an_object(facts.get("metadata"))
        name = line(facts.get("name"))
        suffix = PurePosixPath(name).suffix.lower()
        said = line(metadata.get("format")).lower()
        format_ = _FORMATS.get(said, said if said not in {"other", ""} else "")
        if suffix in PICKLE_SUFFIXES:
            format_ = "pickle"
        type_ = line(facts.get("type")).lower()
        kind = kind if type_ in _OF_MODEL else _FILE_KINDS.get(type_, "")
        format_ = format_ or _SUFFIX_FORMATS.get(suffix, "")
        early = {"earlyAccessEndsAt": until} if (until := deadline(version)) else {}
        return RemoteFile(
            source=self._source,
            key=str(number(facts.get("id")) or name),
            version=str(number(version.get("id"))),
            name=name,
            kind=kind,
            size_bytes=_size(facts.get("sizeKB")),
            hashes=_hashes(facts.get("hashes")),
            format=format_,
            precision=line(metadata.get("fp")).lower(),
            is_primary=facts.get("primary") is True,
            refused=shut or _refused(facts, name, kind, format_, type_),
            url=text(facts.get("downloadUrl"), 4000),
            facts=Facts({**facts, **early}),
        )

    def _key(self, facts: Mapping[str, Any], what: str) -> str:
        if not (key := number(facts.get("id"))):
            message = f"{self._source.title} does not answer with a {what}; try again later"
            raise RemoteError(message)
        return str(key)


def _refused(
    facts: Mapping[str, Any], name: str, kind: str, format_: str, type_: str
) -> str | None:
    """Return why a file is not downloaded, from the listing alone."""
    shown = name or "this file"
    if format_ == "pickle":
        return refusal(shown)
    for scan in ("virusScanResult", "pickleScanResult"):
        if line(facts.get(scan)).lower() == "danger":
            return f"CivitAI's scan calls {shown} dangerous"
    if format_ not in {"", "safetensors", "gguf", "onnx"}:
        return f"{shown} is of the format {format_!r}; a model is one .safetensors file"
    if not kind:
        what = f"a file of the type {type_!r}" if type_ not in _OF_MODEL else "of a type"
        return f"{shown} is {what} that the studio has no use for"
    return None


def _size(kilobytes: Any) -> int | None:
    """Return a size in bytes; CivitAI counts in units of 1024, with all digits."""
    if isinstance(kilobytes, bool) or not isinstance(kilobytes, int | float):
        return None
    return number(round(kilobytes * 1024)) or None if 0 < kilobytes < 2**43 else None


def _hashes(value: Any) -> dict[str, str]:
    found = {name.lower(): line(digest).lower() for name, digest in an_object(value).items()}
    return {
        name: digest
        for name, digest in found.items()
        if name in _HASHES and _HEX.fullmatch(digest) and (name != "sha256" or len(digest) == 64)
    }


def _picture(facts: Mapping[str, Any]) -> RemotePicture | None:
    url = line(facts.get("url"))
    if not url.startswith(("https://", "http://")):
        return None
    level = number(facts.get("nsfwLevel"))
    nsfw = facts.get("nsfw")
    return RemotePicture(
        url=url,
        width=number(facts.get("width")) or None,
        height=number(facts.get("height")) or None,
        is_video=line(facts.get("type")).lower() == "video",
        # Level 1 is for everyone; older answers have a word in place of a level.
        is_mature=level > 1 if level is not None else nsfw not in (None, False, "None"),
        settings=Facts(an_object(facts.get("meta"))),
    )
