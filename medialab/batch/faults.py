"""What is wrong with a sweep: all of it at once, each fault with its row and its setting."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from medialab.batch.combinations import Combinations, Place, Refused
from medialab.errors import ConfigError

# Faults that a message tells; the others are counted.
MOST_TOLD = 20

Value = tuple[int, int]
"""A value of an axis: the axis' number, and the value's index."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one value of an axis, or with one cell.

    Attributes:
        row: the cell's row in the table; the first where every cell with that value has the fault.
        axis: the axis' name; "" for a fault of several values together.
        label: the value, or the cell's values, in words.
        message: the setting, its value, and what is allowed.
        field: the setting's dotted name; "" where several are at fault.
        rows: how many rows have it.
    """

    row: int
    axis: str
    label: str
    message: str
    field: str = ""
    rows: int = 1

    def __str__(self) -> str:
        more = f" and {self.rows - 1:,} more" if self.rows > 1 else ""
        value = f"{self.axis} {self.label}" if self.axis else self.label
        return f"row {self.row}{more} ({value}): {self.message}"


def faults_in(
    combinations: Combinations,
    places: Callable[[], Iterator[Place]],
    labels: Callable[[int], Mapping[str, str]],
) -> Sequence[Fault]:
    """Return every fault: of values that no cell can have, told once; and of single cells.

    Args:
        combinations: the combinations of a sweep.
        places: yields the place of each row.
        labels: returns the label of each axis' value in a row.
    """
    faulty = {
        row: (place, refused)
        for row, place in enumerate(places())
        if (refused := combinations.refused(place)) is not None
    }
    if not faulty:
        return []
    first, counted = dict[Value, int](), Counter[Value]()
    for row, (place, _) in faulty.items():
        for value in enumerate(place):
            first.setdefault(value, row)
            counted[value] += 1
    hopeless = _refused_alone(combinations, counted, places)
    of_values = [
        Fault(
            first[axis, index],
            combinations.axes[axis].name,
            combinations.axes[axis].labels[index],
            refused.message,
            refused.field,
            counted[axis, index],
        )
        for (axis, index), refused in sorted(hopeless.items(), key=lambda one: one[0])
    ]
    of_cells = [
        Fault(row, "", ", ".join(labels(row).values()), refused.message, refused.field)
        for row, (place, refused) in faulty.items()
        if hopeless.keys().isdisjoint(enumerate(place))
    ]
    return of_values + of_cells


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Refuse a sweep with faults.

    Raises:
        ConfigError: there are some; with a sentence for each of the first 20.
    """
    if not faults:
        return
    told = "; ".join(map(str, faults[:MOST_TOLD]))
    more = len(faults) - MOST_TOLD
    raise ConfigError(told + (f"; and {more:,} more faults" if more > 0 else ""))


def _refused_alone(
    combinations: Combinations, counted: Mapping[Value, int], places: Callable[[], Iterator[Place]]
) -> dict[Value, Refused]:
    """Return why values are refused in every cell that has them, if they are in the base, too.

    Args:
        combinations: the combinations.
        counted: how many cells with a value are refused, for each value that has some.
        places: yields the place of each row.
    """
    found = {value: combinations.wrong[value] for value in counted if value in combinations.wrong}
    left = counted.keys() - found.keys()
    alone = {
        value: refused
        for value in left
        if (refused := combinations.refused_alone(*value)) is not None
    }
    if alone:
        there: Counter[Value] = Counter()
        for place in places():
            there.update(alone.keys() & {*enumerate(place)})
        found |= {value: one for value, one in alone.items() if there[value] == counted[value]}
    return found
