"""The panel's left column: every setting of a request, read as plain values."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig
from medialab.samplers import SAMPLERS, SCHEDULES
from medialab.settings import EMPHASES, FILE_FORMATS
from medialab.stages import STAGES
from widgets.guard import Show
from widgets.inputs import dressed, make_input
from widgets.loras import LoRAPicker
from widgets.seed import SeedInput
from widgets.size import SizeInput

# The settings that this panel shows, in the order of their stages.
SHOWN = ("prompt", "txt2img", "finish")
SETTINGS = tuple(
    name for stage in STAGES if stage.name in SHOWN for name in stage.settings.model_fields
)

# Rows of text, and what stands there while nothing is written.
_TEXTS = {
    "prompt": (3, "a smiling person with red hair, blue shirt"),
    "negative_prompt": (2, "what should not be in the picture"),
}
# Names to choose from; those of the checkpoints come from the disk.
_MENUS: Mapping[str, Sequence[str]] = {
    "checkpoint": (),
    "sampler": tuple(SAMPLERS),
    "schedule": tuple(SCHEDULES),
    "emphasis": EMPHASES,
    "format": FILE_FORMATS,
}


class Form(ipw.VBox):
    """Inputs for all settings; `actions` stand below the texts, `refresh` beside the checkpoint."""

    def __init__(self, actions: ipw.Widget, refresh: ipw.Widget, show_error: Show) -> None:
        self.size = SizeInput()
        self.seed = SeedInput(show_error)
        self._refused = ipw.HTML()
        self._refused.add_class("mls-refused")
        self.loras = LoRAPicker(self._insert, show_error)
        made_elsewhere = {
            "width": None,
            "height": None,
            "seed": self.seed.number,
            "loras": self.loras,
        }
        inputs = {
            name: made_elsewhere[name] if name in made_elsewhere else _make_input(name)
            for name in SETTINGS
        }
        self._inputs = {name: control for name, control in inputs.items() if control is not None}
        # A setting that is not named here gets a row of its own, in its stage's place.
        rows: dict[str, list[ipw.Widget]] = {name: [own] for name, own in self._inputs.items()} | {
            "negative_prompt": [self["negative_prompt"], actions],
            "checkpoint": [_row("mls-checkpoint-row", self["checkpoint"], refresh), self._refused],
            "width": [self.size],
            "height": [],
            "sampler": [_row("mls-pair", self["sampler"], self["schedule"])],
            "schedule": [],
            "seed": [self.seed],
        }
        super().__init__([part for name in SETTINGS for part in rows[name]])
        self.add_class("mls-form")
        self["sampler"].observe(lambda _: self._offer_schedules(), "value")
        self._offer_schedules()

    def __getitem__(self, name: str) -> ipw.DOMWidget:
        """The input of one setting, by the setting's name; width and height are in `size`."""
        return self._inputs[name]

    @property
    def refused(self) -> str:
        """Which checkpoints cannot be used and why, as HTML; empty when all can."""
        return str(self._refused.value)

    def read(self) -> dict[str, Any]:
        """All settings as they stand; one without a value is left out, and so to its default."""
        values = {name: control.value for name, control in self._inputs.items()} | self.size.read()
        return {name: value for name, value in values.items() if value is not None}

    def show(self, config: PipelineConfig) -> None:
        """Set every input to what a config says."""
        for name, control in self._inputs.items():  # a sampler comes before its schedules
            control.value = getattr(config, name)
        self.size.show(config)

    def offer_checkpoints(self, names: Sequence[str], refused: Mapping[str, str]) -> None:
        """Offer these; tell which others are there, and why each cannot be used."""
        menu = self["checkpoint"]
        chosen = menu.value or PipelineConfig.model_fields["checkpoint"].default
        menu.options = names
        menu.value = chosen if chosen in names else next(iter(names), None)
        lines = [f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in refused.items()]
        count = f"{len(lines)} model{'s' if len(lines) > 1 else ''} not usable"
        listed = f"<details><summary>{count}</summary><ul>{''.join(lines)}</ul></details>"
        self._refused.value = listed if lines else ""
        self._refused.layout.display = None if lines else "none"

    def _insert(self, word: str) -> None:
        """Put a trigger word at the prompt's end, once."""
        prompt = self["prompt"].value.strip()
        if word not in prompt:
            self["prompt"].value = f"{prompt}, {word}" if prompt else word

    def _offer_schedules(self) -> None:
        """Only those that the sampler can honour; "automatic" where the chosen one is not."""
        menu = self["schedule"]
        can = SAMPLERS[self["sampler"].value].schedules
        chosen = menu.value
        menu.options = [name for name in SCHEDULES if name == "automatic" or name in can]
        menu.value = chosen if chosen in menu.options else "automatic"


def _make_input(name: str) -> ipw.DOMWidget:
    if name in _TEXTS:
        rows, placeholder = _TEXTS[name]
        text = ipw.Textarea(rows=rows, placeholder=placeholder, continuous_update=False)
        return dressed(text, name)
    if name in _MENUS:
        default = PipelineConfig.model_fields[name].default
        menu = ipw.Dropdown(options=_MENUS[name], value=default if _MENUS[name] else None)
        return dressed(menu, name)
    return make_input(name)


def _row(kind: str, *children: ipw.Widget) -> ipw.HBox:
    row = ipw.HBox(children)
    row.add_class(kind)
    return row
