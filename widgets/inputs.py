"""One input per setting, made from its config field: type, limits, default and help."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as ipw
import traitlets

from widgets.canvas_inputs import CanvasInput, PictureInput
from widgets.catalogue import Catalogue
from widgets.guard import guarded
from widgets.input_context import InputContext
from widgets.loras import LoRAPicker
from widgets.prompt_editor import PromptEditor
from widgets.shapes import Shape
from widgets.whole_number import LARGEST_IN_A_PAGE, WholeNumber

# A slider longer than this many steps cannot be set to the one that is meant.
_LONGEST_SLIDER = 200
# How far sliders for fractions move, by the length of their range.
_STEPS = ((2.0, 0.05), (10.0, 0.1), (float("inf"), 0.5))
_USUAL_SIDE = 512  # pixels; the initial value of a side that was left to the model
_PROMPTS = ("prompt", "negative_prompt")
_SIDES = ("width", "height")


def make_input(shape: Shape, context: InputContext) -> ipw.DOMWidget:
    """Return the input for a setting; its `value` is the setting's value.

    Raises:
        TypeError: there is no input for settings of this type.
    """
    control = _make(shape, context)
    return label_control(control, shape)


def label_control(control: ipw.DOMWidget, shape: Shape) -> ipw.DOMWidget:
    """Give `control` the setting's label, tooltip and CSS class, and return it."""
    control.description = shape.label
    is_group = isinstance(control, ipw.Box)
    if not is_group:  # a box with a tooltip has no view in the browser
        control.tooltip = shape.help
    control.add_class("mls-group" if is_group else "mls-field")
    control.add_class(f"mls-{shape.name.replace('_', '-')}")
    return control


def _make(shape: Shape, context: InputContext) -> ipw.DOMWidget:
    start = _start(shape, context)
    if shape.many:
        return _make_many(shape, start, context)
    if shape.is_picture:
        return PictureInput(shape, start, context)
    if shape.choices:
        return ipw.Dropdown(options=shape.choices, value=start)
    if shape.named:
        return _make_named(shape, start, context)
    if shape.name in _PROMPTS:
        return _prompt(start, context)
    if shape.kind not in _PLAIN:
        raise _unknown(shape)
    return _PLAIN[shape.kind](shape, start)


def _make_many(shape: Shape, start: Any, context: InputContext) -> ipw.DOMWidget:
    if shape.name == "loras":
        return _lora_picker(start, context)
    if shape.name == "detections":
        return CanvasInput(start, "edited detections", context.show_error)
    if shape.kind is str:
        return NamesInput(start, context.catalogue, shape.named.kind if shape.named else "")
    raise _unknown(shape)


def _unknown(shape: Shape) -> TypeError:
    return TypeError(
        f"no input for setting {shape.name!r} of type {shape.kind}; add one to widgets/inputs.py"
    )


def _start(shape: Shape, context: InputContext) -> Any:
    """Return an input's initial value: the default, or the whole picture's value."""
    if not shape.optional or shape.default is not None:
        return shape.default
    base = context.base(shape.name)
    if base is not None:
        return base
    if shape.is_picture or shape.name == "detections":
        return None
    if shape.many:
        return ()
    if shape.choices:
        return shape.choices[0]
    smallest = shape.limits.smallest or 0
    zeros = {str: "", bool: False, float: float(smallest), int: int(smallest)}
    is_side = bool(shape.limits.step) or shape.name in _SIDES
    return _USUAL_SIDE if is_side else zeros.get(shape.kind)


class AutoInput(ipw.HBox):
    """A number with an Auto button; `value` is None while the button is on."""

    value = traitlets.Float(None, allow_none=True)
    description = traitlets.Unicode("")

    def __init__(self, shape: Shape, context: InputContext) -> None:
        limits = shape.limits
        middle = ((limits.smallest or 0.0) + (limits.largest or 1.0)) / 2
        self.number = label_control(_fraction(shape, middle), shape)
        self.auto = ipw.ToggleButton(
            value=True,
            description="Auto",
            tooltip=f"{shape.label}: automatic or inherited. {shape.help}",
        )
        self.auto.add_class("mls-button")
        self.auto.add_class("mls-auto")
        super().__init__([self.number, self.auto])
        self.number.readout = False
        self.number.observe(guarded(self._moved, context.show_error), "value")
        self.auto.observe(guarded(lambda _: self._read(), context.show_error), "value")
        self.observe(guarded(lambda _: self._show(), context.show_error), "value")

    def _moved(self, change: Mapping[str, Any]) -> None:
        self.auto.value = False
        self.value = change["new"]

    def _read(self) -> None:
        self.value = None if self.auto.value else self.number.value

    def _show(self) -> None:
        self.number.readout = self.value is not None
        if self.value is not None:
            self.number.value = self.value
        self.auto.value = self.value is None


