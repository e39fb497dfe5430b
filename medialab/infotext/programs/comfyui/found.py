"""What is found in a graph: items that are known, and the reasons for those that are not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from medialab.infotext.programs.comfyui.graph import UnknownValueError

_DECIMALS = 6  # the page keeps 0.7 as 0.7000000000000002


@dataclass
class Found:
    """Items by A1111's keys.

    Attributes:
        items: Values as A1111 writes them.
        unknown: Why a value is not known, by its key.
        notes: What was changed while reading, in words for the user.
    """

    items: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def take(self, key: str, value: Callable[[], Any]) -> Any:
        """Add the item that a function returns, or the reason why it is unknown; None is neither.

        Returns:
            The value; None if it is unknown.
        """
        try:
            found = value()
        except UnknownValueError as error:
            self.unknown[key] = str(error)
            return None
        if found is not None:
            self.items[key] = shown(found)
        return found

    def note(self, note: str) -> None:
        """Add a note, unless it is there already."""
        if note not in self.notes:
            self.notes.append(note)


def shown(value: Any) -> str:
    """Return a value as A1111 writes it."""
    if isinstance(value, float):
        value = round(value, _DECIMALS)
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
