"""The settings of the shown picture as a table, and what differs from others."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import anywidget
import ipywidgets as ipw
import traitlets

from medialab.errors import MediaLabError
from widgets.messages import text_of

# What the table shows: the picture's settings, how they differ from the form's, or how the two
# selected pictures differ.
VIEWS: Final = ("settings", "form", "selected")
PARTS: Final = ("all", "prompt", "seed", "size", "stages")
TEXTS: Final = ("text", "json", "path")


@dataclass(frozen=True)
class Row:
    """A setting: its label and value; `other` in a comparison; whether it is only shown in All."""

    label: str
    value: str
    other: str = ""
    is_usual: bool = False


@dataclass(frozen=True)
class Group:
    """The settings of a stage: its title, a note such as its seconds, and its rows."""

    title: str
    note: str = ""
    rows: tuple[Row, ...] = ()


class Details(anywidget.AnyWidget):
    """A table of the shown picture's settings, with its stars, its tags and ways to copy it.

    The owner fills it with `show` and calls `clear` when there is no picture. Callbacks report a
    person's action.

    Args:
        text: returns what is copied for one of `TEXTS`.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    # The file's name; "" while no picture is shown. `empty` is told then.
    name = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode("No picture is shown").tag(sync=True)
    view = traitlets.Enum(VIEWS, "settings").tag(sync=True)
    shows_all = traitlets.Bool(False).tag(sync=True)
    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    # The names of the two that are compared, and whether two pictures are selected.
    compared: traitlets.List[Any] = traitlets.List().tag(sync=True)
    has_pair = traitlets.Bool(False).tag(sync=True)
    # None: the picture is not saved, and cannot have any.
    stars = traitlets.Int(None, allow_none=True).tag(sync=True)
    tags: traitlets.List[Any] = traitlets.List().tag(sync=True)
    # What the picture has in common with others: kind, name, and how many others.
    related: traitlets.List[Any] = traitlets.List().tag(sync=True)
    # Sentences above the table: why two pictures differ, or what a check has found.
    story: traitlets.List[Any] = traitlets.List().tag(sync=True)
    # The address of a picture that shows where two differ; "" for none.
    difference = traitlets.Unicode("").tag(sync=True)
    suggestions: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, text: Callable[[str], str], **traits: Any) -> None:
        super().__init__(**traits)
        self._text = text
        self._use = ipw.CallbackDispatcher()
        self._mark = ipw.CallbackDispatcher()
        self._check = ipw.CallbackDispatcher()
        self._related = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    def on_use(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with one of `PARTS`; `remove` stops that."""
        self._use.register_callback(callback, remove=remove)

    def on_mark(
        self, callback: Callable[[Mapping[str, Any]], object], remove: bool = False
    ) -> None:
        """Call `callback` with `stars`, `add_tags` or `remove_tags`; `remove` stops that."""
        self._mark.register_callback(callback, remove=remove)

    def on_check(self, callback: Callable[[], object], remove: bool = False) -> None:
        """Call `callback` when the picture is to be made again; `remove` stops that."""
        self._check.register_callback(callback, remove=remove)

    def on_related(self, callback: Callable[[int], object], remove: bool = False) -> None:
        """Call `callback` with the place in `related` that a person chose; `remove` stops that."""
        self._related.register_callback(callback, remove=remove)

    def tell(self, story: Sequence[str], difference: bytes = b"") -> None:
        """Show sentences above the table, and a small PNG of where two pictures differ."""
        address = f"data:image/png;base64,{b64encode(difference).decode()}" if difference else ""
        with self.hold_sync():
            self.story, self.difference = list(story), address

    def show(self, groups: Sequence[Group], compared: Sequence[str] = ()) -> None:
        """Show these rows, as the present view's; `compared` are the names of the two columns."""
        with self.hold_sync():
            self.groups = [asdict(group) for group in groups]
            self.compared = list(compared)

    def clear(self, why: str) -> None:
        """Show no picture, and say why."""
        with self.hold_sync():
            self.empty, self.name, self.groups, self.compared = why, "", [], []
            self.related, self.story, self.difference = [], [], ""

    def _heard(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "use" and content["part"] in PARTS:
            self._use(content["part"])
        elif kind == "mark":
            known = ("stars", "add_tags", "remove_tags")
            self._mark({name: content[name] for name in known if name in content})
        elif kind == "check":
            self._check()
        elif kind == "related":
            self._related(int(content["at"]))
        elif kind == "text" and content["what"] in TEXTS:
            answer = {"kind": "text", "number": content["number"]}
            try:
                self.send(answer | {"text": self._text(content["what"])})
            except (MediaLabError, OSError) as error:
                self.send(answer | {"why": text_of(error)})