class NameInput(ipw.Dropdown):
    """A menu of model names of one kind; a missing model that is selected stays in the menu."""

    options: Any
    value: Any

    def __init__(self, shape: Shape, start: str | None, catalogue: Catalogue) -> None:
        if shape.named is None:
            message = f"{shape.name!r} names no model"
            raise TypeError(message)
        self._named = shape.named
        self._catalogue = catalogue
        # The value without a name: None if a name is required, "" if it is optional.
        self._nothing = None if shape.named.none is None else ""
        self._names: tuple[str, ...] = (start,) if start else ()
        super().__init__(options=self._labelled(), value=start or None)
        catalogue.on_refresh(self._offer)

    def choose(self, name: str | None) -> None:
        """Select a name, even one that is not offered."""
        if name and name not in self._names:
            self._names = (*self._names, name)
            self.options = self._labelled()
        self.value = name or self._nothing

    def _labelled(self) -> Any:
        """Return the menu's options; the empty name is shown by its meaning."""
        if self._named.none is None:
            return self._names
        return [(name or self._named.none, name) for name in self._names]

    def _offer(self) -> None:
        chosen = self.value
        names = (*self._named.also, *self._catalogue.of(self._named.kind).names)
        if self._nothing is not None:
            names = (self._nothing, *names)
        if chosen and chosen not in names and self._keeps_missing:
            names = (*names, chosen)
        if self._names != names:
            self._names = names
            self.options = self._labelled()
            self.value = chosen if chosen in names else next(iter(names), None)

    # A checkpoint that is gone is replaced by one that is there: nothing works without.
    @property
    def _keeps_missing(self) -> bool:
        return self._named.kind != "checkpoint" or self._named.none is not None


class NamesInput(ipw.VBox):
    """A list of names, each shown as a tag that can be removed; of one kind of model, or free."""

    value = traitlets.Tuple()
    description = traitlets.Unicode("")

    def __init__(self, start: Any, catalogue: Catalogue, kind: str = "") -> None:
        self._catalogue, self._kind = catalogue, kind
        self._label = ipw.HTML()
        self._label.add_class("mls-quiet")
        self.tags = ipw.TagsInput(value=list(start), allow_duplicates=False)
        super().__init__([self._label, self.tags])
        self.value = tuple(start)
        self.tags.observe(lambda change: setattr(self, "value", tuple(change["new"])), "value")
        self.observe(lambda _: self._show(), "value")
        self.observe(lambda _: self._name(), "description")
        catalogue.on_refresh(self._show)

    def _name(self) -> None:
        self._label.value = escape(self.description)

    def _show(self) -> None:
        # A missing name in a config stays in the list: Generate reports that it is missing.
        names = [*self._catalogue.of(self._kind).names, *self.value] if self._kind else []
        self.tags.allowed_tags = [*dict.fromkeys(names)]
        self.tags.value = list(self.value)


def _lora_picker(start: Any, context: InputContext) -> LoRAPicker:
    picker = LoRAPicker(context.insert, context.show_error)

    def offer() -> None:
        loras = context.catalogue.of("lora")
        picker.offer(loras.names, loras.refused, context.catalogue.trigger_words)

    context.catalogue.on_refresh(guarded(offer, context.show_error))
    picker.value = tuple(start)
    return picker


def _make_named(shape: Shape, start: Any, context: InputContext) -> ipw.DOMWidget:
    named = shape.named
    if named is None or not named.free:
        return NameInput(shape, start, context.catalogue)
    box = ipw.Combobox(value=start, continuous_update=False)

    def offer() -> None:
        box.options = (*named.also, *context.catalogue.of(named.kind).names)

    context.catalogue.on_refresh(offer)
    return box


def _prompt(start: str, context: InputContext) -> PromptEditor:
    editor = PromptEditor(value=start, rows=2)
    context.catalogue.on_refresh(lambda: setattr(editor, "words", context.catalogue.words))
    return editor


def _text(_shape: Shape, start: str) -> ipw.DOMWidget:
    return ipw.Text(value=start, continuous_update=False)


def _tick(_shape: Shape, start: bool) -> ipw.DOMWidget:
    return ipw.Checkbox(value=start, indent=False)


def _fraction(shape: Shape, start: float) -> ipw.DOMWidget:
    limits = shape.limits
    if limits.smallest is None or limits.largest is None:
        return ipw.FloatText(value=start)
    length = limits.largest - limits.smallest
    step = next(step for most, step in _STEPS if length <= most)
    return ipw.FloatSlider(
        value=start,
        min=limits.smallest,
        max=limits.largest,
        step=step,
        readout_format=".2f" if step < 0.1 else ".1f",
        continuous_update=False,
    )


def _count(shape: Shape, start: int) -> ipw.DOMWidget:
    limits = shape.limits
    if limits.smallest is None or limits.largest is None:
        return ipw.IntText(value=start)
    if limits.step:  # no limits here: a wrong number is reported, not silently changed
        return ipw.IntText(value=start, step=int(limits.step))
    if limits.largest > LARGEST_IN_A_PAGE:
        return WholeNumber(
            value=start,
            min=int(limits.smallest),
            max=int(limits.largest),
            continuous_update=False,
        )
    is_short = limits.largest - limits.smallest <= _LONGEST_SLIDER
    control = ipw.IntSlider if is_short else ipw.BoundedIntText
    # The limits first: a value is held to those that are there when it comes.
    return control(min=limits.smallest, max=limits.largest, value=start, continuous_update=False)


_PLAIN: Mapping[Any, Callable[[Shape, Any], ipw.DOMWidget]] = {
    str: _text,
    bool: _tick,
    float: _fraction,
    int: _count,
}
