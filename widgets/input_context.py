"""The services that a form gives to its inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from medialab.pictures.store import Use
from widgets.catalogue import Catalogue
from widgets.guard import Show


@dataclass(frozen=True)
class InputContext:
    """The services that a form gives to its inputs.

    Attributes:
        catalogue: the names that menus offer.
        show_error: shows an error of a callback.
        insert: adds a trigger word to the prompt.
        shown: stores the picture on the canvas and returns its name.
        mask: stores the painted mask and returns its name.
        base: returns the whole picture's value of a setting, or None.
        changes: returns what was changed in a stored picture on import, and for its use.
    """

    catalogue: Catalogue
    show_error: Show
    insert: Callable[[str], None]
    shown: Callable[[], str]
    mask: Callable[[], str]
    base: Callable[[str], Any]
    changes: Callable[[str, Use], Sequence[str]] = lambda _name, _use: ()
