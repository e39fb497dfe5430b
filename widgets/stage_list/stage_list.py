"""The list of stages: a row for each that is on, and a menu of the others."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import traitlets

from widgets.sheet import Sheet

_KEYS = {"name", "title", "switch", "main", "note", "message"}


class StageList(Sheet):
    """The stages of a request, each once: a switch, a name, its main slider, its sheet.

    `rows` are the stages in their order, each a dict of `name`, `title`, `switch` and `main` (the
    names of a tick and of a number among `fields`, "" for none), `note` (a few words, such as
    "3 boxes") and `message` (what is wrong in its sheet, or ""). `more` are the stages that "+
    Stage" offers, each a dict of `name`, `title` and `help`. `opened` is the stage whose sheet
    stands in the list's place, or "".
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    # The sliders are the sheet's.
    _css = "".join(  # type: ignore[assignment] # anywidget takes a text, too
        Path(__file__).parents[1].joinpath(name).read_text(encoding="utf-8")
        for name in ("sheet/sheet.css", "stage_list/stage_list.css")
    )

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    more = traitlets.List(traitlets.Dict()).tag(sync=True)
    opened = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._opened = ipw.CallbackDispatcher()
        self._added = ipw.CallbackDispatcher()
        super().__init__(**traits)
        self.add_class("mls-stage-list-widget")

    def on_open(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with a stage whose sheet is asked for, "" to close it."""
        self._opened.register_callback(callback, remove=remove)

    def on_add(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with each stage that is chosen under "+ Stage"."""
        self._added.register_callback(callback, remove=remove)

    @traitlets.validate("rows")
    def _rows_are_whole(self, proposal: traitlets.Bunch) -> list[dict[str, Any]]:
        for row in proposal["value"]:
            if row.keys() != _KEYS:
                known = ", ".join(sorted(_KEYS))
                raise traitlets.TraitError(f"rows hold {row!r}: give each {known}")
        return list(proposal["value"])

    def _hear(self, widget: object, content: dict[str, Any], buffers: list[Any]) -> None:
        told: Mapping[str, ipw.CallbackDispatcher] = {"open": self._opened, "add": self._added}
        if content["kind"] in told:
            told[content["kind"]](content["name"])
        else:
            super()._hear(widget, content, buffers)
