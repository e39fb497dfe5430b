"""Values of settings as the browser takes and gives them.

JavaScript's numbers are exact only up to 2^53, but a seed has 64 bits, and a seed that is off by
one gives another picture: larger whole numbers travel as texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# The largest whole number that JavaScript represents exactly.
_LARGEST = 2**53 - 1


def to_page(value: Any) -> Any:
    """Return a value as it is sent to the browser: lists for tuples, texts for large numbers."""
    if isinstance(value, Mapping):
        return {key: to_page(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_page(one) for one in value]
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return value


def from_page(field: Mapping[str, Any], value: Any) -> Any:
    """Return a field's value as the browser sent it, with numbers of the field's own type."""
    if value is None:
        return None
    if field["kind"] in {"whole", "seed"}:
        return int(value)
    if field["kind"] == "size":
        return {side: int(value[side]) for side in ("width", "height")}
    if field["kind"] == "units":
        return [_unit_from_page(field["fields"], unit) for unit in value]
    if field["kind"] == "number":
        return float(value)
    return value


def _unit_from_page(fields: Sequence[Mapping[str, Any]], unit: Mapping[str, Any]) -> dict[str, Any]:
    known = {field["name"]: field for field in fields}
    return {
        name: from_page(known[name], value) if name in known else value
        for name, value in unit.items()
    }
