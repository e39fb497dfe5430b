"""The studio's batches: begun, listed, opened and imported; the open one fills the canvas' grid."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from medialab import Workbench
from medialab.batch.batch import Batch
from medialab.batch.files import parse_batch
from medialab.batch.journal import check_name
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError, ConfigError
from widgets.batch_marks import BatchActs
from widgets.batch_panel import BatchPanel, Making
from widgets.canvas import Canvas
from widgets.guard import Show
from widgets.messages import text_of
from widgets.queue_rows import BatchRow, QueueRows

_MOST_LISTED = 50  # the newest
_CLOSED_WITHIN = 30  # seconds; a picture is stopped at its next step


class Batches:
    """Begins and opens batches in the studio, of which one is seen at a time.

    Args:
        bench: makes the pictures.
        canvas: shows them.
        queue: shows each batch that is being made as one row.
        acts: what the studio does with a picture of a batch.
        show_error: shows an error of a callback.

    Attributes:
        panel: the open batch.
    """

    def __init__(
        self, bench: Workbench, canvas: Canvas, queue: QueueRows, acts: BatchActs, show_error: Show
    ) -> None:
        self._bench, self._canvas = bench, canvas
        self.panel = BatchPanel(bench.artifacts, canvas.viewer, acts, show_error)
        queue.watch(self._rows, self._act_on)

    @property
    def open_one(self) -> Batch | None:
        """The batch that is open, or None."""
        return self.panel.batch

    @property
    def left(self) -> int:
        """How many pictures of the batches that are being made are not made yet."""
        return sum(one.run.total - one.run.done for one in self.panel.running.values())

    def begin(self, sweep: Sweep, name: str) -> Batch:
        """Begin a batch, or go on with the one of that name and the same settings, and open it.

        Raises:
            BatchError: the name cannot be a folder's, or a batch of that name has other settings.
            ConfigError: the sweep has faults.
        """
        batch = Batch.begin(self._bench, sweep, name)
        self._show(batch)
        self.panel.resume()
        return batch

    def open(self, name: str) -> Batch:
        """Show a batch in the grid; it is not started by that.

        Raises:
            BatchError: there is none of that name, or its files cannot be read.
        """
        batch = self._bench.batch(name)
        self._show(batch)
        return batch

    def take_file(self, name: str, text: str) -> Batch:
        """Open the batch of a file in YAML; it is not started by that.

        Args:
            name: the file's.
            text: its content.

        Raises:
            BatchError: it is no batch's file, or a batch of its name has other settings.
            ConfigError: a setting or an axis is refused.
        """
        read = parse_batch(text, name)
        batch = read.begin(self._bench)
        self._show(batch)
        return batch

    def stop(self) -> None:
        """Stop all batches that are being made; what is made stays."""
        for name in self.panel.running:
            self.panel.stop(name)

    def wait(self, timeout: float | None = None) -> None:
        """Wait (seconds; None for ever) for all batches that are being made.

        Raises:
            TimeoutError: they take longer.
            CancelledError: one was stopped.
            BatchError: one was stopped by failures.
        """
        for making in self.panel.running.values():
            if not making.run.wait(timeout):
                message = "the batch is not finished yet"
                raise TimeoutError(message)
            making.run.result()

    def close(self) -> None:
        """Stop all batches, and wait until nothing of them is being made."""
        running = self.panel.running
        self.stop()
        for making in running.values():
            making.run.wait(_CLOSED_WITHIN)

    def listed(self) -> list[dict[str, Any]]:
        """Return the newest batches: `name` and `told`, how much of each is made."""
        folder = self._bench.artifacts.folder / "batches"
        names = self._bench.batches()
        newest = sorted(names, key=lambda name: -_changed(folder / name))
        return [{"name": name, "told": self._told(name)} for name in newest[:_MOST_LISTED]]

    def free_name(self, sweep: Sweep, wanted: str) -> str:
        """Return a name for a sweep: `wanted`, with a number if that is another batch's."""
        taken = set(self._bench.batches())
        for number in count(1):
            name = wanted if number == 1 else f"{wanted} {number}"
            if name not in taken or self.is_same(sweep, name):
                return name
        raise AssertionError  # the numbers do not end

    def is_same(self, sweep: Sweep, name: str) -> bool:
        """Return whether the batch of that name asks for the same pictures."""
        try:
            Batch.begin(self._bench, sweep, name)  # writes nothing, since it is there
        except (BatchError, ConfigError):
            return False
        return True

    def exists(self, name: str) -> bool:
        """Return whether there is a batch of that name.

        Raises:
            BatchError: it cannot be a batch's name.
        """
        return check_name(name) in self._bench.batches()

    def seeds_of(self, name: str) -> list[int] | None:
        """Return the seeds of a batch, in order; None if there is none of that name."""
        try:
            if not name or not self.exists(name):
                return None
            sweep = self._bench.batch(name).sweep
        except (BatchError, ConfigError):  # told when it is begun
            return None
        points = [point for axis in sweep.axes for point in axis.points]
        swept = [int(point["seed"]) for point in points if "seed" in point]
        return list(dict.fromkeys(swept)) or [sweep.base.seed]

    def _show(self, batch: Batch) -> None:
        self._canvas.hold_grid("Click a picture of the grid to see it", self._lost)
        self.panel.open(batch)

    def _lost(self) -> None:
        """Put the batch away: other pictures have taken its grid's place."""
        self.panel.close()

    def _told(self, name: str) -> str:
        try:
            batch = self._bench.batch(name)
            states = batch.journal.states().values()
        except (BatchError, ConfigError) as error:
            return text_of(error)
        if name in self.panel.running:
            return "being made"
        made = {state["row"] for state in states if state["state"] == "done"}
        made |= {row for row, first in batch.same.items() if first in made}
        return f"{len(made):,} of {len(batch):,} made"

    def _rows(self) -> Sequence[BatchRow]:
        return [_row(name, making) for name, making in self.panel.running.items()]

    def _act_on(self, name: str, do: str) -> None:
        if do == "cancel":
            self.panel.stop(name)
        elif do == "open":
            self.open(name)


def _row(name: str, making: Making) -> BatchRow:
    run = making.run
    return BatchRow(name, run.done, run.total, run.failed, making.seconds_left, run.jobs)


def _changed(folder: Path) -> float:
    """Return when a batch was last worked on."""
    journal = folder / "journal.jsonl"
    file = journal if journal.exists() else folder / "request.json"
    return float(file.stat().st_mtime) if file.exists() else 0.0
