"""The cells that are left: taken once each, in order or by checkpoint, until they are closed."""

import pytest

from medialab.batch.cells import Cell, Cells

ROWS = [(2, "doll"), (0, "doll"), (1, "photo"), (3, "photo")]


@pytest.fixture
def cells():
    return Cells(ROWS, lambda row: Cell(row, None))


def test_cells_are_taken_in_their_order(cells):
    assert [cells.take().row for _ in ROWS] == [2, 0, 1, 3]
    assert cells.take() is None


def test_cells_are_taken_by_checkpoint(cells):
    assert cells.take("photo").row == 1
    assert cells.left == {"doll": 2, "photo": 1}
    assert cells.take("photo").row == 3
    assert cells.take("photo") is None
    assert cells.take("another") is None
    assert cells.left == {"doll": 2}


def test_a_row_with_nothing_to_make_is_passed_over():
    cells = Cells(ROWS, lambda row: None if row in {2, 1} else Cell(row, None))

    assert cells.take().row == 0
    assert cells.take().row == 3


def test_closed_cells_hand_out_nothing_and_keep_what_is_left(cells):
    cells.take()
    cells.close()

    assert cells.take() is None
    assert cells.left == {"doll": 1, "photo": 2}
