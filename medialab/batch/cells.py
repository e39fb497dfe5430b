"""The cells of a batch that are still to be made, handed out one by one."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Event as Flag

from medialab.artifacts import Artifact
from medialab.config.resolved import ResolvedConfig
from medialab.process.events import Event


@dataclass(frozen=True)
class Cell:
    """One picture to make.

    Attributes:
        row: Its row in the batch's table.
        config: Its request, with every choice made.
        is_again: Whether the row was asked for again, and so gets a new file even of equal pixels.
        beside: The requests of other rows that are denoised at once with it.
        rows_beside: Those rows.
    """

    row: int
    config: ResolvedConfig
    is_again: bool = False
    beside: tuple[ResolvedConfig, ...] = ()
    rows_beside: tuple[int, ...] = ()

    def row_of(self, event: Event) -> int | None:
        """Return the row that an event of the cell's job tells of; None if that is not known."""
        if event.kind != "beside":
            return self.row
        for row, config in zip(self.rows_beside, self.beside, strict=True):
            if config.together is not None and config.together.place == event.place:
                return row
        return None


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its saved picture, or an error."""

    cell: Cell
    artifact: Artifact | None = None
    error: BaseException | None = None


class Cells:
    """The missing cells of a batch, in the order that costs least.

    They are taken on one thread; `close` may be called on any.

    Args:
        rows: The missing rows, each with the name of its checkpoint, in the order to make them.
        begin: Returns a row's cell, written down as begun; None if there is nothing to make.
    """

    def __init__(
        self, rows: Iterable[tuple[int, str]], begin: Callable[[int], Cell | None]
    ) -> None:
        self._rows: dict[str, deque[int]] = {}
        for row, checkpoint in rows:
            self._rows.setdefault(checkpoint, deque()).append(row)
        self._begin = begin
        self._closed = Flag()

    @property
    def are_closed(self) -> bool:
        """Whether no more cells are handed out."""
        return self._closed.is_set()

    @property
    def left(self) -> Mapping[str, int]:
        """How many rows are left of each checkpoint that has any, in their order."""
        return {checkpoint: len(rows) for checkpoint, rows in self._rows.items() if rows}

    def take(self, checkpoint: str | None = None) -> Cell | None:
        """Return the next cell, written down as begun; None if there is none.

        Args:
            checkpoint: Take one of this checkpoint; None to take the first of all.
        """
        while not self._closed.is_set():
            name = next(iter(self.left), "") if checkpoint is None else checkpoint
            rows = self._rows.get(name)
            if not rows:
                break
            if (cell := self._begin(rows.popleft())) is not None:
                return cell
        return None

    def close(self) -> None:
        """Hand out no more cells."""
        self._closed.set()
