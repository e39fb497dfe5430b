"""The JSON file beside each picture: all that is needed to make it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medialab.errors import ArtifactError
from medialab.files.regular import read_regular
from medialab.settings.config import ResolvedConfig
from medialab.settings.validation import explain

SIDECAR_VERSION: Final = 1
_MOST_BYTES = 64 * 2**20  # of a file: a thousand edited finds have some 300 kB
_LONGEST_SIDE = 10**6  # pixels; no format has room for more


class PictureFacts(BaseModel):
    """The picture's file as it was written; `sha256` is of the whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    width: int = Field(ge=1, le=_LONGEST_SIDE)
    height: int = Field(ge=1, le=_LONGEST_SIDE)


class Sidecar(BaseModel):
    """What was asked (`config`), what was applied (`record`), and what a person said of it since.

    `created` is ISO 8601 in UTC with microseconds, so that its text sorts by time.
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
    def _threads_are_those_of_the_record(cls, read: Any) -> Any:
        """Sidecars of before told them there alone."""
        if not isinstance(read, dict) or not isinstance(read.get("record"), dict):
            return read
        config, threads = read.get("config"), read["record"].get("threads")
        if isinstance(config, dict) and isinstance(threads, int) and "threads" not in config:
            return {**read, "config": {**config, "threads": threads}}
        return read

    def encode(self) -> bytes:
        """The file's content: UTF-8 JSON, indented, since people read it too."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> "Sidecar":
        """The sidecar in a file.

        Raises:
            ArtifactError: there is none, it is no JSON, it was written by a newer version, or a
                setting in it is impossible.
        """
        try:
            text = read_regular(path, _MOST_BYTES)
        except OSError as error:
            raise ArtifactError(f"cannot read the sidecar {path}: {error.strerror}") from error
        try:
            version = _Versioned.model_validate_json(text).schema_version
        except ValidationError as error:
            raise ArtifactError(
                f"{path} is not a sidecar of this studio ({error.errors()[0]['msg']}); move it "
                "away, and the picture's own infotext is read instead"
            ) from error
        if version > SIDECAR_VERSION:
            raise ArtifactError(
                f"{path} has schema_version {version}, this studio knows up to {SIDECAR_VERSION}; "
                "update the studio to read it"
            )
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ArtifactError(f"{path}: {explain(error, cls)}") from error


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
    def of(cls, path: Path, sidecar: Sidecar) -> "Artifact":
        """The artifact at `path`, the picture's, with what its sidecar says."""
        return cls(
            id=f"{path.parent.name}/{path.name.partition('-')[0]}",
            path=path,
            sidecar=path.with_suffix(".json"),
            prompt=sidecar.config.prompt,
            checkpoint=sidecar.config.checkpoint,
            seed=sidecar.config.seed,
            created=sidecar.created,
            tags=sidecar.tags,
            stars=sidecar.stars,
            width=sidecar.image.width,
            height=sidecar.image.height,
        )
