"""An open batch: its pictures fill a grid; it is stopped and resumed, its pictures are marked."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from medialab.artifacts import ArtifactManager
from medialab.batch.batch import Batch
from medialab.batch.running import BatchRun
from medialab.batch.yaml_text import yaml_of
from medialab.errors import ArtifactError, BatchError, CancelledError
from medialab.process.events import Event
from widgets.batch_bar import BatchBar
from widgets.batch_bar.batch_bar import OFFERED
from widgets.batch_marks import BatchActs, BatchMarks
from widgets.batch_tiles import BatchTiles, artifact_of
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.times import time_text
from widgets.viewer import Viewer

# Rows of a batch up to which its plan is told: reading it takes a moment for each.
_MOST_PLANNED = 2000


@dataclass(frozen=True)
class Making:
    """A run of a batch, and the second of `time.monotonic` when it began."""

    run: BatchRun
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes, by what this run has made; None before the first picture."""
        made = len(self.run.rows)
        left = self.run.total - self.run.done
        return left * (time.monotonic() - self.began) / made if made else None


class BatchPanel:
    """Shows a batch on a viewer with a line below it, and does what a person asks for.

    Args:
        artifacts: the saved pictures.
        viewer: shows the pictures.
        acts: what the owner does.
        show_error: shows an error that is not a picture's.

    Attributes:
        bar: the line.
        tiles: the pictures on the viewer.
        marks: those of them that are marked.
        batch: the batch that is open; None if there is none.
        made_here: the last run of each batch that was started here, by its name.
    """

    def __init__(
        self, artifacts: ArtifactManager, viewer: Viewer, acts: BatchActs, show_error: Show
    ) -> None:
        self._artifacts, self._viewer, self._acts = artifacts, viewer, acts
        self._show_error = show_error
        self.batch: Batch | None = None
        self.made_here: dict[str, Making] = {}
        self._states: list[Mapping[str, Any]] = []
        self._made: set[int] = set()
        self._failed: set[int] = set()
        # The rows that share the picture of another.
        self._sharing: dict[int, list[int]] = {}
        self._lock = threading.RLock()  # the run's thread and callbacks both draw
        self.bar = BatchBar([name for name in OFFERED if getattr(acts, name) is not None])
        self.tiles = BatchTiles(viewer, artifacts, self._open_row, self._compare)
        self.marks = BatchMarks(artifacts, viewer, self.tiles, self.bar, acts, self._changed)
        self.bar.on_act(guarded(self.act, self._tell_error))
        viewer.on_mark_key(guarded(self._press, self._tell_error))
        viewer.on_marked(guarded(lambda _: self.marks.tell(), self._tell_error))

    @property
    def run(self) -> BatchRun | None:
        """The last run of the open batch; None if it never ran here."""
        making = self.made_here.get(self.batch.name) if self.batch is not None else None
        return making.run if making is not None else None

    @property
    def running(self) -> dict[str, Making]:
        """The batches that are being made, open or not, by their names."""
        made = list(self.made_here.items())
        return {name: making for name, making in made if making.run.state == "running"}

    @property
    def is_running(self) -> bool:
        """Whether pictures of the open batch are being made."""
        return self.batch is not None and self.batch.name in self.running

    @property
    def left(self) -> int:
        """How many of its rows are neither made nor failed."""
        return len(self._states) - len(self._made) - len(self._failed)

    def open(self, batch: Batch) -> None:
        """Show a batch, which is not started by that; one that runs here goes on."""
        with self._lock:
            self._take(batch)
            self.tiles.show(batch, self._states)
            self.bar.tell("")
            self.marks.tell()
            self.draw()

    def resume(self) -> BatchRun:
        """Make what is missing, the failed pictures too; without effect while it runs.

        Raises:
            LookupError: no batch is open.
        """
        if self.batch is None:
            message = "no batch is open"
            raise LookupError(message)
        batch = self.batch
        with self._lock:
            if self.run is not None and self.is_running:
                return self.run
            self.bar.tell("")
            run = batch.start(
                guarded(partial(self._took, batch.name), self._show_error),
                on_event=guarded(partial(self._heard, batch.name), self._show_error),
            )
            self.made_here[batch.name] = Making(run)
            self.draw()
        run.then(guarded(lambda: self._ended(batch.name, run), self._show_error))
        return run

    def stop(self, name: str | None = None) -> None:
        """Stop a batch at the next step, by default the open one; what is made stays."""
        named = name or (self.batch.name if self.batch is not None else "")
        if named in self.running:
            self.made_here[named].run.cancel()

    def close(self) -> None:
        """Put the batch away; one that runs goes on."""
        with self._lock:
            self.batch, self._states = None, []
            self.bar.clear()
        if self._acts.close is not None:
            self._acts.close()
        self._acts.drawn()

    def act(self, do: str, details: Mapping[str, Any]) -> None:
        """Do one of `batch_bar.ACTIONS`, of the batch or of the marked pictures.

        Raises:
            ArtifactError: a picture is gone, or cannot be changed; the others are changed.
        """
        if self.batch is None:
            return
        if do == "run":
            self.resume()
        elif do == "stop":
            self.stop()
        elif do == "close":
            self.close()
        elif do == "export":
            self.bar.send_file(
                f"{self.batch.name}.yaml", yaml_of(self.batch.name, self.batch.sweep)
            )
        elif do == "page":
            with self._lock:
                self.tiles.turn(int(details["page"]))
                self.marks.tell()
                self.draw()
        else:
            self.marks.do(do, details)

    def _press(self, key: str) -> None:
        """Do what a key means for the marked pictures: stars, or the bin."""
        if key == "Delete":
            self.act("delete", {})
        else:
            self.act("stars", {"stars": int(key)})

    # --- what happens to it -----------------------------------------------------------------------
    def _take(self, batch: Batch) -> None:
        self.batch = batch
        self._states = list(batch.states())
        self._made, self._failed = set(), set()  # rows of a larger batch would stay
        self._sharing = {}
        for row, first in batch.same.items():
            self._sharing.setdefault(first, []).append(row)
        self.tiles.take(self._states)
        self._count(range(len(self._states)))

    def _count(self, rows: Iterable[int]) -> None:
        """Count anew which of these rows are made or have failed."""
        for row in rows:
            self._made.discard(row)
            self._failed.discard(row)
            if self._states[row]["state"] == "failed":
                self._failed.add(row)
            elif self.tiles.path(row) is not None:
                self._made.add(row)

    def _took(self, name: str, row: int, state: Mapping[str, Any]) -> None:
        """Show a row that is made, or has failed; on the run's thread."""
        with self._lock:
            if self.batch is None or self.batch.name != name:
                self._acts.drawn()
                return
            rows = (row, *self._sharing.get(row, ()))
            for one in rows:
                self._states[one] = state
            self._count(rows)
            for one in rows:
                self.tiles.renew(one)
            self.draw()

    def _heard(self, name: str, row: int, event: Event) -> None:
        """Show how far a picture is; on the thread that draws it."""
        with self._lock:
            if self.batch is not None and self.batch.name == name:
                for one in (row, *self._sharing.get(row, ())):
                    self.tiles.preview(one, event)
        if event.kind != "beside":
            self._acts.event(event)

    def _ended(self, name: str, run: BatchRun) -> None:
        is_open = self.batch is not None and self.batch.name == name
        if is_open:
            with self._lock:
                self.tiles.end_previews()
            self.draw()
        else:
            self._acts.drawn()
        if isinstance(run.error, CancelledError) or run.error is None:
            return
        if not is_open or not isinstance(run.error, BatchError):
            raise run.error
        self.bar.tell(text_of(run.error), is_error=True)

    def _changed(self, rows: Sequence[int] | None) -> None:
        """Show what has become of some rows' pictures, here and elsewhere; None for all."""
        with self._lock:
            every = range(len(self._states)) if rows is None else rows
            shared = {one for row in every for one in (row, *self._sharing.get(row, ()))}
            self._count(shared)
            for row in shared:
                self.tiles.renew(row)
            self.marks.tell()
            self.draw()
        self._acts.changed()

    def _open_row(self, row: int) -> None:
        path = self.tiles.path(row)
        artifact = None if path is None else artifact_of(path)
        if path is None or artifact is None:
            self._viewer.tile = -1
            self.bar.tell(self.tiles.why_missing(row), is_error=row in self._failed)
            return
        if self._acts.look is None:
            self._viewer.show(path.read_bytes(), file_name=path.name)
        else:
            self._acts.look(artifact)
        self._viewer.tile = self.tiles.index(row)

    def _compare(self, left: int, right: int) -> None:
        guarded(self.marks.compare, self._tell_error)(left, right)

    # --- drawing ----------------------------------------------------------------------------------
    def draw(self) -> None:
        """Tell how far the batch is."""
        with self._lock:
            if self.batch is None:
                return
            rows, made, failed = len(self._states), len(self._made), len(self._failed)
            unmeasured = self._unmeasured()
            self.bar.show(
                name=self.batch.name,
                state=self._state(unmeasured),
                told=self._told(unmeasured),
                share=(made + failed) / rows if rows else 0.0,
                left=rows - made + unmeasured,
                failed=failed,
                page=self.tiles.page,
                pages=self.tiles.pages,
                title=self.tiles.title,
            )
        self._acts.drawn()

    def _state(self, unmeasured: int) -> str:
        if self.run is not None and self.run.state != "done":
            return self.run.state
        if len(self._made) == len(self._states) and not unmeasured:
            return "done"
        return "stopped" if self._made or self.run is not None else "waiting"

    def _unmeasured(self) -> int:
        """Return how many pictures lack a metric that is asked for: a run measures at its end."""
        if self.batch is None or self.is_running or not self.batch.measured.asked:
            return 0
        return self.batch.measured.lacking(
            str(self._states[row].get("sha256")) for row in self._made
        )

    def _told(self, unmeasured: int) -> str:
        rows, failed = len(self._states), len(self._failed)
        parts = [f"{len(self._made):,} of {rows:,} made"]
        if failed:
            parts.append(f"{failed:,} failed")
        if self.batch is not None and (making := self.running.get(self.batch.name)):
            seconds = making.seconds_left
            parts.append("making them" if seconds is None else f"about {time_text(seconds)} left")
        elif self.left and self.batch is not None and rows <= _MOST_PLANNED:
            seconds = self.batch.plan.seconds
            parts.append("time not known yet" if seconds is None else f"about {time_text(seconds)}")
        if unmeasured:
            parts.append(f"{unmeasured:,} to measure")
        return " · ".join(parts)

    def _tell_error(self, error: BaseException, trace: str) -> None:
        """Tell a picture's error in the line, and any other where errors are shown."""
        if isinstance(error, ArtifactError | BatchError):
            self.bar.tell(text_of(error), is_error=True)
        else:
            self._show_error(error, trace)
