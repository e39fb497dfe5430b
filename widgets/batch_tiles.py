"""The pictures of a batch as labelled tiles, a page at a time; a page asks for those on it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from medialab.artifacts import Artifact, ArtifactManager
from medialab.batch.axes import Axis
from medialab.batch.batch import Batch
from medialab.batch.pages import Page, pages_of
from medialab.batch.sweep import Sweep
from medialab.errors import ArtifactError
from medialab.process.events import Event
from medialab.stages import MODES
from widgets.requests import value_label
from widgets.viewer import Viewer
from widgets.viewer.tiles import Tile

# Tiles in a row and in a column of a page.
_SIDE = 10
# The longer side of a tile's picture in pixels, for pages of up to so many tiles; those of larger
# ones are the history's thumbnails.
_SIDES = ((16, 512), (36, 320))
_QUALITY = 85  # WebP
_DONE, _FAILED = "done", "failed"

State = Mapping[str, Any]


class BatchTiles:
    """Draws a batch on a viewer, and is the source of its tiles.

    Args:
        viewer: shows the tiles.
        artifacts: the saved pictures.
        open_it: called with the row whose tile a person opens.
        compare: called with the two rows that a person compares.
    """

    def __init__(
        self,
        viewer: Viewer,
        artifacts: ArtifactManager,
        open_it: Callable[[int], object],
        compare: Callable[[int, int], object],
    ) -> None:
        self._viewer, self._artifacts = viewer, artifacts
        self._open_it, self._compare = open_it, compare
        self._sweep: Sweep | None = None
        self._states: Sequence[State] = ()
        self._pages: Sequence[Page] = ()
        self._rows: Sequence[int | None] = ()
        self._stars: dict[int, int] = {}
        self._previews: dict[int, bytes] = {}  # of rows that are being drawn
        self.page = 0

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    @property
    def title(self) -> str:
        """What all pictures of the page have in common; "" if there is nothing more to say."""
        return self._pages[self.page].title if self._pages else ""

    def take(self, states: Sequence[State]) -> None:
        """Take the states of a batch's rows; those that change afterwards are told by `renew`."""
        self._states = states

    def show(self, batch: Batch, states: Sequence[State]) -> None:
        """Show the first page of a batch."""
        self._sweep = batch.sweep
        self._previews.clear()
        self.take(states)
        self._pages = list(_pages(batch.sweep))
        self.turn(0)

    def turn(self, page: int) -> None:
        """Show another page, the nearest that there is."""
        self.page = min(max(page, 0), len(self._pages) - 1)
        own = self._pages[self.page]
        self._rows = [row for cells in own.cells for row in cells]
        self._look_up([row for row in self._rows if row is not None])
        is_table = bool(own.rows)
        labels = [""] * len(self._rows) if is_table else own.columns
        tiles = [
            Tile(image=b"", label=label, badge=self._badge(row))
            for row, label in zip(self._rows, labels, strict=True)
        ]
        columns = own.columns if is_table else ()
        self._viewer.show_grid(tiles, own.rows, columns, self)

    def renew(self, row: int) -> None:
        """Show a row whose state has changed, if it is on the page."""
        self._previews.pop(row, None)
        if row in self._rows:
            self._look_up([row])
            self._viewer.renew_tile(self._rows.index(row), self._badge(row))

    def preview(self, row: int, event: Event) -> None:
        """Show how far stage 3 is with the picture of a row that has none, if it is on the page.

        Later stages may draw a part alone: until they are done, its tile stays as it is.
        """
        if row not in self._rows or event.stage not in MODES or self.path(row) is not None:
            return
        if event.preview is None:
            return
        self._previews[row] = small_copy(event.preview, self._side)
        self._viewer.renew_tile(self._rows.index(row), self._badge(row))

    def end_previews(self) -> None:
        """Take the previews away of pictures that are not being drawn any more."""
        for row in list(self._previews):
            self.renew(row)

    def row(self, index: int) -> int | None:
        """Return the row of a tile of the page; None for a tile that the sweep lacks."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def index(self, row: int) -> int:
        """Return the tile of a row; -1 if it is on another page."""
        return self._rows.index(row) if row in self._rows else -1

    def path(self, row: int) -> Path | None:
        """Return the picture's file of a row; None if it is not made, or gone."""
        state = self._states[row]
        path = self._artifacts.folder / str(state.get("path", ""))
        return path if state["state"] == _DONE and path.is_file() else None

    def why_missing(self, row: int) -> str:
        """Return in words why there is no picture of a row."""
        state = self._states[row]
        label = label_of_row(self._sweep, row) if self._sweep is not None else f"Row {row + 1}"
        if state["state"] == _FAILED:
            return f"{label}: {state.get('error', 'it failed')}"
        why = "is no longer there" if state["state"] == _DONE else "is not made yet"
        return f"{label}: this picture {why}"

    # --- what a viewer asks for -------------------------------------------------------------------
    def small(self, index: int) -> bytes:
        """Return the picture on a tile, small, or its preview; b"" while there is none."""
        row = self.row(index)
        if row is None:
            return b""
        if (path := self.path(row)) is None:
            return self._previews.get(row, b"")
        if len(self._rows) > _SIDES[-1][0]:
            return self._artifacts.thumbnail(path)
        with Image.open(path) as opened:
            return small_copy(opened, self._side)

    def open(self, index: int) -> None:
        """Open the picture of a tile."""
        if (row := self.row(index)) is not None:
            self._open_it(row)

    def compare(self, left: int, right: int) -> None:
        """Compare the pictures of two tiles."""
        rows = self.row(left), self.row(right)
        if rows[0] is not None and rows[1] is not None:
            self._compare(rows[0], rows[1])

    @property
    def _side(self) -> int:
        """The longer side of a tile's picture in pixels, by the number of tiles on the page."""
        sides = (side for most, side in _SIDES if len(self._rows) <= most)
        return next(sides, _SIDES[-1][1])

    def _look_up(self, rows: Sequence[int]) -> None:
        """Read the stars of some rows' pictures."""
        for row in rows:
            path = self.path(row)
            artifact = None if path is None else artifact_of(path)
            self._stars[row] = artifact.stars if artifact is not None else 0

    def _badge(self, row: int | None) -> str:
        if row is None:
            return ""
        state = self._states[row]
        if state["state"] == _FAILED:
            return "failed"
        if state["state"] == _DONE and self.path(row) is None:
            return "deleted"
        stars = self._stars.get(row, 0)
        return f"★{stars}" if stars else ""


