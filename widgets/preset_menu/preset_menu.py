"""The presets in the settings' column: used, saved, renamed, deleted, shared and imported."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict

import anywidget
import ipywidgets as ipw
import traitlets

# Parts of the settings that are saved only if a person asks for them.
PARTS: Final = ("prompt", "model", "size")
_TEXTS: Final = ("name", "to", "replace", "parts")


class Entry(TypedDict):
    """A preset: its name, what it is for, and whether it came with the program."""

    name: str
    description: str
    shipped: bool


class Changes(NamedTuple):
    """What a preset would change.

    Attributes:
        rows: label, present and new value of each setting.
        reasons: why the checkpoint cannot use some of them.
        is_vain: whether it can use none of them.
    """

    rows: Sequence[Sequence[str]]
    reasons: Sequence[str] = ()
    is_vain: bool = False


class PresetMenu(anywidget.AnyWidget):
    """A button that opens the list of presets; one that is chosen shows what it would change.

    Attributes:
        presets: the `Entry` of each preset, in order.
        notice: a sentence for a person: `text`, `is_error`, and a `number` that counts up.

    Args:
        changes: returns what a preset of this name would change.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    presets: Any = traitlets.List().tag(sync=True)  # of Entry
    notice: Any = traitlets.Dict({"text": "", "is_error": False, "number": 0}).tag(sync=True)

    def __init__(self, changes: Callable[[str], Changes], **traits: Any) -> None:
        super().__init__(**traits)
        self._changes = changes
        self._act = ipw.CallbackDispatcher()
        self._import = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    def on_act(
        self, callback: Callable[[str, Mapping[str, Any]], object], remove: bool = False
    ) -> None:
        """Call `callback` with "use", "save", "rename", "delete" or "share", and its details.

        Details are `name`; for "save" also `parts`, of `PARTS`, and `replace`; for "rename" also
        `to`. `remove` stops that.
        """
        self._act.register_callback(callback, remove=remove)

    def on_import(
        self, callback: Callable[[str, bytes, bool], object], remove: bool = False
    ) -> None:
        """Call `callback` with a file's name, its content, and whether it may replace others."""
        self._import.register_callback(callback, remove=remove)

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Show a sentence below the list."""
        self.notice = {"text": text, "is_error": is_error, "number": self.notice["number"] + 1}

    def give(self, name: str, text: str) -> None:
        """Have the browser save a file."""
        self.send({"kind": "file", "name": name, "text": text})

    def settings_changed(self) -> None:
        """Have the browser ask again what the opened preset would change."""
        self.send({"kind": "settings"})

    def ask_to_replace(self, text: str) -> None:
        """Ask whether the file that a person just chose may replace presets of its names."""
        self.send({"kind": "taken", "text": text})

    def _heard(self, _widget: object, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        kind = content.get("kind")
        if kind == "changes":
            name = str(content["name"])
            rows, reasons, is_vain = self._changes(name)
            self.send(
                {
                    "kind": "changes",
                    "name": name,
                    "rows": [list(row) for row in rows],
                    "reasons": list(reasons),
                    "is_vain": is_vain,
                }
            )
        elif kind in {"use", "save", "rename", "delete", "share"}:
            self._act(kind, {name: content[name] for name in _TEXTS if name in content})
        elif kind == "import" and buffers:
            self._import(str(content["name"]), bytes(buffers[0]), bool(content.get("replace")))
