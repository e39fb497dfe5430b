"""The pictures of a run or a batch as the tiles of a grid."""

from collections.abc import Sequence
from math import ceil
from typing import Any, Protocol, TypedDict

from medialab.errors import ConfigError
from widgets.viewer.pictures import picture_size


class Tile(TypedDict, total=False):
    """One tile of a grid.

    `image` is the content of a PNG, JPEG or WebP file, b"" while it is being made; `label` stands
    below it, `badge` on it, a few letters such as "★3".
    """

    image: bytes
    label: str
    badge: str


class TileSource(Protocol):
    """Has the pictures of a grid whose tiles come without them."""

    def small(self, index: int) -> bytes:
        """Return the picture on a tile, small; b"" while it is being made."""

    def open(self, index: int) -> object:
        """Show the picture of a tile alone."""

    def compare(self, left: int, right: int) -> object:
        """Compare the pictures of two tiles."""


class Tiles:
    """The tiles of a grid, row by row, with the labels of its rows and columns.

    Args:
        tiles: the tiles.
        rows: the labels of the rows, from top to bottom.
        columns: the labels of the columns, from left to right.
        source: has the pictures of the tiles, if they come without them.

    Raises:
        ConfigError: the tiles do not fill the rows and columns.
        PictureError: a tile is not a picture that can be shown.
    """

    def __init__(
        self,
        tiles: Sequence[Tile],
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        source: TileSource | None = None,
    ) -> None:
        if rows and columns and len(tiles) != len(rows) * len(columns):
            raise ConfigError(
                f"{len(tiles)} tiles do not fill {len(rows)} rows and {len(columns)} columns; "
                f"give {len(rows) * len(columns)}, those still to come with an empty image"
            )
        self.source = source
        self.images = [tile.get("image", b"") for tile in tiles]
        self._labels = [tile.get("label", "") for tile in tiles]
        self._badges = [tile.get("badge", "") for tile in tiles]
        self._rows, self._columns = list(rows), list(columns)
        # The shape of the cells: that of the first tile with a picture, or with a preview before.
        self._size, self._sized_by = (0, 0), -1
        for index, image in enumerate(self.images):
            self._measure(index, image)

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> bytes:
        """Return the picture on a tile, from the source if there is one."""
        if self.source is None:
            return self.images[index]
        image = self.source.small(index)
        self._measure(index, image)
        return image

    def mark(self, index: int, badge: str) -> None:
        """Put a badge on a tile; "" takes it away.

        Raises:
            IndexError: there is no such tile.
        """
        if not 0 <= index < len(self):
            message = f"no tile {index}; the grid has 0 to {len(self) - 1}"
            raise IndexError(message)
        self._badges = [*self._badges[:index], badge, *self._badges[index + 1 :]]

    def name(self, index: int) -> str:
        """Return what a tile is called: by its label, its row and its column, or its number."""
        across = self.across or 1
        row = self._rows[index // across] if self._rows else ""
        column = self._columns[index % across] if self._columns else ""
        named = [part for part in (self._labels[index], row, column) if part]
        return ", ".join(named) or f"Picture {index + 1}"

    @property
    def across(self) -> int:
        """The number of columns; 0 for as many as fit best."""
        if self._rows and not self._columns:
            return ceil(len(self) / len(self._rows))
        return len(self._columns)

    def described(self) -> dict[str, Any]:
        """Return all but the pictures themselves, as the browser takes it."""
        return {
            "labels": self._labels,
            "badges": self._badges,
            "rows": self._rows,
            "columns": self._columns,
            "across": self.across,
            "size": list(self._size),
        }

    def _measure(self, index: int, image: bytes) -> None:
        if image:
            size = picture_size(image, f"tile {index + 1}")
            if self._sized_by in {-1, index}:
                self._size, self._sized_by = size, index
