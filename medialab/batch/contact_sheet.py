"""Contact sheets: many pictures in a grid, with the values that made them at its edges."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from itertools import islice
from typing import overload

from PIL import Image, ImageDraw

from medialab.batch.letters import written
from medialab.batch.pages import Page

# Pixels: between tiles, and the least size of a label's letters.
_GAP, _LETTERS = 8, 14
_TILE = 256
_PAPER, _INK, _EMPTY = "white", "#212121", "#eeeeee"
# Labels at the left edge have at least this room in pixels; all have at most so many lines.
_EDGE, _MOST_LINES = 160, 3

Opened = Callable[[int], Image.Image | None]
"""Returns the picture of a row, or None where there is none."""


class ContactSheet(Sequence[Image.Image]):
    """The pages of a contact sheet, each drawn when it is asked for.

    Args:
        pages: the pages.
        picture: returns the picture of a row; it is called when a page is drawn.
        tile: side of a tile in pixels; see `draw`.
    """

    def __init__(self, pages: Sequence[Page], picture: Opened, tile: int | None = None) -> None:
        self.pages = pages
        self._draw = partial(draw, picture=picture, tile=tile)

    def __len__(self) -> int:
        return len(self.pages)

    @overload
    def __getitem__(self, place: int) -> Image.Image: ...
    @overload
    def __getitem__(self, place: slice) -> "ContactSheet": ...
    def __getitem__(self, place: int | slice) -> "Image.Image | ContactSheet":
        if isinstance(place, slice):
            part = ContactSheet(self.pages[place], _no_picture)
            part._draw = self._draw
            return part
        return self._draw(self.pages[place])

    def __iter__(self) -> Iterator[Image.Image]:
        return map(self._draw, self.pages)

    def __repr__(self) -> str:
        return f"ContactSheet of {len(self)} page{'' if len(self) == 1 else 's'}"

    def _repr_png_(self) -> bytes | None:
        """Return the first page, for a notebook."""
        for first in islice(self, 1):
            content = BytesIO()
            first.save(content, "PNG")
            return content.getvalue()
        return None


class _Label:
    """A label in lines, with the font that has its letters.

    Args:
        text: the label; the last line is cut if there would be too many.
        room: the width of a line, in pixels.
        size: of the letters, in pixels.
    """

    def __init__(self, text: str, room: float, size: int) -> None:
        text, self.font = written(text, size)
        self.lines = _wrapped(text, room, self.font.getlength)
        ascent, descent = self.font.getmetrics()
        self.line = ascent + descent
        self.height = self.line * len(self.lines)
        self.width = max(map(self.font.getlength, self.lines), default=0.0)

    def write(self, pen: ImageDraw.ImageDraw, left: int, upper: int) -> None:
        for number, line in enumerate(self.lines):
            pen.text((left, upper + number * self.line), line, fill=_INK, font=self.font)


def draw(page: Page, picture: Opened, tile: int | None = None) -> Image.Image:
    """Return a page as one picture.

    Args:
        page: the page.
        picture: returns the picture of a row, or None where there is none: its tile stays grey.
        tile: side of a tile in pixels; by default that of the largest picture, but at most 256.
            Pictures are fitted into it and never enlarged.
    """
    cells = [cell for line in page.cells for cell in line if cell is not None]
    pictures = {
        cell: _small(image, tile or _TILE) for cell in cells if (image := picture(cell)) is not None
    }
    tile = tile or max((max(one.size) for one in pictures.values()), default=_TILE)
    size = max(_LETTERS, tile // 16)
    columns = [_Label(label, tile, size) for label in page.columns]
    rows = [_Label(label, max(tile, _EDGE), size) for label in page.rows]
    captions = {cell: _Label(page.captions.get(cell, ""), tile, size) for cell in cells}
    widest = max((label.width for label in rows), default=0)
    edge = int(widest) + 1 + 2 * _GAP if widest else _GAP
    below = max((label.height for label in captions.values()), default=0)
    across, down = tile + _GAP, tile + _GAP + below + (_GAP // 2 if below else 0)
    width = edge + across * len(page.cells[0])
    title = _Label(page.title, width - 2 * _GAP, size)
    top = 2 * _GAP + title.height + max((label.height for label in columns), default=0)
    sheet = Image.new("RGB", (width, top + down * len(page.cells)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    title.write(pen, _GAP, _GAP)
    for column, label in enumerate(columns):
        # The lines end above the tiles.
        label.write(pen, edge + column * across, top - _GAP // 2 - label.height)
    for row, label in enumerate(rows):
        label.write(pen, _GAP, top + row * down + (tile - label.height) // 2)
    for row, line in enumerate(page.cells):
        for column, cell in enumerate(line):
            left, upper = edge + column * across, top + row * down
            if cell is None and page.captions:
                continue  # the end of the last line
            pen.rectangle((left, upper, left + tile - 1, upper + tile - 1), fill=_EMPTY)
            if cell is None:
                continue
            if cell in pictures:
                small = pictures[cell]
                middle = (left + (tile - small.width) // 2, upper + (tile - small.height) // 2)
                sheet.paste(small, middle)
            captions[cell].write(pen, left, upper + tile + _GAP // 2)
    return sheet


def _no_picture(_row: int) -> None:
    return None


def _small(image: Image.Image, side: int) -> Image.Image:
    small = image.convert("RGB")
    small.thumbnail((side, side))
    return small


def _wrapped(text: str, room: float, length: Callable[[str], float]) -> list[str]:
    """Return a text in lines of at most `room`; the last of them is cut if there are too many."""
    lines: list[str] = []
    for word in (part for one in text.split() for part in _pieces(one, room, length)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MOST_LINES:
        last = _cut(" ".join(lines[_MOST_LINES - 1 :]), room, length)
        lines = [*lines[: _MOST_LINES - 1], last]
    return lines


def _pieces(word: str, room: float, length: Callable[[str], float]) -> Iterator[str]:
    """Yield a word in pieces that fit: some scripts have no spaces, and file names are long."""
    while length(word) > room and len(word) > 1:
        end = next((at for at in range(2, len(word)) if length(word[:at]) > room), len(word)) - 1
        yield word[:end]
        word = word[end:]
    yield word


def _cut(text: str, room: float, length: Callable[[str], float]) -> str:
    if length(text) <= room:
        return text
    while text and length(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"
