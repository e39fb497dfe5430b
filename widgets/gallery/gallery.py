"""The history as a grid of thumbnails; only those on the screen are loaded."""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Self

import anywidget
import ipywidgets as ipw
import traitlets

from medialab.artifacts import Artifact
from medialab.errors import ArtifactError

# Actions besides opening a picture; ratings are "stars:0" to "stars:5".
ACTIONS = ("enhance", "sidecar", "delete", *(f"stars:{count}" for count in range(6)))
# Seconds after which an answer is sent with the thumbnails ready so far, to keep the kernel
# responsive; the browser asks again for the rest.
_ANSWER_WITHIN = 0.03


@dataclass(frozen=True)
class Entry:
    """One picture of the gallery: `id` identifies its thumbnail; width and height in pixels."""

    id: str
    title: str
    stars: int = 0
    created: str = ""
    width: int = 0
    height: int = 0

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """Return the entry of a picture; its `id` is the path as `ArtifactManager` takes it."""
        return cls(
            id=f"{artifact.path.parent.name}/{artifact.path.name}",
            title=artifact.prompt,
            stars=artifact.stars,
            created=artifact.created,
            width=artifact.width,
            height=artifact.height,
        )


class Gallery(anywidget.AnyWidget):
    """A grid of thumbnails of any length.

    The entries stay in Python: the browser knows their number, and asks for those on the screen.
    Callbacks report a person's action; the gallery's owner carries it out and then calls `update`,
    `remove`, `add` or `show`. `current` is the index of the selected entry, or -1. The CSS variable
    `--mls-gallery-height` sets the height; 100 % fills the view, whose class is `mls-gallery-host`.

    Args:
        thumbnail: returns the content of a small picture's file for an entry's id.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    count = traitlets.Int(0).tag(sync=True)
    # Increased whenever the browser's copies may be out of date.
    generation = traitlets.Int(0).tag(sync=True)
    current = traitlets.Int(-1).tag(sync=True)
    empty = traitlets.Unicode("No pictures yet").tag(sync=True)

    def __init__(self, thumbnail: Callable[[str], bytes], **traits: Any) -> None:
        super().__init__(**traits)
        self._thumbnail = thumbnail
        self._entries: list[Entry] = []
        self._places: dict[str, int] = {}
        self._open = ipw.CallbackDispatcher()
        self._act = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries, first to last."""
        return tuple(self._entries)

    @property
    def selected(self) -> str | None:
        """The id of the selected entry, or None."""
        return self._entries[self.current].id if 0 <= self.current < self.count else None

    def on_open(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with the id of each opened entry; `remove` stops that."""
        self._open.register_callback(callback, remove=remove)

    def on_act(self, callback: Callable[[str, str], object], remove: bool = False) -> None:
        """Call `callback` with one of `ACTIONS` and an entry's id; `remove` stops that.

        The browser has already asked for confirmation of a "delete".
        """
        self._act.register_callback(callback, remove=remove)

    def show(self, entries: Sequence[Entry]) -> None:
        """Show these entries; the selection stays, or moves to the entry in its place."""
        selected = self.selected
        self._entries = list(entries)
        self._places = {entry.id: at for at, entry in enumerate(self._entries)}
        with self.hold_sync():
            self.count = len(self._entries)
            self.current = self._places.get(selected or "", min(self.current, self.count - 1))
            self.generation += 1

    def add(self, entry: Entry) -> None:
        """Add an entry before all others."""
        self.show([entry, *self._entries])

    def remove(self, identity: str) -> None:
        """Remove the entry with this id, if there is one."""
        if identity in self._places:
            self.show([entry for entry in self._entries if entry.id != identity])

    def update(self, entry: Entry) -> None:
        """Replace the entry with the same id, if there is one."""
        if entry.id in self._places:
            self._entries[self._places[entry.id]] = entry
            self.generation += 1

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind, identity = content.get("kind"), content.get("id")
        if kind == "rows":
            rows = self._entries[content["from"] : content["to"]]
            ids = [entry.id for entry in rows] if content["thumbnails"] else []
            self._answer(ids, **{"from": content["from"], "rows": [astuple(row) for row in rows]})
        elif kind == "thumbnails":
            self._answer(content["ids"])
        elif identity in self._places:
            if kind == "open":
                self._open(identity)
            elif kind == "act" and content["action"] in ACTIONS:
                self._act(content["action"], identity)

    def _answer(self, ids: Sequence[str], **rows: Any) -> None:
        """Send rows, if given, and as many thumbnails as there is time for, at least one.

        For an entry without a thumbnail the reason is sent.
        """
        end = time.monotonic() + _ANSWER_WITHIN
        found: list[str] = []
        missing: dict[str, str] = {}
        pictures: list[bytes] = []
        for identity in filter(self._places.__contains__, ids):
            try:
                pictures.append(self._thumbnail(identity))
                found.append(identity)
            except (ArtifactError, OSError) as error:
                missing[identity] = str(error)
            if time.monotonic() > end:
                break
        kind = "rows" if rows else "thumbnails"
        answer = {"kind": kind, "generation": self.generation, "ids": found, "missing": missing}
        self.send(answer | rows, pictures)
