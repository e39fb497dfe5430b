"""The JSON file beside each picture: everything needed to make it again."""

import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError
from medialab.files.regular import read_regular
from medialab.process.precisions import PRECISIONS
from medialab.settings.validation import explain

SIDECAR_VERSION: Final = 1
_MOST_BYTES = 64 * 2**20  # limit for a file; a thousand edited detections take some 300 kB
_LONGEST_SIDE = 10**6  # pixels; no format allows more
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # in which nanoseconds have 64 bits, as tables count them


class PictureFacts(BaseModel):
    """Facts about the picture's file: SHA-256 of its content, width and height in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    width: int = Field(ge=1, le=_LONGEST_SIDE)
    height: int = Field(ge=1, le=_LONGEST_SIDE)


class Sidecar(BaseModel):
    """The content of a sidecar.

    Attributes:
        schema_version: Version of this layout.
        created: ISO 8601 in UTC with microseconds, so that its text sorts by time; one that a
            person or another program wrote otherwise is brought into this form.
        config: The settings that were requested, fully resolved.
        record: What was actually applied, by stage.
        image: Facts about the picture's file.
        tags: Words that the user has added.
        stars: The user's rating, 0 to 5.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SIDECAR_VERSION
    created: str
    config: ResolvedConfig
    record: dict[str, Any]
    image: PictureFacts
    tags: tuple[str, ...] = ()
    stars: int = Field(0, ge=0, le=5)

    @model_validator(mode="before")
    @classmethod
    def _computed_as_the_record_says(cls, read: Any) -> Any:
        """Take `threads` and `dtype` from the record, where alone older sidecars have them."""
        if not isinstance(read, dict) or not isinstance(read.get("record"), dict):
            return read
        config, record = read.get("config"), read["record"]
        if not isinstance(config, dict):
            return read
        missing: dict[str, Any] = {}
        if isinstance(record.get("threads"), int) and "threads" not in config:
            missing["threads"] = record["threads"]
        if record.get("dtype") in PRECISIONS and "dtype" not in config:
            missing["dtype"] = record["dtype"]
        return {**read, "config": {**config, **missing}} if missing else read

    @field_validator("created")
    @classmethod
    def _sorted_by_time(cls, written: str) -> str:
        """Return a moment as all sidecars write it; one without a time zone is of UTC."""
        try:
            found = datetime.fromisoformat(written)
            moment = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            message = "it is no moment; write it as 2026-11-22T09:30:00+00:00"
            raise ValueError(message) from error
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            message = f"the year must be from {_FIRST_YEAR} to {_LAST_YEAR}"
            raise ValueError(message)
        return moment.isoformat(timespec="microseconds")

    def encode(self) -> bytes:
        """Encode the sidecar as indented JSON in UTF-8."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> "Sidecar":
        """Read a sidecar's file.

        Raises:
            ArtifactError: the file does not exist, is not a sidecar, was written by a newer
                version, or holds an invalid setting.
        """
        try:
            # An editor may have put a mark before it, as Windows' do.
            text = read_regular(path, _MOST_BYTES).removeprefix(BOM_UTF8)
        except OSError as error:
            raise ArtifactError(f"cannot read the sidecar {path}: {error.strerror}") from error
        try:
            version = _Versioned.model_validate_json(text).schema_version
        except ValidationError as error:
            raise ArtifactError(
                f"{path} is not a sidecar of this studio ({error.errors()[0]['msg']}); if you move "
                "it away, the picture's own infotext is read instead"
            ) from error
        if version > SIDECAR_VERSION:
            raise ArtifactError(
                f"{path} has schema_version {version}, but this studio reads only up to "
                f"{SIDECAR_VERSION}; update the studio"
            )
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ArtifactError(f"{path}: {explain(error, cls)}") from error


def read_plain(path: Path) -> dict[str, Any]:
    """Return a sidecar's content as plain values, of which none is checked.

    Raises:
        ArtifactError: the file does not exist, or is no JSON object.
    """
    try:
        found = json.loads(read_regular(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"cannot read the sidecar {path}: {error}") from error
    if not isinstance(found, dict):
        raise ArtifactError(f"{path} is not a sidecar of this studio")
    return found


class _Versioned(BaseModel):
    schema_version: int


@dataclass(frozen=True)
class Artifact:
    """A picture on disk and its sidecar. `id` is day and number, e.g. "2026-11-22/00007".

    `created` is ISO 8601 in UTC; width and height are in pixels.
    """

    id: str
    path: Path
    sidecar: Path
    prompt: str
    checkpoint: str
    seed: int
    created: str
    tags: tuple[str, ...] = ()
    stars: int = 0
    width: int = 0
    height: int = 0

    @classmethod
    def read(cls, path: Path) -> "Artifact":
        """Return the artifact of a saved picture, from the sidecar beside it.

        Raises:
            ArtifactError: as `Sidecar.read`.
        """
        return cls.of(path, Sidecar.read(path.with_suffix(".json")))

    @classmethod
    def of(cls, path: Path, sidecar: Sidecar) -> "Artifact":
        """Return the artifact of a picture's path and its sidecar's content."""
        return cls(
            id=f"{path.parent.name}/{path.name.partition('-')[0]}",
            path=path,
            sidecar=path.with_suffix(".json"),
            prompt=sidecar.config.prompt,
            checkpoint=sidecar.config.checkpoint if sidecar.config.checkpoint_sha256 else "",
            seed=sidecar.config.seed,
            created=sidecar.created,
            tags=sidecar.tags,
            stars=sidecar.stars,
            width=sidecar.image.width,
            height=sidecar.image.height,
        )