def artifact_of(path: Path) -> Artifact | None:
    """Return a saved picture by its path; None if it is gone, or has no sidecar."""
    with suppress(ArtifactError):
        return Artifact.read(path)
    return None


def small_copy(image: Image.Image, side: int) -> bytes:
    """Return a picture as a small WebP file, of at most `side` pixels a side."""
    small = image.convert("RGB")
    small.thumbnail((side, side))
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=_QUALITY)
    return buffer.getvalue()


def _pages(sweep: Sweep) -> Iterator[Page]:
    """Yield the pages of a sweep; where its cells are no table, each cell has its own label."""
    if sweep.how == "grid" and len(sweep.axes) > 1:
        yield from pages_of(sweep, most=_SIDE, name=_named)
        return
    for first in range(0, len(sweep), _SIDE**2):
        rows = range(first, min(first + _SIDE**2, len(sweep)))
        yield Page("", [label_of_row(sweep, row) for row in rows], [], [[*rows]])


def label_of_row(sweep: Sweep, row: int) -> str:
    """Return the values of a row in words, as a tile has them."""
    labels = sweep.labels(row).items()
    return ", ".join(value_label(name, label) for name, label in labels)


def _named(axis: Axis, value: int) -> str:
    return value_label(axis.name, axis.labels[value])
