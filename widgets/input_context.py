"""What inputs need of the panel that they stand in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from medialab.pictures.store import Use
from widgets.catalogue import Catalogue
from widgets.guard import Show


@dataclass(frozen=True)
class InputContext:
    """What inputs need of the panel that they stand in.

    `insert` puts a trigger word into the prompt; `shown` and `mask` keep the picture on the canvas
    and the mask painted there, and give the name; `base` gives the
    value that a setting has for the picture as a whole, or None; `told` says what was done to a
    kept picture, when it came in and for its use.
    """

    catalogue: Catalogue
    show_error: Show
    insert: Callable[[str], None]
    shown: Callable[[], str]
    mask: Callable[[], str]
    base: Callable[[str], Any]
    changes: Callable[[str, Use], Sequence[str]] = lambda _name, _use: ()
