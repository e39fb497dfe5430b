"""A sheet that shows values of the form, and a stage's sheet with its title and a way back."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import ipywidgets as ipw

from widgets.axis_settings import sweepable
from widgets.button import make_button
from widgets.form_fields import FormFields
from widgets.form_inherited import FormInherited
from widgets.form_limits import FormLimits
from widgets.form_messages import FormMessages
from widgets.form_values import FormValues
from widgets.guard import Show
from widgets.sheet import Sheet


class FormState(NamedTuple):
    """What the form's sheets are drawn from."""

    values: FormValues
    fields: FormFields
    inherited: FormInherited
    limits: FormLimits
    messages: FormMessages


def draw_sheet(
    sheet: Sheet,
    state: FormState,
    fields: Sequence[dict[str, Any]],
    *,
    groups: Sequence[dict[str, Any]] = (),
    derived: Mapping[str, Any] | None = None,
) -> None:
    """Show fields of a form as they are now; what has not changed is not sent again.

    Args:
        sheet: the sheet.
        state: the form's values and messages.
        fields: the fields.
        groups: their headings.
        derived: values of fields that stand for others of the form.
    """
    names = [str(field["name"]) for field in fields]
    own = derived or {}
    said = {name: message for name in names if (message := state.messages.of(name))}
    with sheet.hold_sync():
        sheet.groups = list(groups)
        sheet.fields = [
            field | {"sweep": True} if sweepable(str(field["name"])) else field for field in fields
        ]
        sheet.values = {
            name: own[name] if name in own else state.values.value(name) for name in names
        }
        sheet.inherited = state.inherited.of(names)
        sheet.disabled = state.limits.reasons(names)
        sheet.messages = {name: message.as_field for name, message in said.items()}


class StageSheet(ipw.VBox):
    """The place of one stage's sheet: its title, a button that closes it, and the sheet."""

    def __init__(self, show_error: Show) -> None:
        self.sheet: Sheet | None = None
        self._close: Callable[[], object] = lambda: None
        self.title = ipw.HTML()
        back = make_button(
            "form-sheet-close",
            self._press,
            show_error,
            icon="times",
            tooltip="Back to all settings (Esc)",
        )
        head = ipw.HBox([self.title, back])
        head.add_class("mls-form-sheet-head")
        self._head = head
        super().__init__([head])
        self.add_class("mls-form-sheet")
        self.layout.display = "none"

    def on_close(self, close: Callable[[], object]) -> None:
        """Call `close` when the button is pressed."""
        self._close = close

    def _press(self) -> None:
        self._close()

    def show_sheet(self, title: str, sheet: Sheet | None) -> None:
        """Show a sheet under its title; None hides the place."""
        self.sheet = sheet
        self.title.value = f"<h3>{escape(title)}</h3>"
        self.children = [self._head, *([sheet] if sheet else [])]
        self.layout.display = None if sheet else "none"
