"""A batch: a sweep with a name, made picture by picture, and resumed after anything."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic_core import to_jsonable_python

from medialab.artifacts import Artifact
from medialab.batch.contact_sheet import ContactSheet
from medialab.batch.elsewhere import Elsewhere
from medialab.batch.executors import BatchExecutor, Bench, OnEvent, QueueExecutor
from medialab.batch.journal import Journal, check_name
from medialab.batch.ledger import DONE, WAITING, OnRow, now
from medialab.batch.metrics.measured import Measured, Picture, check_metrics
from medialab.batch.order import costliest_first, same_pictures
from medialab.batch.pages import Named, pages_of
from medialab.batch.plan import BatchPlan, Records, expected_seconds
from medialab.batch.printing import Printer
from medialab.batch.rows import row_numbers
from medialab.batch.running import BatchRun
from medialab.batch.saved import SavedPictures
from medialab.batch.sweep import Sweep
from medialab.batch.table import table_of
from medialab.config.pipeline import PipelineConfig
from medialab.errors import BatchError, ConfigError
from medialab.process.versions import all_versions
from medialab.settings.fields import DRAWN_BELOW

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "batches"  # in the outputs folder


class Batch:
    """The pictures of a sweep, under a name.

    `run` makes those that are missing. It may be stopped at any moment, by kill -9 too, and called
    again: what was made stays, and each missing picture is made once, with the same bytes.

    Args:
        bench: the workbench that makes the pictures.
        name: of the batch, and of its folder in `outputs/batches`.

    Raises:
        BatchError: there is none of that name, or its files cannot be read.
    """

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench = bench
        self.journal = _journal(bench, name)
        self._disk = SavedPictures(bench.artifacts.folder)
        self._printer: Printer | None = None
        if not self.journal.exists:
            known = ", ".join(names_in(bench.artifacts.folder)) or "none"
            raise BatchError(f"there is no batch {name!r}; known: {known}")
        request = self.journal.request()
        try:
            self.sweep = Sweep.of_plain(request).with_seeds(int(request["drawn_seed"]))
        except (ConfigError, LookupError, AttributeError, TypeError, ValueError) as error:
            message = f"the request of the batch {name!r} cannot be read ({error})"
            raise BatchError(message) from error
        self.journal.rows = len(self.sweep)

    @classmethod
    def begin(cls, bench: Bench, sweep: Sweep, name: str, metrics: Any = ()) -> "Batch":
        """Write a sweep down as a batch, or open the batch of that name and the same settings.

        Args:
            bench: The workbench.
            sweep: What to make.
            name: The batch's.
            metrics: What to measure of its pictures; see `measure`.

        Raises:
            MediaLabError: a metric cannot be measured.
            BatchError: the name is not a folder's, or a batch of that name was begun with other
                settings; the message names what differs.
            ConfigError: the sweep has faults, or a request makes several pictures at once.
        """
        sweep.check()
        _refuse_batch_size(sweep)
        journal = _journal(bench, name)
        check_metrics(metrics, bench.registry)
        journal.begin(
            {
                "created": now(),
                "versions": dict(all_versions()),
                "drawn_seed": secrets.randbelow(DRAWN_BELOW),
                **sweep.as_plain(),
            },
            _as_now,
        )
        batch = cls(bench, name)
        batch.measured.ask(metrics)
        return batch

    @property
    def name(self) -> str:
        """The batch's name."""
        return self.journal.folder.name

    def __len__(self) -> int:
        return len(self.sweep)

    def __repr__(self) -> str:
        return f"Batch({self.name!r}, {len(self):,} pictures)"

    @cached_property
    def same(self) -> Mapping[int, int]:
        """For each row that asks for an earlier row's picture, the number of that row."""
        return same_pictures(self.sweep)

    def config(self, row: int) -> PipelineConfig:
        """Return the request of a row; a seed left to chance is the one drawn for the batch."""
        return self.sweep.config(row)

    @property
    def plan(self) -> BatchPlan:
        """What is still to be made, and what that will cost by this machine's own records."""
        noted = self.journal.states()
        made = self._disk.made(noted) - self.same.keys()
        saved = self.saved(noted).keys()
        records = Records.of(self.bench.artifacts, self.sweep.base)
        left = len(self) - len(self.same) - len(made) - len(saved)
        seconds = expected_seconds(self.sweep, made | saved | self.same.keys(), records)
        return BatchPlan(
            rows=len(self),
            same=len(self.same),
            made=len(made),
            saved=len(saved),
            seconds=None if seconds is None else seconds / self.bench.executor.at_once,
            nbytes=None if records.nbytes is None else records.nbytes * left,
        )

    def states(self) -> list[dict[str, Any]]:
        """Return what has become of each row: `state`, and `path`, `sha256`, `seconds`, `error`.

        A row that asks for an earlier one's picture has that one's.
        """
        noted = self.journal.states()
        waiting: dict[str, Any] = {"state": WAITING}
        return [noted.get(self.same.get(row, row), waiting) for row in range(len(self))]

    @property
    def table(self) -> "pd.DataFrame":
        """One row for each picture.

        Columns are every swept setting and the seed, in their own types; `status`, `path` (in the
        outputs folder), `sha256`, `error`, and the `version` of the studio that made it; for each
        stage its seconds (`seconds.face`) and whether its result was cached (`cached.face`); and
        the metrics that are asked for.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        states = self.states()
        metrics = self.measured.columns([state.get("sha256") for state in states])
        return table_of(self.sweep, states, metrics)

    @cached_property
    def measured(self) -> Measured:
        """The metrics that are asked for, with their values."""
        return Measured(self.journal.folder, self.bench.registry)

    def measure(
        self, metrics: Any = (), is_cancelled: Callable[[], bool] = lambda: False
    ) -> "Batch":
        """Measure the pictures that are made, and return the batch itself.

        Values are kept in the batch's folder: what is measured is not measured again. `run` does
        the same at its end.

        Args:
            metrics: Names of metrics to add to those that were asked for before, as
                `["sharpness", {"difference": "car.png"}]`; see `medialab.batch.metrics`.
            is_cancelled: Asked before each picture, on this thread or another.

        Raises:
            CancelledError: it was cancelled; what was measured by then is kept.
            ConfigError: there is no such metric, or it needs a reference.
            ModelNotFoundError: the model that a metric needs is not in models/detectors.
            MediaLabError: a picture or a model cannot be used.
        """
        self.measured.ask(metrics)
        if self.measured.asked:
            pictures = (
                Picture(self._disk.path(state), str(state["sha256"]), self.config(row).prompt)
                for row, state in enumerate(self.states())
                if row not in self.same and self._disk.has(state)
            )
            self.measured.measure(pictures, is_cancelled)
        return self

    def sheet(
        self,
        rows: Named = None,
        columns: Named = None,
        pages: Named = None,
        *,
        tile: int | None = None,
    ) -> ContactSheet:
        """Return the contact sheet: the pictures that are made, with their values at the edges.

        Its pages are pictures, which are drawn when they are asked for: `sheet[0]`, or each in a
        loop; a notebook shows the first. A grid of more than 10 × 10 takes several.

        Args:
            rows: the axis at the left edge, or several; by default the last but one.
            columns: the axis at the upper edge, or several; by default the last.
            pages: the axes of which each combination has a page of its own; by default all others.
            tile: side of a tile in pixels; by default that of the largest picture, at most 256.

        Raises:
            BatchError: there is no such axis, or one is named twice.
        """
        states = self.states()

        def picture(row: int) -> Image.Image | None:
            if not self._disk.has(states[row]):
                return None
            with suppress(OSError), Image.open(self._disk.path(states[row])) as opened:
                return opened.convert("RGB")
            return None  # damaged, or removed just now

        return ContactSheet([*pages_of(self.sweep, rows, columns, pages)], picture, tile)

    def tag(self, rows: Any, *tags: str) -> None:
        """Give tags to the pictures of rows; rows without a picture are passed over.

        Args:
            rows: Their numbers, a part of the table, or `batch.table["steps"] > 10`.
            *tags: The tags, free or typed: "character:Ada".

        Raises:
            BatchError: there is no such row; nothing is changed.
            ArtifactError: a tag is not possible, or some pictures could not be changed: all others
                are.
        """
        states = self.states()
        chosen = [states[row] for row in row_numbers(rows, len(self))]
        paths = [self._disk.path(state) for state in chosen if self._disk.has(state)]
        self.bench.artifacts.annotate_all(dict.fromkeys(paths), add_tags=tags)

    def write(self) -> list[Path]:
        """Write the table (CSV) and the contact sheets (PNG) into the batch's folder.

        Returns:
            Their paths.

        Raises:
            MissingLibraryError: pandas is not installed.
            BatchError: they cannot be written.
        """
        paths = [self.journal.folder / "table.csv"]
        try:
            self.table.to_csv(paths[0], index_label="row")
            for number, sheet in enumerate(self.sheet(), 1):
                paths.append(self.journal.folder / f"sheet-{number}.png")
                sheet.save(paths[-1])
        except OSError as error:
            message = f"{paths[-1].name} of the batch {self.name!r} cannot be written ({error})"
            raise BatchError(message) from error
        return paths

    def start(
        self,
        on_row: OnRow | None = None,
        executor: BatchExecutor | None = None,
        on_event: OnEvent | None = None,
    ) -> BatchRun:
        """Begin to make every picture that is missing, and return at once.

        A picture that fails is a row with its error, and the others go on.

        Args:
            on_row: called with each row's number and state once it is made, or has failed, on the
                run's thread.
            executor: makes the pictures; by default the workbench's own queue.
            on_event: called with a row and each event of its picture, on any thread.
        """
        return BatchRun(self, executor or QueueExecutor(), on_row, on_event)

    def run(self, on_row: OnRow | None = None, executor: BatchExecutor | None = None) -> "Batch":
        """Make every picture that is missing, and return the batch itself; Ctrl-C stops it.

        Args:
            on_row: as for `start`, but called on this thread.
            executor: as for `start`.

        Raises:
            BatchError: three pictures in a row failed for the same reason, another process makes
                this batch, or its files cannot be written.
            CancelledError: a running picture was cancelled.
        """
        rows: SimpleQueue[tuple[int, Mapping[str, Any]] | None] = SimpleQueue()
        run = self.start(lambda row, state: rows.put((row, state)), executor)
        try:
            run.then(lambda: rows.put(None))
            while (told := rows.get()) is not None:
                if on_row is not None:
                    on_row(*told)
        finally:
            run.cancel()  # if this was left by an error, or by Ctrl-C
            run.wait()
            if self._printer is not None:
                self._printer.close()
                self._printer = None
        run.result()
        return self

    def print_row(self, row: int, state: Mapping[str, Any]) -> None:
        """Print a line about a picture that was made, or has failed, above a bar: for `run`."""
        if self._printer is None:
            noted = self.journal.states()
            before = sum(noted[one]["state"] == DONE for one in noted if one != row)
            self._printer = Printer(self.name, len(self) - len(self.same), before)
        values = ", ".join(f"{name} {label}" for name, label in self.sweep.labels(row).items())
        what = state.get("path") or state.get("error")
        self._printer.print(f"{row + 1} of {len(self)}: {values}: {what}")

    def rerun(self, rows: Any) -> "Batch":
        """Make these rows again, the failed ones or any, then all that are missing.

        Args:
            rows: Their numbers, a part of the table, or `batch.table["status"] == "failed"`.

        Raises:
            BatchError: there is no such row, and nothing is changed; or as `run`.
        """
        numbers = row_numbers(rows, len(self))
        with self.journal.writing() as writer:
            for row in dict.fromkeys(self.same.get(row, row) for row in numbers):
                writer.note(row, WAITING, again=True)
        return self.run()

    def missing(self, noted: Mapping[int, Mapping[str, Any]]) -> Sequence[tuple[int, str]]:
        """Return the rows to make, with their checkpoints, in the order that costs least.

        Args:
            noted: the last line of each row in the journal that has one.
        """
        made = self._disk.made(noted) - self.same.keys()
        return [
            (row, str(self.sweep.settings(row).get("checkpoint", self.sweep.base.checkpoint)))
            for row in costliest_first(self.sweep)
            if row not in self.same and row not in made
        ]

    def saved(self, noted: Mapping[int, Mapping[str, Any]]) -> Mapping[int, Artifact]:
        """Return the pictures of missing rows that are saved already, whatever asked for them.

        Args:
            noted: the last line of each row in the journal that has one.
        """
        made = self._disk.made(noted) - self.same.keys()
        if len(made) == len(self) - len(self.same):
            return {}
        known = {str(noted[row]["path"]) for row in made}
        found = Elsewhere(self.sweep, self.bench.resolve).find(self.bench.artifacts, known)
        firsts = {self.same.get(row, row): one for row, one in found.items()}
        return {
            row: one
            for row, one in firsts.items()
            if row not in made and not noted.get(row, {}).get("again")
        }


def _journal(bench: Bench, name: str) -> Journal:
    return Journal(bench.artifacts.folder / FOLDER / check_name(name))


def _as_now(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a batch's request with the settings that came later, as they were then."""
    try:
        return {**request, **to_jsonable_python(Sweep.of_plain(request).as_plain())}
    except (ConfigError, LookupError, AttributeError, TypeError, ValueError):
        return request  # what differs is told


def names_in(outputs: Path) -> list[str]:
    """Return the names of the batches in an outputs folder, in alphabetical order."""
    folder = outputs / FOLDER
    found = folder.iterdir() if folder.is_dir() else iter(())
    return sorted(one.name for one in found if Journal(one).exists)


def _refuse_batch_size(sweep: Sweep) -> None:
    sizes = [point.get("batch_size") for axis in sweep.axes for point in axis.points]
    if any(size not in {None, 1} for size in (*sizes, sweep.base.batch_size)):
        message = "batch_size: a batch makes one picture a row; sweep the seed instead"
        raise ConfigError(message).about("batch_size")
