"""The values of an axis as people write them: lists, ranges, and several separated by commas.

    3, 5, 7          these three
    1-10             1, 2, … 10
    1-10 (+2)        1, 3, 5, 7, 9
    10-1 (-3)        10, 7, 4, 1
    0-1 [5]          five values at equal distances: 0, 0.25, 0.5, 0.75, 1
    "a, b", c        a comma within quotes separates nothing

Source: behaviour of AUTOMATIC1111 scripts/xyz_grid.py; decimals are exact here: 0-1 (+0.1) has 0.3.
"""

import csv
import re
from decimal import ROUND_FLOOR, Decimal

from medialab.errors import ConfigError, shown

# Values that one range may have; more is a typing error.
MOST_VALUES = 10_000
_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+))"
_RANGE = re.compile(
    rf"\s*{_NUMBER}\s*-\s*{_NUMBER}\s*"
    rf"(?:\(\s*{_NUMBER}\s*\)|\[\s*(\d+)\s*\])?\s*"
)


def split_values(text: str) -> list[str]:
    """Return the values of a text, which are separated by commas or lines.

    Raises:
        ConfigError: quotes are not closed.
    """
    try:
        rows = list(csv.reader(text.splitlines(), skipinitialspace=True, strict=True))
    except csv.Error as error:
        message = f"{shown(text)}: {error}; close the quotes"
        raise ConfigError(message) from error
    return [value.strip() for row in rows for value in row if value.strip()]


def number_values(text: str, kind: type[int] | type[float]) -> list[int | float | str]:
    """Return the numbers that a text names, ranges written out.

    What is neither a number nor a range is returned as it is: its setting refuses it by name.

    Args:
        text: values and ranges, separated by commas.
        kind: int cuts the values of `[count]` to whole numbers, as A1111 does.

    Raises:
        ConfigError: a range has no end, no values, or more than `MOST_VALUES`.
    """
    found: list[int | float | str] = []
    for part in split_values(text):
        matched = _RANGE.fullmatch(part)
        found += _in_range(part, matched, kind) if matched else [_number(part, kind)]
    return found


def _in_range(
    text: str, matched: re.Match[str], kind: type[int] | type[float]
) -> list[int | float]:
    first, last = Decimal(matched[1]), Decimal(matched[2])
    if matched[4] is not None:
        values = _spread(text, first, last, int(matched[4]))
        if kind is int:
            return [int(value.to_integral_value(ROUND_FLOOR)) for value in values]
        return [float(value) for value in values]
    step = Decimal(matched[3]) if matched[3] else Decimal(1 if last >= first else -1)
    if not step or (last - first) * step < 0:
        message = f"{text}: steps of {step} never lead from {first} to {last}"
        raise ConfigError(message)
    count = _few((last - first) // step + 1, text)
    return [_exact(first + step * place, kind) for place in range(count)]


def _exact(value: Decimal, kind: type[int] | type[float]) -> int | float:
    """Return a number; one that is not whole stays so, and its setting refuses it by name."""
    return kind(value) if value == value.to_integral_value() else float(value)


def _spread(text: str, first: Decimal, last: Decimal, count: int) -> list[Decimal]:
    """Return `count` values at equal distances, the first and the last among them."""
    if not count:
        message = f"{text}: write how many values, at least [1]"
        raise ConfigError(message)
    _few(count, text)
    if count == 1:
        return [first]
    return [first + (last - first) * place / (count - 1) for place in range(count)]


def _few(count: Decimal | int, text: str) -> int:
    if count > MOST_VALUES:
        message = f"{text} has {int(count):,} values, over {MOST_VALUES:,}; take larger steps"
        raise ConfigError(message)
    return int(count)


def _number(text: str, kind: type[int] | type[float]) -> int | float | str:
    try:
        return kind(text)
    except ValueError:
        return text
