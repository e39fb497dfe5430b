"""The LoRA picker: a search field, and for each LoRA a switch, a weight and its trigger words."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import ipywidgets as ipw
import traitlets

from medialab.settings.loras import LoRAConfig
from widgets.button import make_button
from widgets.guard import Show, guarded

# The slider's range; code and prompt tags may use larger weights.
_LEAST, _MOST, _STEP, _DIGITS = -2.0, 2.0, 0.05, 3


class LoRAPicker(ipw.VBox):
    """A list of LoRAs; `value` is a tuple of `LoRAConfig` in the order they were added.

    Args:
        insert: called with a trigger word to add to the prompt.
        show_error: shows an error of a callback.
        may_inherit: add a switch between the stage's own LoRAs and the whole picture's. While it
            is off, `value` is None; switching it on restores the previous list.
    """

    value: Any = traitlets.Tuple(allow_none=True)  # of LoRAConfig

    def __init__(
        self, insert: Callable[[str], None], show_error: Show, *, may_inherit: bool = False
    ) -> None:
        self.insert = insert
        self._own: tuple[LoRAConfig, ...] = ()
        self.owns = ipw.Checkbox(value=not may_inherit, description="Own LoRAs", indent=False)
        self.owns.tooltip = (
            "Off: the LoRAs of the whole picture. On with none chosen: no LoRA in this stage"
        )
        self.owns.add_class("mls-lora-owns")
        self.owns.layout.display = None if may_inherit else "none"
        self.show_error = show_error
        self._words: Mapping[str, Sequence[str]] = {}
        self.search = ipw.Combobox(
            description="LoRAs",
            placeholder="Search, then choose one to add",
            ensure_option=True,
            continuous_update=False,
        )
        self.search.add_class("mls-field")
        self.search.add_class("mls-lora-search")
        self.rows = ipw.VBox()
        self.rows.add_class("mls-loras")
        self._refused = ipw.HTML()
        self._refused.add_class("mls-refused")
        self._refused.layout.display = "none"
        super().__init__([self.owns, self.search, self.rows, self._refused])
        self.add_class("mls-lora-picker")
        self.owns.observe(guarded(lambda _: self._switch(), show_error), "value")
        self.search.observe(guarded(lambda _: self._add_chosen(), show_error), "value")
        self.observe(guarded(lambda _: self._draw(), show_error), "value")
        if may_inherit:
            self.value = None
            self._draw()

    def offer(
        self,
        names: Sequence[str],
        refused: Mapping[str, str],
        words: Mapping[str, Sequence[str]],
    ) -> None:
        """Set the names to offer.

        Args:
            names: LoRAs that can be used.
            refused: reasons by the name of each file that cannot be used; listed below the rows.
            words: trigger words by LoRA.
        """
        self._words = words
        self.search.options = tuple(names)
        lines = [f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in refused.items()]
        count = f"{len(lines)} LoRA{'s' if len(lines) > 1 else ''} not usable"
        listed = f"<details><summary>{count}</summary><ul>{''.join(lines)}</ul></details>"
        self._refused.value = listed if lines else ""
        self._draw()

    def _switch(self) -> None:
        """Switch between the whole picture's LoRAs and the stage's own."""
        if self.owns.value != (self.value is not None):
            self.value = self._own if self.owns.value else None

    def _add_chosen(self) -> None:
        name = self.search.value
        if name not in self.search.options:
            return
        self.search.value = ""
        chosen = self.value or ()
        if name not in [one.name for one in chosen]:
            self.value = (*chosen, LoRAConfig(name=name))

    def change(self, name: str, **settings: object) -> None:
        """Change the settings of one LoRA; its place in the list stays."""
        self.value = tuple(
            one.model_copy(update=settings) if one.name == name else one for one in self.value or ()
        )

    def remove(self, name: str) -> None:
        """Remove a LoRA from the list."""
        self.value = tuple(one for one in self.value or () if one.name != name)

    def _draw(self) -> None:
        """Draw a row for each LoRA; unchanged rows are used again."""
        self.owns.value = self.value is not None
        for part, shown in (
            (self.search, self.owns.value),
            (self.rows, self.owns.value),
            (self._refused, self.owns.value and self._refused.value),
        ):
            part.layout.display = None if shown else "none"
        if self.value is None:
            return
        self._own = self.value
        known = {row.lora.name: row for row in self.rows.children}
        rows = []
        for one in self.value:
            row = known.get(one.name)
            words = tuple(self._words.get(one.name, ()))
            if row is None or row.words != words:
                row = _Row(one, words, self)
            row.show(one)
            rows.append(row)
        self.rows.children = rows


class _Row(ipw.VBox):
    """One LoRA: a switch with its name, its weight, a button to remove it, its trigger words."""

    def __init__(self, lora: LoRAConfig, words: tuple[str, ...], picker: LoRAPicker) -> None:
        self.lora = lora
        self.words = words
        self._picker = picker
        self.enabled = ipw.Checkbox(value=lora.enabled, description=lora.name, indent=False)
        self.enabled.tooltip = f"Use {lora.name}"
        self.weight = ipw.FloatSlider(
            value=lora.weight,
            min=min(_LEAST, lora.weight),
            max=max(_MOST, lora.weight),
            step=_STEP,
            readout_format=".2f",
            continuous_update=False,
        )
        self.weight.tooltip = f"Weight of {lora.name}"
        self.remove = make_button(
            "lora-remove",
            lambda: picker.remove(lora.name),
            picker.show_error,
            icon="times",
            tooltip=f"Remove {lora.name}",
        )
        self.inserts = [
            make_button(
                "lora-word",
                partial(picker.insert, word),
                picker.show_error,
                label=word,
                tooltip=f"Add “{word}” to the prompt",
            )
            for word in words
        ]
        line = ipw.HBox([self.enabled, self.weight, self.remove])
        line.add_class("mls-lora")
        super().__init__([line, ipw.HBox(self.inserts)] if words else [line])
        self.weight.observe(guarded(self._set_weight, picker.show_error), "value")
        self.enabled.observe(
            guarded(
                lambda change: picker.change(lora.name, enabled=change["new"]), picker.show_error
            ),
            "value",
        )

    def _set_weight(self, change: Mapping[str, float]) -> None:
        """Set the weight, rounded: a slider's floating-point steps give 0.7000000000000002."""
        self._picker.change(self.lora.name, weight=round(change["new"], _DIGITS))

    def show(self, lora: LoRAConfig) -> None:
        """Set the inputs from the config."""
        self.lora = lora
        self.enabled.value = lora.enabled
        self.weight.min, self.weight.max = min(_LEAST, lora.weight), max(_MOST, lora.weight)
        # Not for rounding alone: a value sent back would interrupt a person dragging the slider.
        if round(self.weight.value, _DIGITS) != lora.weight:
            self.weight.value = lora.weight
