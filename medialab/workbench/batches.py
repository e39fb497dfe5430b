"""The workbench's batches: begun, opened, listed."""

from collections.abc import Mapping
from typing import Any

from medialab.batch.batch import Batch, names_in
from medialab.batch.executors import Bench
from medialab.batch.sweep import How, Sweep
from medialab.config.pipeline import PipelineConfig, as_request


class OfBatches:
    """Batches: many pictures of one request that is varied."""

    def sweep(
        self: Bench,
        config: PipelineConfig,
        axes: Mapping[str | tuple[str, ...], Any],
        how: How = "grid",
        *,
        name: str,
        count: int | None = None,
        seed: int = 0,
        metrics: Any = (),
    ) -> Batch:
        """Begin a batch: a picture for every combination of some values; `run` makes them.

        Called again with the same name and settings, it goes on with what is missing.

        Args:
            config: The request that is varied.
            axes: Values by the dotted names of settings, as a list or as text such as "1-10 (+2)";
                see `medialab.batch.axes.read_axis`.
            how: "grid" for all combinations, "zip" for the axes side by side, "random" for `count`
                different ones of the grid's.
            name: The batch's, and its folder's in outputs/batches.
            count: How many, with "random".
            seed: Of the choice, with "random".
            metrics: What to measure of its pictures: see `Batch.measure`.

        Raises:
            ConfigError: a value or a combination is refused; all are told at once.
            BatchError: the name is not a folder's, or a batch of that name has other settings.
        """
        return Batch.begin(
            self, Sweep(as_request(config), axes, how, count=count, seed=seed), name, metrics
        )

    def batch(self: Bench, name: str) -> Batch:
        """Open a batch from the disk.

        Raises:
            BatchError: there is none of that name, or its files cannot be read.
        """
        return Batch(self, name)

    def batches(self: Bench) -> list[str]:
        """Return the names of all batches, in alphabetical order."""
        return names_in(self.artifacts.folder)
