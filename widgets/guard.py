"""Error handling for callbacks: errors are shown in the panel, never lost in a log."""

import traceback
from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any

from widgets.messages import text_of, title_of

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


def error_html(error: BaseException, trace: str) -> str:
    """Return an error as HTML: its kind, its message, and the traceback collapsed."""
    return (
        '<div class="mls-alert" role="alert">'
        f"<strong>{escape(title_of(error))}</strong>"
        f"<p>{escape(text_of(error))}</p>"
        f"<details><summary>Technical details</summary><pre>{escape(trace)}</pre></details>"
        "</div>"
    )
