"""Error handling for callbacks: errors are shown in the panel, never lost in a log."""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

Show = Callable[[BaseException, str], None]


def guarded(callback: Callable[..., object], show: Show) -> Callable[..., None]:
    """Wrap `callback` so that any error goes to `show`, together with its traceback.

    Jupyter writes a callback's error to a log that nobody reads; hence the broad except.
    """

    @wraps(callback)
    def edge(*event: Any) -> None:
        try:
            callback(*event)
        except Exception as error:  # noqa: BLE001 - whatever failed is shown to the person who clicked
            show(error, traceback.format_exc())

    return edge
