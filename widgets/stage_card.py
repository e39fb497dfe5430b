"""A stage of the pipeline as a collapsible card with a switch and settings."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from medialab.settings.fields import StageConfig
from widgets.collapsible import Collapsible
from widgets.fields import Fields
from widgets.input_context import InputContext
from widgets.shapes import shapes_of

SWITCH = "enabled"


class StageCard(Collapsible):
    """The settings of one stage; `switch` is its checkbox, None if the stage has none."""

    def __init__(
        self, name: str, title: str, model: type[StageConfig], context: InputContext
    ) -> None:
        shapes = dict(shapes_of(model))
        self.name = name
        self.switch: ipw.Checkbox | None = None
        if SWITCH in shapes:
            self.switch = ipw.Checkbox(description=title, indent=False)
            self.switch.tooltip = shapes.pop(SWITCH).help
            self.switch.add_class("mls-switch")
        foremost = [name for name, shape in shapes.items() if shape.is_foremost]
        self.fields = Fields(shapes.values(), context, basic=foremost or None)
        super().__init__(
            "" if self.switch else title,
            [self.fields],
            name=name,
            beside=[self.switch] if self.switch else [],
        )
        self.head.tooltip = f"Settings of {title}"
        self.add_class("mls-card")
        if self.switch:
            self.switch.observe(lambda change: setattr(self, "opened", change["new"]), "value")

    def read(self) -> dict[str, Any]:
        """Return the stage's settings, as its field of `PipelineConfig` takes them."""
        switched = {SWITCH: self.switch.value} if self.switch else {}
        return switched | self.fields.read()

    def show(self, settings: Mapping[str, Any]) -> None:
        """Set every input from the stage's settings."""
        if self.switch:
            self.switch.value = settings[SWITCH]
        self.fields.show(settings)

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each change of a setting."""
        self.fields.on_change(listener)
        if self.switch:
            self.switch.observe(lambda _: listener(), "value")
