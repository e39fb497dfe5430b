"""The pages of contact sheets: which cell of a sweep lies where, and what is written beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from medialab.batch.axes import Axis
from medialab.batch.letters import can_write
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError, listed

# Tiles in a row and in a column of one page; larger grids take several pages.
MOST_TILES = 10

Named = str | Sequence[str] | None
"""Axes by their names; None for the usual ones."""


@dataclass(frozen=True)
class Page:
    """A page of a contact sheet: the numbers of a sweep's rows in a grid.

    Attributes:
        title: what all of its pictures have in common: values of the axes that are not at an edge.
        columns: the labels above the grid.
        rows: the labels left of it.
        cells: for each row of the grid its cells; None for a picture that the sweep lacks.
        captions: the label of each cell, where the edges have none.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[str]
    cells: Sequence[Sequence[int | None]]
    captions: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Edges:
    """The axes at the left edge, at the upper edge, and of the pages, by their places."""

    rows: Sequence[int]
    columns: Sequence[int]
    pages: Sequence[int]


def pages_of(
    sweep: Sweep,
    rows: Named = None,
    columns: Named = None,
    pages: Named = None,
    most: int = MOST_TILES,
    name: Callable[[Axis, int], str] | None = None,
) -> Iterator[Page]:
    """Yield the pages on which all cells of a sweep have a place.

    Args:
        sweep: the sweep.
        rows: the axis at the left edge, or several: by default the last but one that is not named
            elsewhere, and with `pages` all those.
        columns: the axis at the upper edge, or several; by default the last.
        pages: the axes of which each combination has pages of its own; by default all others.
        most: tiles in a row and in a column of one page.
        name: returns a value of an axis in words, given its number; by default as it is drawn.

    Raises:
        BatchError: there is no such axis, or one is named twice.
    """
    edges = _edges(sweep, rows, columns, pages)
    is_asked = (rows, columns, pages) != (None, None, None)
    is_grid = sweep.how == "grid" or (sweep.how == "random" and is_asked)
    if not is_grid or not edges.rows or not edges.columns:
        yield from _captioned(sweep, most)
        return
    at_place = {place: row for row, place in enumerate(sweep.places())}
    label = partial(_label, sweep, name or named)
    for fixed in _values(sweep, edges.pages):
        title = label(fixed)
        every_column, every_row = ([*_values(sweep, axes)] for axes in (edges.columns, edges.rows))
        for left, top in product(range(0, len(every_column), most), range(0, len(every_row), most)):
            across, down = every_column[left : left + most], every_row[top : top + most]
            cells = [[at_place.get(_place(sweep, fixed | y | x)) for x in across] for y in down]
            if sweep.how == "grid" or any(cell is not None for line in cells for cell in line):
                yield Page(
                    title,
                    [*map(label, across)],
                    [*map(label, down)],
                    cells,
                )


def _captioned(sweep: Sweep, most: int) -> Iterator[Page]:
    """Yield pages with a label at each tile."""
    title = ", ".join(axis.name for axis in sweep.axes)
    for first in range(0, len(sweep), most * most):
        numbers = [*range(first, min(first + most * most, len(sweep)))]
        lines: list[list[int | None]] = [
            [*numbers[at : at + most]] for at in range(0, len(numbers), most)
        ]
        if len(lines) > 1:
            lines[-1] += [None] * (most - len(lines[-1]))
        captions = {row: _caption(sweep, row) for row in numbers}
        yield Page(title, [""] * len(lines[0]), [""] * len(lines), lines, captions)


def _edges(sweep: Sweep, rows: Named, columns: Named, pages: Named) -> _Edges:
    asked = [None if one is None else _axes(sweep, one) for one in (rows, columns, pages)]
    named = [axis for one in asked if one is not None for axis in one]
    if twice := next((axis for axis in named if named.count(axis) > 1), None):
        raise _twice(sweep, twice)
    if named.count(0) > 1:
        raise _twice(sweep, 0)
    left = [axis for axis in range(len(sweep.axes)) if axis not in named]
    at_rows, at_columns, at_pages = asked
    if at_columns is None:
        at_columns = [left.pop()] if left else []
    if at_rows is None:
        at_rows = (left if at_pages is not None else left[-1:]) if left else []
        left = [axis for axis in left if axis not in at_rows]
    if at_pages is None:
        at_pages, left = left, []
    return _Edges([*at_rows, *left], at_columns, at_pages)


def _twice(sweep: Sweep, axis: int) -> BatchError:
    name = sweep.axes[axis].name
    return BatchError(f"{name!r} is named twice; choose two axes for rows and columns")


def _axes(sweep: Sweep, names: str | Sequence[str]) -> list[int]:
    known = [axis.name for axis in sweep.axes]
    found = []
    for name in [names] if isinstance(names, str) else names:
        if name not in known:
            message = f"there is no axis {name!r} in this sweep; {listed(str(name), known)}"
            raise BatchError(message)
        found.append(known.index(name))
    return found


def _values(sweep: Sweep, axes: Sequence[int]) -> Iterator[dict[int, int]]:
    """Yield all combinations of some axes' values: indices by the axes' places."""
    for indices in product(*(range(sweep.shape[axis]) for axis in axes)):
        yield dict(zip(axes, indices, strict=True))


def _label(sweep: Sweep, name: Callable[[Axis, int], str], values: Mapping[int, int]) -> str:
    return ", ".join(name(sweep.axes[axis], index) for axis, index in values.items())


def named(axis: Axis, value: int) -> str:
    """Return "steps 20": an axis' name without its stage's underscores, and a value's label."""
    name = axis.name.replace(".", " ").replace("_", " ")
    label = axis.labels[value]
    if not can_write(label):
        return f"{name} no. {value + 1}"
    return label if axis.name == "prompt" else f"{name} {label}"


def _caption(sweep: Sweep, row: int) -> str:
    label = ", ".join(sweep.labels(row).values())
    return label if can_write(label) else f"row {row}"


def _place(sweep: Sweep, values: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(values[axis] for axis in range(len(sweep.axes)))
