"""The line of a batch: its progress, its pages, and what can be done with the marked pictures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import anywidget
import ipywidgets as ipw
import traitlets

STATES: Final = ("waiting", "running", "stopped", "done", "failed")
# What a person can ask for, of the batch and of the marked pictures.
ACTIONS: Final = frozenset(
    {"run", "stop", "close", "export", "page", "compare", "stars", "tag", "delete", "undo"}
    | {"start", "use", "history", "unmark"}
)
# Those that need a studio around the batch, or another owner.
OFFERED: Final = ("start", "use", "history", "close")
FIRST: Final = {
    "name": "",
    "state": "waiting",
    "told": "",
    "share": 0.0,
    "left": 0,
    "failed": 0,
    "page": 0,
    "pages": 1,
    "title": "",
}


class BatchBar(anywidget.AnyWidget):
    """One line for a batch: its name, how much of it is made, and buttons.

    It is as high as nothing while there is no batch. Callbacks report a person's action.

    Attributes:
        batch: with the keys of `FIRST`: `name` ("" without a batch), `state` (one of `STATES`),
            `told` (how much of it is made, in words), `share` (from 0 to 1), `left` (pictures to
            make, or to measure), `failed` (those of them that failed), `page` (from 0) of `pages`,
            and its `title`.
        marked: how many pictures are marked.
        tags: the tags of the marked pictures: each with how many of them have it.
        offers: those of `OFFERED` that the owner can do.
        notice: `text`, `undo` (whether a deletion can be taken back), `is_error`, `number`.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    batch = traitlets.Dict(FIRST).tag(sync=True)
    marked = traitlets.Int(0).tag(sync=True)
    tags: traitlets.List[Any] = traitlets.List().tag(sync=True)
    offers: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    notice: "traitlets.Dict[str, Any]" = traitlets.Dict(
        {"text": "", "undo": False, "is_error": False, "number": 0}
    ).tag(sync=True)

    def __init__(self, offers: Sequence[str] = ()) -> None:
        super().__init__(offers=[name for name in OFFERED if name in offers])
        self.add_class("mls-batch-widget")
        self._act = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    def on_act(
        self, callback: Callable[[str, Mapping[str, Any]], object], remove: bool = False
    ) -> None:
        """Call `callback` with one of `ACTIONS` and its details; `remove` stops that.

        "page" has `page`; "stars" has `stars`, 0 to 5; "tag" has `add` and `remove`, lists of tags.
        """
        self._act.register_callback(callback, remove=remove)

    def show(self, **changes: Any) -> None:
        """Show other values of `batch`; those that are not given stay."""
        self.batch = {**self.batch, **changes}

    def clear(self) -> None:
        """Show no batch."""
        with self.hold_sync():
            self.batch, self.marked, self.tags = dict(FIRST), 0, []
            self.tell("")

    def tell(self, text: str, *, undo: bool = False, is_error: bool = False) -> None:
        """Tell a sentence for some seconds; an error stays until the next."""
        number = self.notice["number"] + 1  # the same sentence may be told twice
        self.notice = {"text": text, "undo": undo, "is_error": is_error, "number": number}

    def send_file(self, name: str, text: str) -> None:
        """Have the page download a text as a file."""
        self.send({"kind": "file", "name": name, "text": text})

    @traitlets.validate("batch")
    def _is_whole(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        batch = dict(proposal["value"])
        if batch.keys() != FIRST.keys() or batch["state"] not in STATES:
            message = f"batch={batch!r}: give {', '.join(FIRST)}; state one of {', '.join(STATES)}"
            raise traitlets.TraitError(message)
        return batch

    def _heard(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content.get("kind") == "act" and content.get("do") in ACTIONS:
            self._act(content["do"], content.get("details") or {})
