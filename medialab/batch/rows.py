"""Rows of a batch's table, as a person chooses them with pandas or by number."""

from collections.abc import Iterable
from typing import Any

from medialab.errors import BatchError, shown


def row_numbers(rows: Any, count: int) -> list[int]:
    """Return the numbers of chosen rows, each once.

    Args:
        rows: Numbers; or a part of the batch's table, or a column of true and false for each row
            of it, such as `table["steps"] > 10`.
        count: How many rows the batch has.

    Raises:
        BatchError: there is no such row.
    """
    if hasattr(rows, "loc"):  # of pandas
        is_mask = str(getattr(rows, "dtype", "")) in {"bool", "boolean"}
        rows = (rows[rows] if is_mask else rows).index
    found = list(rows) if isinstance(rows, Iterable) else [rows]
    for row in found:
        if isinstance(row, bool) or not hasattr(row, "__index__") or int(row) not in range(count):
            message = f"there is no row {shown(row)} in this batch; rows go from 0 to {count - 1}"
            raise BatchError(message)
    return list(dict.fromkeys(int(row) for row in found))
