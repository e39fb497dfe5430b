"""The workbench's pictures: kept, found, compared, read from elsewhere."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.artifacts import Artifact, ArtifactManager, SettingsReader
from medialab.artifacts.made_before import saved_before
from medialab.artifacts.table import query_of
from medialab.artifacts.why import Why
from medialab.config.pipeline import PipelineConfig
from medialab.errors import MediaLabError
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.restored import ReadSettings
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.process.jobs import Job
from medialab.runs.control_images import control_image
from medialab.runs.executor import Executor, KernelExecutor
from medialab.runs.resolver import Resolver
from medialab.runs.run import Run
from medialab.runs.verifying import why_different
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import RANDOM_SEED

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image


class OfPictures:
    """Pictures: kept, found, compared, read from elsewhere."""

    artifacts: ArtifactManager
    executor: Executor
    pictures: PictureStore
    registry: ModelRegistry
    _reader: SettingsReader
    _resolver: Resolver

    def keep(self, picture: Any) -> str:
        """Store a picture to start from, or a mask, and return its name in configs.

        Args:
            picture: An image of PIL; a numpy array, (height, width) or (height, width, 3); the path
                or the content of a picture's file; or a run, of which it is the first picture, or
                an artifact.

        Raises:
            PictureError: it is not a picture, or is broken or far too large.
        """
        if isinstance(picture, Run):
            picture = picture.image
        return self.pictures.keep(picture.path if isinstance(picture, Artifact) else picture)

    def read_settings(
        self,
        source: str | Path | bytes,
        *,
        now: PipelineConfig | None = None,
        may_read: int | None = MOST_READ,
    ) -> ReadSettings:
        """Read the settings of any program, from a copied text or a picture's file.

        Supported are the texts of A1111, its forks, its API and CivitAI, ComfyUI's graphs, the JSON
        of SwarmUI, Fooocus, NovelAI, InvokeAI, Easy Diffusion and Draw Things, and this studio's
        own (docs/settings-from-elsewhere.md). Models are found by their hashes.

        Args:
            source: The text; or the path of a picture or a text; or the bytes of a picture.
            now: The config whose checkpoint is kept if the one in the settings is not here.
            may_read: Bytes of models that may be read to compute hashes that are not known yet,
                about 5 s per gigabyte; None for no limit.

        Returns:
            A `config` with every setting that could be read; `set` and `left_out` list which were
            and were not, with reasons, and `summary` says it in sentences.

        Raises:
            ArtifactError: there is no such file, or it has no settings.
            PictureError: the bytes are not a readable picture.
            ConfigError: the text is too long for settings.
        """
        return self._reader.read(source, now=now, may_read=may_read)

    def find(self, text: str = "", **conditions: Any) -> "pd.DataFrame":
        """Return the saved pictures that meet all conditions as a table, newest first.

        `bench.find("meadow steps:>20", tag="character:Ada", lora="ink", since="2026-11-01")`

        Args:
            text: Words and settings, as typed into the history's search field.
            **conditions: `tag` (one or several in full; "character:" for any of that type), `lora`,
                `model`, `seed`, `since` and `until` (days, such as "2026-11-22"), `stars` (at
                least), `order` (newest, oldest, stars, name, prompt, model, seed, size).

        Returns:
            A row a picture; its columns are described in `medialab.artifacts.table`.

        Raises:
            ArtifactError: a condition is not possible; the message says what is.
            MissingLibraryError: pandas is not installed.
        """
        return self.artifacts.table(query_of(text, **conditions))

    def why(self, one: Any, other: Any) -> Why:
        """Say why two pictures differ: settings, models' files, versions, device, threads.

        Args:
            one: A run, an artifact, or the path of a saved picture.
            other: Likewise.

        Returns:
            The reasons, the most telling first, and what is not different; `print` it.

        Raises:
            ArtifactError: there is no such picture here.
        """
        return why_different(one, other, self.artifacts)

    def control_image(self, unit: ControlUnit) -> "Image.Image":
        """Return what a ControlNet will be shown of its own picture, without any run.

        At most 768 pixels a side. A preprocessor with a model loads it on the caller's thread.

        Raises:
            ConfigError: the unit has no picture of its own, or its model is of another kind.
            MissingLibraryError: the preprocessor needs a library that is not installed.
        """
        return control_image(unit, self.registry, self.pictures)

    def submit_control_image(
        self, unit: ControlUnit, then: "Callable[[Image.Image], object]"
    ) -> bool:
        """Make a control image on the worker, for preprocessors with a model; returns at once.

        Args:
            unit: As for `control_image`.
            then: Called with the control image on the worker's thread; not if it cannot be made.

        Returns:
            Whether there is a worker in this process; if not, nothing is made.
        """
        if not isinstance(self.executor, KernelExecutor):
            return False

        def make(_job: Job[None]) -> None:
            with suppress(MediaLabError):  # it is reported when the ControlNet is used
                then(self.control_image(unit))

        self.executor.queue.submit(make, label=f"Control picture: {unit.preprocessor}")
        return True

    def made_before(self, config: PipelineConfig) -> list[Artifact]:
        """Return the saved pictures of a request that was made before, file by file.

        They are [] if any picture is not there, or the seed is random: every run is another then.

        Raises: as `resolve`.
        """
        varies = config.is_varied and config.variation_seed == RANDOM_SEED
        if config.seed == RANDOM_SEED or varies:
            return []
        planned = self._resolver.plan(config).pictures
        return saved_before([one.config for one in planned], self.artifacts)
