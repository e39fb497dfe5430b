"""A button whose errors are always shown."""

from collections.abc import Callable

import ipywidgets as ipw

from widgets.guard import Show, guarded


def make_button(
    name: str,
    press: Callable[[], object],
    show_error: Show,
    *,
    label: str = "",
    icon: str = "",
    tooltip: str = "",
) -> ipw.Button:
    """Make a button of CSS class `mls-<name>` that calls `press` and shows its errors."""
    button = ipw.Button(description=label, icon=icon, tooltip=tooltip)
    button.add_class("mls-button")
    button.add_class(f"mls-{name}")
    button.on_click(guarded(lambda _: press(), show_error))
    return button
