"""What a person does with the marked pictures of a batch: compare, star, tag, delete, go on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medialab.artifacts import Artifact, ArtifactManager
from medialab.errors import ArtifactError
from medialab.process.events import Event
from widgets.batch_bar import BatchBar
from widgets.batch_tiles import BatchTiles, artifact_of
from widgets.messages import text_of
from widgets.viewer import Viewer


def _nothing(*_what: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class BatchActs:
    """What the owner of a panel does with a batch and its pictures.

    Attributes:
        look: shows a picture alone; None for the viewer itself.
        start: takes a picture as the start picture; None if there is no such thing here.
        use: takes a picture's settings, likewise.
        history: shows pictures in the history, likewise.
        close: told that the batch was put away, likewise.
        changed: told that pictures were marked, deleted or brought back.
        event: told of each event of a picture that is being made, on any thread.
        drawn: told that the state of the batch has changed, on any thread.
    """

    look: Callable[[Artifact], object] | None = None
    start: Callable[[Artifact], object] | None = None
    use: Callable[[Artifact], object] | None = None
    history: Callable[[Sequence[Artifact]], object] | None = None
    close: Callable[[], object] | None = None
    changed: Callable[[], object] = _nothing
    event: Callable[[Event], object] = _nothing
    drawn: Callable[[], object] = _nothing


class BatchMarks:
    """The tiles that a person has marked, and what is done with their pictures.

    Args:
        artifacts: the saved pictures.
        viewer: shows the tiles.
        tiles: the batch's.
        bar: tells how many are marked.
        acts: what the owner does with a picture.
        changed: called with the rows whose pictures were changed, deleted or brought back; with
            None where they are not known.
    """

    def __init__(
        self,
        artifacts: ArtifactManager,
        viewer: Viewer,
        tiles: BatchTiles,
        bar: BatchBar,
        acts: BatchActs,
        changed: Callable[[Sequence[int] | None], object],
    ) -> None:
        self._artifacts, self._viewer, self._tiles = artifacts, viewer, tiles
        self._bar, self._acts, self._changed = bar, acts, changed
        self._deleted: list[Path] = []

    @property
    def rows(self) -> list[int]:
        """The rows of the marked tiles, in the order in which they were marked."""
        rows = (self._tiles.row(index) for index in self._viewer.marked)
        return [row for row in rows if row is not None]

    @property
    def pictures(self) -> list[Artifact]:
        """The pictures on the marked tiles, in that order."""
        found = (artifact_of(path) for path in self._paths())
        return [one for one in found if one is not None]

    def do(self, what: str, details: Mapping[str, Any]) -> None:
        """Do one of `batch_bar.ACTIONS` that is meant for the marked pictures.

        Raises:
            ArtifactError: a picture is gone, or cannot be changed; the others are changed.
        """
        acts: Mapping[str, Callable[[], object]] = {
            "compare": self._compare_two,
            "stars": lambda: self._annotate(stars=int(details["stars"])),
            "tag": lambda: self._annotate(
                add_tags=details.get("add", ()), remove_tags=details.get("remove", ())
            ),
            "delete": self._delete,
            "undo": self._restore,
            "start": lambda: self._with_one(self._acts.start),
            "use": lambda: self._with_one(self._acts.use),
            "history": self._show_in_history,
            "unmark": self.clear,
        }
        acts[what]()

    def clear(self) -> None:
        """Mark no tile."""
        self._viewer.marked = []
        self.tell()

    def tell(self) -> None:
        """Tell how many are marked, and their tags."""
        counts: dict[str, int] = {}
        for one in self.pictures:
            for tag in one.tags:
                counts[tag] = counts.get(tag, 0) + 1
        with self._bar.hold_sync():
            self._bar.marked = len(self._viewer.marked)
            self._bar.tags = [[name, count] for name, count in sorted(counts.items())]

    def compare(self, left: int, right: int) -> None:
        """Compare the pictures of two rows, as large as they are.

        Raises:
            ArtifactError: one of them is not there.
        """
        files = []
        for row in (left, right):
            path = self._tiles.path(row)
            if path is None:
                raise ArtifactError(self._tiles.why_missing(row))
            files.append(path.read_bytes())
        self._viewer.compare_files(self._tiles.index(left), self._tiles.index(right), *files)

    def _paths(self) -> list[Path]:
        return list(dict.fromkeys(filter(None, map(self._tiles.path, self.rows))))

    def _annotate(self, **changes: Any) -> None:
        rows = self.rows
        try:
            self._artifacts.annotate_all(self._paths(), **changes)
        finally:
            self._changed(rows)

    def _delete(self) -> None:
        rows, gone, why = self.rows, [], ""
        for path in self._paths():
            try:
                gone.append(self._artifacts.delete(path))
            except ArtifactError as error:
                why = f"; {text_of(error)}"
        self._deleted = gone
        self._viewer.marked = []
        self._changed(rows)
        told = f"{_counted(len(gone))} moved to the bin{why}"
        self._bar.tell(told, undo=bool(gone), is_error=bool(why))

    def _restore(self) -> None:
        back, self._deleted = self._deleted, []
        for path in back:
            self._artifacts.restore(path)
        self._changed(None)
        self._bar.tell(f"{_counted(len(back))} restored")

    def _compare_two(self) -> None:
        rows = self.rows
        if len(rows) != 2:
            message = "mark exactly two pictures to compare"
            raise ArtifactError(message)
        self.compare(*sorted(rows))

    def _with_one(self, act: Callable[[Artifact], object] | None) -> None:
        chosen = self.pictures
        if len(chosen) != 1:
            message = "mark one picture that is made"
            raise ArtifactError(message)
        if act is not None:
            act(chosen[0])

    def _show_in_history(self) -> None:
        if self._acts.history is not None:
            self._acts.history(self.pictures)


def _counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
