"""The settings of one config model as inputs; optional ones can be added and removed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets as ipw
import traitlets

from medialab.settings.fields import StageConfig
from widgets.button import make_button
from widgets.collapsible import Collapsible
from widgets.guard import guarded
from widgets.input_context import InputContext
from widgets.inputs import AutoInput, NameInput, label_control, make_input
from widgets.shapes import Shape, shapes_of

# Lists of settings that have an input of their own.
_OWN_LISTS = ("loras", "detections")
_CHOOSE = "Choose…"


class Fields(ipw.VBox):
    """Inputs for several settings.

    An optional setting has no input until a person adds it. Without one it is inherited from the
    whole picture, or automatic.

    Args:
        shapes: the settings, in order.
        context: what inputs need of the form.
        basic: the names shown at once; all others go under "More settings". None: show all.
    """

    def __init__(
        self, shapes: Iterable[Shape], context: InputContext, basic: Sequence[str] | None = None
    ) -> None:
        shapes = [shape for shape in shapes if not shape.is_fixed]
        fixed = [shape for shape in shapes if not shape.optional or _is_seen_open(shape, basic)]
        self._context = context
        self._listeners: list[Callable[[], object]] = []
        self._muted = 0
        self._open = {shape.name: shape for shape in shapes if shape not in fixed}
        self._added: dict[str, ipw.DOMWidget] = {}
        self.inputs = {shape.name: _made(shape, context) for shape in fixed}
        for control in self.inputs.values():
            self._watch(control)
        self.rows = ipw.VBox()
        self.add = ipw.Dropdown(options=[(_CHOOSE, "")], value="")
        self.add.description = "Override a setting"
        self.add.tooltip = (
            "Settings not listed here are inherited from the whole picture, or automatic"
        )
        self.add.add_class("mls-field")
        self.add.add_class("mls-add-setting")
        self._offering = False
        self.add.observe(guarded(lambda _: self._add_chosen(), context.show_error), "value")
        super().__init__(self._arranged(fixed, basic))
        self.add_class("mls-fields")
        self._draw()

    def __getitem__(self, name: str) -> ipw.DOMWidget:
        """Return the input of a setting; raise KeyError if it has none."""
        return self.inputs.get(name) or self._added[name]

    def read(self) -> dict[str, Any]:
        """Return all settings; optional ones without an input are None."""
        values = {name: control.value for name, control in self.inputs.items()}
        added = {name: control.value for name, control in self._added.items()}
        return values | dict.fromkeys(self._open) | added

    def show(self, values: Mapping[str, Any]) -> None:
        """Set every input from a config's values; listeners are called once."""
        self._muted += 1
        try:
            for name, control in self.inputs.items():
                if name in values:
                    set_value(control, values[name])
            for name in self._open:
                self._show_open(name, values.get(name))
        finally:
            self._muted -= 1
        self._changed()

    def set(self, name: str, value: Any) -> None:
        """Set one setting; None removes the input of an optional one."""
        if name in self._open:
            self._show_open(name, value)
        else:
            set_value(self.inputs[name], value)

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each change of a value."""
        self._listeners.append(listener)

    def _arranged(self, fixed: list[Shape], basic: Sequence[str] | None) -> list[ipw.Widget]:
        """Return the basic inputs, then the others, then the menu of settings to add."""
        names = [shape.name for shape in fixed]
        first = names if basic is None else [name for name in basic if name in names]
        rest = [name for name in names if name not in first]
        parts: list[ipw.Widget] = [grid(self.inputs[name] for name in first)]
        adding = [self.rows, self.add] if self._open else []
        if rest:
            more = [grid(self.inputs[name] for name in rest), *adding]
            return [*parts, Collapsible("More settings", more, name="more")]
        return [*parts, *adding]

    def _add_chosen(self) -> None:
        name = self.add.value
        if name and not self._offering:
            self._insert(name)
            self._changed()

    def _insert(self, name: str) -> ipw.DOMWidget:
        control = input_for(self._open[name], self._context)
        self._added[name] = control
        self._watch(control)
        self._draw()
        return control

    def _take_away(self, name: str) -> None:
        del self._added[name]
        self._draw()
        self._changed()

    def _show_open(self, name: str, value: Any) -> None:
        if value is None:
            if name in self._added:
                self._take_away(name)
        else:
            set_value(self._added.get(name) or self._insert(name), value)

    def _draw(self) -> None:
        self.rows.children = [
            _removable(control, partial(self._take_away, name), self._open[name], self._context)
            for name, control in self._added.items()
        ]
        left = [
            (shape.label, name) for name, shape in self._open.items() if name not in self._added
        ]
        self._offering = True
        try:
            self.add.options = [(_CHOOSE, ""), *left]
            self.add.value = ""
        finally:
            self._offering = False

    def _watch(self, control: ipw.DOMWidget) -> None:
        control.observe(guarded(lambda _: self._changed(), self._context.show_error), "value")

    def _changed(self) -> None:
        if not self._muted:
            for listener in self._listeners:
                listener()


class UnitsInput(ipw.VBox):
    """A list of units, such as ControlNets, that can be added, changed and removed."""

    value = traitlets.Tuple()

    def __init__(self, shape: Shape, start: Any, context: InputContext) -> None:
        self._shape, self._context = shape, context
        self._drawing = False
        self.rows = ipw.VBox()
        self.rows.add_class("mls-units")
        self.units: list[Fields] = []
        self.add = make_button(
            "unit-add",
            self._add,
            context.show_error,
            icon="plus",
            label=f"Add {shape.label}",
        )
        super().__init__([self.rows, self.add])
        self.observe(guarded(lambda _: self._draw(), context.show_error), "value")
        self.value = tuple(start or ())

    def _add(self) -> None:
        fields = Fields(shapes_of(self._shape.kind).values(), self._context)
        self._keep([*self.units, fields])

    def _remove(self, fields: Fields) -> None:
        self._keep([one for one in self.units if one is not fields])

    def _keep(self, units: list[Fields]) -> None:
        self.units = units
        self._lay_out()
        self._read()

    def _read(self) -> None:
        """Set `value` from the inputs; it is validated when a picture is requested."""
        self._drawing = True
        try:
            self.value = tuple(fields.read() for fields in self.units)
        finally:
            self._drawing = False

    def _draw(self) -> None:
        if self._drawing:
            return
        units = []
        for number, unit in enumerate(self.value):
            if number < len(self.units):
                fields = self.units[number]
            else:
                fields = Fields(shapes_of(self._shape.kind).values(), self._context)
            fields.show(dict(unit) if isinstance(unit, StageConfig) else unit)
            units.append(fields)
        self.units = units
        self._lay_out()

    def _lay_out(self) -> None:
        rows = []
        for number, fields in enumerate(self.units, 1):
            if self._read not in fields._listeners:  # noqa: SLF001 - of this module
                fields.on_change(self._read)
            remove = make_button(
                "unit-remove",
                partial(self._remove, fields),
                self._context.show_error,
                icon="times",
                tooltip="Remove this one",
            )
            title = f"{self._shape.label} {number}"
            rows.append(Collapsible(title, [fields], name="unit", opened=True, beside=[remove]))
        self.rows.children = rows


def _is_seen_open(shape: Shape, basic: Iterable[str] | None) -> bool:
    """Return whether an optional setting always has its input: a frequently used slider."""
    return shape.optional and shape.kind is float and basic is not None and shape.name in basic


def input_for(shape: Shape, context: InputContext) -> ipw.DOMWidget:
    """Return the input for any setting, including lists of units."""
    if shape.is_list_of_settings and shape.name not in _OWN_LISTS:
        return label_control(UnitsInput(shape, shape.default, context), shape)
    return make_input(shape, context)


def _made(shape: Shape, context: InputContext) -> ipw.DOMWidget:
    if shape.optional:
        return label_control(AutoInput(shape, context), shape)
    return input_for(shape, context)


def set_value(control: ipw.DOMWidget, value: Any) -> None:
    """Set an input to a value, even one that its menu does not offer."""
    if isinstance(control, NameInput):
        control.choose(value)
    else:
        control.value = value


def grid(controls: Iterable[ipw.Widget]) -> ipw.Box:
    """Lay out inputs in a grid: two small ones per row, others on their own."""
    box = ipw.Box(tuple(controls))
    box.add_class("mls-grid")
    return box


def _removable(
    control: ipw.DOMWidget, take_away: Callable[[], None], shape: Shape, context: InputContext
) -> ipw.HBox:
    button = make_button(
        "setting-remove",
        take_away,
        context.show_error,
        icon="times",
        tooltip=f"{shape.label}: back to automatic or inherited",
    )
    row = ipw.HBox([control, button])
    row.add_class("mls-own-setting")
    return row
