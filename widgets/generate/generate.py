"""The Generate button, whose menu makes more than one picture, and Cancel beside it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import anywidget
import ipywidgets as ipw
import traitlets

# What the button makes: one picture, one with each of several seeds, prompts of a list, a sweep.
MODES = ("one", "times", "lines", "sweep")
# What Cancel stops: the batch of the running picture; that picture alone, lost or kept as far as it
# was made; everything.
CANCELS = ("batch", "one", "keep", "all")
# How the settings of a sweep are combined: every combination, side by side, some chosen by chance.
HOWS = ("grid", "zip", "random")
FIRST = {
    "mode": "one",
    "times": 4,
    "lines": "",
    "seeds": 1,
    "axes": [{"name": "", "values": ""}],
    "how": "grid",
    "count": 9,
    "name": "",
}


class Fault(TypedDict):
    """What is wrong with what is asked for.

    `at` is the field: "times", "lines", "axis 0" and so on, "how", "count", "name", "file" (one
    that was imported), or "" for all together.
    """

    at: str
    text: str


class Generate(anywidget.AnyWidget):
    """A primary button with a menu, and above it the fields of what the menu has chosen.

    Attributes:
        asked: what a person chose and typed, with the keys of `FIRST`: `mode` is one of `MODES`,
            `times` how many seeds, `lines` the prompts with `seeds` for each, `axes` the names of
            settings with their values as text, `how` one of `HOWS`, `count` how many with "random",
            `name` the batch's, "" for the one that is proposed.
        note: how many pictures that makes and how long it takes, on the button.
        plan: the same and more in sentences, below the fields.
        proposed: the name of the batch if none is typed.
        faults: what is wrong with it, shown beside its field.
        running: how many pictures of the batches that are being made are not finished.
        waiting: how many requests of one picture run or wait.

    Args:
        settings: returns the settings that an axis can have: name, label, group, kind, choices,
            and `values` to begin with.
        batches: returns the batches that there are: name, and `told` in words.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    asked = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    plan = traitlets.Unicode("").tag(sync=True)
    proposed = traitlets.Unicode("").tag(sync=True)
    faults: Any = traitlets.List().tag(sync=True)  # of Fault
    running = traitlets.Int(0).tag(sync=True)
    waiting = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        settings: Callable[[], Sequence[Mapping[str, Any]]],
        batches: Callable[[], Sequence[Mapping[str, str]]] = tuple,
        **traits: Any,
    ) -> None:
        super().__init__(**{"asked": FIRST, **traits})
        self._settings, self._batches = settings, batches
        self._generate = ipw.CallbackDispatcher()
        self._cancel = ipw.CallbackDispatcher()
        self._open = ipw.CallbackDispatcher()
        self._file = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    @traitlets.validate("asked")
    def _checked(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        asked = {**FIRST, **proposal["value"]}
        for name, known in (("mode", MODES), ("how", HOWS)):
            if asked[name] not in known:
                raise traitlets.TraitError(f"{name}={asked[name]!r}; choose {', '.join(known)}")
        return asked

    def ask(self, **changes: Any) -> None:
        """Change what is asked for, as a person does by the menu and the fields."""
        self.asked = {**self.asked, **changes}

    def add_axis(self, name: str) -> None:
        """Have a setting varied too, or show its values if it is; a person then chooses others.

        Raises:
            KeyError: it is no setting that can be varied.
        """
        settings = {one["name"]: one for one in self._settings()}
        found = settings[name]
        axes = [one for one in self.asked["axes"] if one["name"] in settings]
        if not any(one["name"] == name for one in axes):
            axes.append({"name": name, "values": found["values"]})
        self.ask(mode="sweep", axes=axes)
        self.send({"kind": "settings", "settings": list(settings.values()), "reveal": name})

    def on_generate(self, callback: Callable[[], object], remove: bool = False) -> None:
        """Call `callback` when the button is pressed; `remove` stops that."""
        self._generate.register_callback(callback, remove=remove)

    def on_cancel(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with one of `CANCELS`; `remove` stops that."""
        self._cancel.register_callback(callback, remove=remove)

    def on_open(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with the name of a batch to open; `remove` stops that."""
        self._open.register_callback(callback, remove=remove)

    def on_file(self, callback: Callable[[str, str], object], remove: bool = False) -> None:
        """Call `callback` with name and text of a batch's file to open; `remove` stops that."""
        self._file.register_callback(callback, remove=remove)

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "generate":
            self._generate()
        elif kind == "cancel" and content.get("what") in CANCELS:
            self._cancel(content["what"])
        elif kind == "settings":
            self.send({"kind": "settings", "settings": list(self._settings())})
        elif kind == "batches":
            self.send({"kind": "batches", "batches": list(self._batches())})
        elif kind == "open":
            self._open(str(content["name"]))
        elif kind == "file":
            self._file(str(content["name"]), str(content["text"]))
