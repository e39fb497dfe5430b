"""The table of a batch: a row for each picture, with every value in its own type."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from medialab.batch.setting_names import shape_of
from medialab.batch.sweep import Sweep, value_of
from medialab.process.libraries import require

if TYPE_CHECKING:
    import pandas as pd

    from medialab.settings.shapes import Shape

# Columns that every table has, after those of the swept settings.
FACTS = ("status", "path", "sha256", "error", "version")
_LARGEST_SIGNED = 2**63 - 1


def table_of(
    sweep: Sweep,
    states: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Sequence[Any]],
) -> "pd.DataFrame":
    """Return one row for each picture of a sweep.

    Args:
        sweep: The sweep.
        states: What has become of each row: `state`, and `path`, `sha256`, `seconds`, `cached`,
            `version`, `error`.
        metrics: A value for each row, by the metrics' names; None for what is not measured.

    Raises:
        MissingLibraryError: pandas is not installed.
    """
    pandas = require("pandas")
    columns: dict[str, Any] = {}
    for name, values in _swept(sweep).items():
        column, kind = _column(values, shape_of(name))
        columns[name] = pandas.Series(column, dtype=kind)
    facts = {"status": "state"}
    for name in FACTS:
        values = [state.get(facts.get(name, name)) for state in states]
        columns[name] = pandas.Series(values, dtype="str")
    for stage in dict.fromkeys(stage for state in states for stage in state.get("seconds", ())):
        spent = [state.get("seconds", {}).get(stage) for state in states]
        cached = [_was_cached(state, stage) for state in states]
        columns[f"seconds.{stage}"] = pandas.Series(spent, dtype="float64")
        columns[f"cached.{stage}"] = pandas.Series(cached, dtype="boolean")
    for name, measured in metrics.items():
        holds_several = any(isinstance(value, list) for value in measured)
        columns[name] = pandas.Series(measured, dtype="object" if holds_several else "float64")
    return pandas.DataFrame(columns, index=pandas.RangeIndex(len(states)))


def _swept(sweep: Sweep) -> dict[str, list[Any]]:
    """Return the values of every swept setting, and of the seed, for each row."""
    owners = {name: at for at, axis in enumerate(sweep.axes) for name in axis.settings}
    found = {}
    places = [*sweep.places()]
    for name in dict.fromkeys([*owners, "seed"]):
        otherwise = value_of(sweep.base, name)
        if name not in owners:
            found[name] = [otherwise] * len(places)
            continue
        at = owners[name]
        each = [point.get(name, otherwise) for point in sweep.axes[at].points]
        found[name] = [each[place[at]] for place in places]
    return found


def _column(values: Sequence[Any], shape: "Shape") -> tuple[list[Any], str]:
    """Return the values of a setting's column, and its type in pandas.

    Lists and lists of settings, such as LoRAs, stay lists of plain values, which Parquet takes.
    """
    if shape.many:
        return [to_jsonable_python(value) for value in values], "object"
    there = [value for value in values if value is not None]
    if there and isinstance(there[0], Mapping):
        return [json.dumps(to_jsonable_python(value)) for value in values], "str"
    lacks = len(there) < len(values)
    if shape.kind is int:
        return [*values], _type_of_numbers(there, lacks=lacks)
    types = {bool: "boolean" if lacks else "bool", float: "float64"}
    return [*values], types.get(shape.kind, "str")


def _type_of_numbers(numbers: Sequence[int], *, lacks: bool) -> str:
    """Return the pandas type of whole numbers; `lacks` tells whether some are missing."""
    if max(numbers, default=0) <= _LARGEST_SIGNED:
        return "Int64" if lacks else "int64"
    if min(numbers) < 0:  # no whole number of 64 bits holds both
        return "float64"
    return "UInt64" if lacks else "uint64"


def _was_cached(state: Mapping[str, Any], stage: str) -> bool | None:
    if stage not in state.get("seconds", {}) or "cached" not in state:
        return None
    return stage in state["cached"]
