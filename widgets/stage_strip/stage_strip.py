"""The stage strip: the state of each stage of a run, and buttons to run again from one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as ipw
import traitlets

STATES = ("off", "waiting", "cached", "running", "done")


class StageStrip(anywidget.AnyWidget):
    """A row of stages in the order they run.

    `stages` is a list of dicts: `name`, `title`, `state` (one of `STATES`) and `seconds` (None if
    unknown). Clicking a stage that is cached or done means: run again from here.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    stages = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._choose = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    def on_choose(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with the name of each clicked stage; `remove` stops that."""
        self._choose.register_callback(callback, remove=remove)

    @traitlets.validate("stages")
    def _stages_are_whole(self, proposal: traitlets.Bunch) -> list[dict[str, Any]]:
        for stage in proposal["value"]:
            if stage.keys() != {"name", "title", "state", "seconds"}:
                message = f"stages hold {stage!r}: give each a name, title, state and seconds"
                raise traitlets.TraitError(message)
            if stage["state"] not in STATES:
                message = f"{stage['name']} is {stage['state']!r}: choose {', '.join(STATES)}"
                raise traitlets.TraitError(message)
        return list(proposal["value"])

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "choose" and content["name"] in self._names():
            self._choose(content["name"])

    def _names(self) -> set[str]:
        return {stage["name"] for stage in self.stages}
