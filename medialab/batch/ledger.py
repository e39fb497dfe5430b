"""What becomes of the rows of a batch while it runs: begun, done or failed, each written down."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medialab.artifacts import Artifact, Query, Sidecar
from medialab.artifacts.sidecar import read_plain
from medialab.batch.cells import Cell, Outcome
from medialab.batch.executors import Bench
from medialab.batch.journal import JournalWriter
from medialab.batch.neighbours import Joined, Neighbours
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import (
    ArtifactError,
    BatchError,
    CancelledError,
    MediaLabError,
    WorkbenchClosedError,
    first_line,
)
from medialab.process.failures import MOST_ALIKE, reason_of

DONE, FAILED, STARTED, WAITING = "done", "failed", "started", "waiting"
# Pictures that the search for one that was finished, but not noted, looks through.
_MOST_SEARCHED = 1000
# They end a batch, and tell nothing of the row that they meet.
_ENDS = (CancelledError, WorkbenchClosedError)

OnRow = Callable[[int, Mapping[str, Any]], object]


def now() -> str:
    """Return the time as a sidecar has it, in UTC: its text sorts by time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Ledger:
    """Begins rows, and writes down what becomes of them.

    Args:
        bench: The batch's workbench.
        config: Returns the request of a row.
        noted: The last line of each row that has one.
        saved: Pictures of missing rows that are saved already.
        writer: Appends to the journal.
        on_row: Called with each row's number and state once it is made, or has failed.
        neighbours: Finds the rows that are denoised at once with a row; None: there are none.

    Attributes:
        why_stopped: Why no more rows are begun; None as long as they are.
    """

    def __init__(
        self,
        bench: Bench,
        config: Callable[[int], PipelineConfig],
        noted: Mapping[int, Mapping[str, Any]],
        saved: Mapping[int, Artifact],
        writer: JournalWriter,
        on_row: OnRow,
        neighbours: Neighbours | None = None,
    ) -> None:
        self._bench, self._config = bench, config
        self._noted, self._saved, self._writer, self._on_row = noted, saved, writer, on_row
        self._neighbours = neighbours
        self._begun: dict[int, str] = {}  # when each row of this run was begun
        self._failures: list[BaseException] = []
        self.why_stopped: MediaLabError | None = None

    def begin(self, row: int) -> Cell | None:
        """Return the cell of a row, noted as started; None if there is nothing to make.

        That is so if its picture was asked for elsewhere, or finished before the process was
        killed; if its request is refused, or the batch stops.

        Raises:
            BatchError: the journal cannot be written.
        """
        if self.why_stopped is not None:
            return None
        before = self._noted.get(row, {})
        if row in self._saved:
            with suppress(ArtifactError):  # it was removed meanwhile
                self._finish(row, self._saved[row])
                return None
        try:
            if self._neighbours is not None:
                joined = self._neighbours.joined(row)
            else:
                joined = Joined(self._bench.resolve(self._config(row)))
            is_open = before.get("state") == STARTED
            made = self._saved_since(str(before["at"]), joined.config) if is_open else None
        except _ENDS as error:
            self.why_stopped = self.why_stopped or error
            return None
        except MediaLabError as error:
            self._fail(row, error)
            return None
        if made is not None:
            with suppress(ArtifactError):  # it was removed meanwhile
                self._finish(row, made)
                return None
        is_again = bool(before.get("again"))
        begun = self._begun[row] = now()
        self._writer.note(row, STARTED, at=begun, **({"again": True} if is_again else {}))
        return Cell(row, joined.config, is_again, joined.beside, joined.rows)

    def finished(self, cell: Cell) -> Artifact | None:
        """Return the picture of a cell of this run that was saved; None if there is none."""
        return self._saved_since(self._begun[cell.row], cell.config)

    def settle(self, outcome: Outcome) -> None:
        """Write down what became of a cell; one that was cancelled waits again.

        One whose picture was removed as soon as it was saved has failed.

        Raises:
            BatchError: the journal cannot be written.
        """
        cell, error = outcome.cell, outcome.error
        if outcome.artifact is not None:
            try:
                self._finish(cell.row, outcome.artifact)
            except ArtifactError as removed:
                self._fail(cell.row, removed)
        elif isinstance(error, _ENDS):
            self._writer.note(cell.row, WAITING, **({"again": True} if cell.is_again else {}))
            self.why_stopped = self.why_stopped or error
        elif error is not None:
            self._fail(cell.row, error)

    def _finish(self, row: int, artifact: Artifact) -> None:
        facts = _facts(artifact, self._bench.artifacts.folder)
        self._failures.clear()
        self._note(row, {"state": DONE, **facts})

    def _fail(self, row: int, error: BaseException) -> None:
        message = _said(error)
        self._note(row, {"state": FAILED, "error": message})
        self._failures = [*self._failures, error][-MOST_ALIKE:]
        alike = {*map(reason_of, self._failures)}
        if len(self._failures) == MOST_ALIKE and len(alike) == 1 and self.why_stopped is None:
            self.why_stopped = BatchError(
                f"{MOST_ALIKE} pictures in a row failed for the same reason: {message}. Mend it "
                "and run the batch again; what was made is kept"
            )
            self.why_stopped.__cause__ = error

    def _note(self, row: int, state: Mapping[str, Any]) -> None:
        self._writer.note(row, **state)
        self._on_row(row, state)

    def _saved_since(self, since: str, config: ResolvedConfig) -> Artifact | None:
        """Return a picture of these settings that was saved since a time, but not noted."""
        day = datetime.fromisoformat(since).astimezone().date()
        for artifact in self._bench.artifacts.find(Query(since=day), limit=_MOST_SEARCHED):
            if artifact.created < since:
                break
            with suppress(ArtifactError):
                if _is_of(config, Sidecar.read(artifact.sidecar).config):
                    return artifact
        return None


def _is_of(config: ResolvedConfig, saved: ResolvedConfig) -> bool:
    """Return whether a picture was saved for a request; it is, without the models not used."""
    with_all = saved.model_copy(update={"models_sha256": config.models_sha256})
    return with_all == config and saved.models_sha256.items() <= config.models_sha256.items()


def _said(error: BaseException) -> str:
    """Return what an error says, with the kind of one that is not ours."""
    if isinstance(error, MediaLabError):
        return error.message
    return f"{type(error).__name__}: {first_line(error)}"


def _facts(artifact: Artifact, outputs: Path) -> dict[str, Any]:
    """Return what the journal keeps of a picture."""
    sidecar = read_plain(artifact.sidecar)
    try:
        record, sha256 = sidecar["record"], str(sidecar["image"]["sha256"])
        stages = list(record.get("stages", ()))
    except (LookupError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{artifact.sidecar} is not a sidecar of this studio") from error
    return {
        "path": artifact.path.relative_to(outputs).as_posix(),
        "sha256": sha256,
        "seconds": {one["name"]: one.get("seconds", 0.0) for one in stages},
        "cached": [one["name"] for one in stages if one.get("cached")],
        "version": record.get("versions", {}).get("media-lab-studio"),
    }
