"""Saving the pictures of a run, each once: an equal one that is on the disk is used again."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.artifacts import Artifact, ArtifactManager
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError
from medialab.files.locks import alone
from medialab.runs.cache import StageCache
from medialab.runs.plan import PicturePlan
from medialab.runs.stage_keys import StageKey

if TYPE_CHECKING:
    from PIL import Image

_STAGE = "a saved picture"  # in the cache, beside the results of the stages
_LOCK_DIGITS = 2  # of its key in the name of its lock: at most 256 files, and few wait for others


class PictureSaver:
    """Writes pictures to the outputs folder, and finds those that it has written before.

    The cache remembers where a picture was saved, under everything that decides it; what is there
    now decides, so that a moved, changed or deleted file is no longer found.
    """

    def __init__(self, artifacts: ArtifactManager, cache: StageCache) -> None:
        self._artifacts, self._cache = artifacts, cache

    def save(
        self,
        picture: PicturePlan,
        image: "Image.Image",
        config: ResolvedConfig,
        record: Mapping[str, Any],
        *,
        duplicates: bool = False,
    ) -> tuple[Artifact, bool]:
        """Return the picture's artifact, and whether it was there before.

        Args:
            picture: the plan that it was made by.
            image: the picture.
            config: the settings for its sidecar.
            record: how it was made, for its sidecar.
            duplicates: write it again even if it is there.

        Raises:
            ArtifactError: it could not be written.
        """
        settings = {"config": config.model_dump(mode="json")}
        last = picture.stages[-1].key
        key = replace(last, stage=_STAGE, settings=settings, before=last.digest)
        with self._alone(key):
            if not duplicates and (found := self._found(key, image, config, record)) is not None:
                return found, True
            artifact = self._artifacts.save(image, config, record)
            path = artifact.path.relative_to(self._artifacts.folder)
            self._cache.put(key, path.as_posix().encode())
            return artifact, False

    def _alone(self, key: StageKey) -> AbstractContextManager[object]:
        """Keep other processes from saving the same picture: they find it afterwards."""
        if self._cache.folder is None:
            return nullcontext()
        return alone(self._cache.folder / f".saving-{key.digest[:_LOCK_DIGITS]}.lock")

    def _found(
        self,
        key: StageKey,
        image: "Image.Image",
        config: ResolvedConfig,
        record: Mapping[str, Any],
    ) -> Artifact | None:
        path = self._cache.read(key, lambda value: Path(value.decode()))
        if path is None:
            return None
        try:
            return self._artifacts.same(path, image, config, record)
        except ArtifactError:  # it was deleted, or is not ours any more
            return None
