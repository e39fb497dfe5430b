"""The history as a grid of thumbnails; only those on the screen are loaded."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import anywidget
import ipywidgets as ipw
import traitlets

from medialab.artifacts import Artifact
from medialab.errors import ArtifactError
from widgets.gallery.selection import places_in, ranges_of
from widgets.gallery.transfers import Parcel, Transfers

# What a person can ask for; ratings are "stars:0" to "stars:5".
ACTIONS: Final = frozenset(
    {
        "check",
        "compare",
        "delete",
        "differ",
        "empty",
        "purge",
        "restore",
        "retag",
        "start",
        "tag",
        "undo",
        "use",
        *(f"stars:{count}" for count in range(6)),
    }
)
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
    def of(cls, artifact: Artifact, name: str) -> Self:
        """Return the entry of a picture whose path in the outputs folder is `name`."""
        return cls(
            id=name,
            title=artifact.prompt,
            stars=artifact.stars,
            created=artifact.created,
            width=artifact.width,
            height=artifact.height,
        )


@dataclass(frozen=True)
class Filters:
    """What a person asked to see; days as "2026-11-22" or "", `order` as `Query.order`."""

    text: str = ""
    tags: tuple[str, ...] = ()
    model: str = ""
    stars: int = 0
    since: str = ""
    until: str = ""
    order: str = "newest"
    bin: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return filters as the browser tells them."""
        known = {name: told[name] for name in cls.__dataclass_fields__ if name in told}
        return cls(**{**known, "tags": tuple(known.get("tags", ()))})


@dataclass(frozen=True)
class Notice:
    """A sentence below the grid: `undo` offers to take it back, `is_error` alerts."""

    text: str = ""
    undo: bool = False
    is_error: bool = False


@dataclass(frozen=True)
class _List:
    """The ids that were shown in one generation, and the index of each."""

    ids: Sequence[str] = ()
    places: Mapping[str, int] = field(default_factory=dict)


class Gallery(anywidget.AnyWidget):
    """A grid of thumbnails of any length, with its search, filters and actions.

    The list stays in Python: the browser knows its length, and asks for the entries on the screen.
    Callbacks report a person's action; the gallery's owner carries it out and then calls `show`,
    `renew` or `tell`. The CSS variable `--mls-gallery-height` sets the height; 100 % fills the
    view, whose class is `mls-gallery-host`.

    Args:
        thumbnail: returns the content of a small picture's file for an entry's id.
        look_up: returns the entries for some ids, without those that are gone.
        parcel: returns the file to send for "files" (pictures as they are), "picture" or "text"
            (their settings), and the selected ids.
        tags: returns the tags of these ids, each with how many of them have it.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    count = traitlets.Int(0).tag(sync=True)
    # Increased whenever the browser's copies may be out of date.
    generation = traitlets.Int(0).tag(sync=True)
    # The index of the picture on the canvas, or -1.
    shown = traitlets.Int(-1).tag(sync=True)
    # The selected entries of this generation: [first, end] each.
    selection: traitlets.List[Any] = traitlets.List().tag(sync=True)
    filters = traitlets.Dict(asdict(Filters())).tag(sync=True)
    # Why the search cannot be carried out; "" if it can.
    fault = traitlets.Unicode("").tag(sync=True)
    # What can be filtered by: tags and models, each with its number of pictures; orders, the bin.
    choices = traitlets.Dict({"tags": [], "models": [], "orders": [], "binned": 0}).tag(sync=True)
    # Files that cannot be listed: name and reason; and how many there are in all.
    left_out = traitlets.Dict({"lines": [], "count": 0}).tag(sync=True)
    notice = traitlets.Dict(asdict(Notice()) | {"number": 0}).tag(sync=True)

    def __init__(
        self,
        thumbnail: Callable[[str], bytes],
        look_up: Callable[[Sequence[str]], Sequence[Entry]],
        parcel: Callable[[str, Sequence[str]], Parcel],
        tags: Callable[[Sequence[str]], Mapping[str, int]],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._thumbnail, self._look_up = thumbnail, look_up
        self._parcel, self._tags = parcel, tags
        self._list, self._before = _List(), _List()
        self._marked: str | None = None
        self._transfers = Transfers(self.send)
        self._open = ipw.CallbackDispatcher()
        self._act = ipw.CallbackDispatcher()
        self._filter = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    @property
    def ids(self) -> Sequence[str]:
        """The ids of all entries, first to last."""
        return self._list.ids

    @property
    def selected(self) -> Sequence[str]:
        """The ids of the selected entries, in the list's order."""
        return [self._list.ids[at] for at in places_in(self.selection, self.count)]

    @property
    def marked(self) -> str | None:
        """The id of the picture on the canvas, whether it is listed or not; or None."""
        return self._marked

    def on_open(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with the id of each opened entry; `remove` stops that."""
        self._open.register_callback(callback, remove=remove)

    def on_act(
        self, callback: Callable[[str, Mapping[str, Any]], object], remove: bool = False
    ) -> None:
        """Call `callback` with one of `ACTIONS` and its details; `remove` stops that.

        It is meant for the selected entries. "tag" has `add` and `remove`, "retag" (of all
        pictures) `from` and `to`, "compare" has `how`.
        """
        self._act.register_callback(callback, remove=remove)

    def on_filter(self, callback: Callable[[Filters], object], remove: bool = False) -> None:
        """Call `callback` with the filters after each change by a person; `remove` stops that."""
        self._filter.register_callback(callback, remove=remove)

    def show(self, ids: Sequence[str]) -> None:
        """Show these entries; those selected stay selected, as far as they are there."""
        chosen = self.selected
        places = {identity: at for at, identity in enumerate(ids)}
        with self.hold_sync():
            self._before, self._list = self._list, _List(tuple(ids), places)
            self.count = len(ids)
            self.selection = ranges_of(places[one] for one in chosen if one in places)
            at = places.get(self._marked or "", -1)
            if at >= 0 > self.shown and not self.selection:
                self.selection = [[at, at + 1]]  # it was shown before it was listed
            self.shown = at
            self.generation += 1

    def renew(self) -> None:
        """Have the entries on the screen looked up again."""
        self._before = self._list
        self.generation += 1

    def mark(self, identity: str | None) -> None:
        """Frame the entry whose picture is on the canvas; None: no entry's is.

        A selection of nothing but the entry that was framed before moves on with the frame.
        """
        follows = set(self.selected) <= {self._marked}
        self._marked = identity
        at = self._list.places.get(identity or "", -1)
        with self.hold_sync():
            self.shown = at
            if follows:
                self.selection = ranges_of([at] if at >= 0 else [])

    def select(self, ids: Sequence[str]) -> None:
        """Select these entries, as far as they are there, and no others."""
        places = self._list.places
        self.selection = ranges_of(places[one] for one in ids if one in places)

    def tell(self, text: str, *, undo: bool = False, is_error: bool = False) -> None:
        """Show a sentence below the grid for some seconds; an error stays until the next."""
        number = self.notice["number"] + 1  # the same sentence may be told twice
        self.notice = asdict(Notice(text, undo, is_error)) | {"number": number}

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind, identity = content.get("kind"), content.get("id")
        if kind == "rows":
            self._send_rows(content["from"], content["to"], content["thumbnails"])
        elif kind == "thumbnails":
            self._answer(content["ids"])
        elif kind == "select":
            self._take_selection(content["generation"], content["ranges"])
        elif kind == "filter":
            self.filters = asdict(Filters.of(content["filters"]))
            self._filter(Filters.of(self.filters))
        elif kind == "tags":
            chosen = self.selected
            told = list(self._tags(chosen).items())
            self.send({"kind": "tags", "tags": told, "of": len(chosen)})
        elif kind == "fetch":
            make = partial(self._parcel, content["what"], self.selected)
            self._transfers.begin(content["number"], make)
        elif kind == "more":
            self._transfers.go_on(content["number"])
        elif kind == "drop":
            self._transfers.drop(content["number"])
        elif kind == "open" and identity in self._list.places:
            self._open(identity)
        elif kind == "act" and content["action"] in ACTIONS:
            self._act(content["action"], content.get("details", {}))

    def _take_selection(self, generation: int, ranges: Sequence[Sequence[int]]) -> None:
        """Take what a person selected; it may be of the list before this one."""
        if generation == self.generation:
            self.selection = [list(one) for one in ranges]
        elif generation == self.generation - 1:
            ids = self._before.ids
            self.select([ids[at] for at in places_in(ranges, len(ids))])

    def _send_rows(self, first: int, end: int, thumbnails: bool) -> None:
        ids = self._list.ids[first:end]
        found = {entry.id: entry for entry in self._look_up(ids)}
        # One that is gone meanwhile has its place until the list is shown anew.
        rows = [astuple(found.get(one) or Entry(one, "no longer there")) for one in ids]
        self._answer(ids if thumbnails else [], **{"from": first, "rows": rows})

    def _answer(self, ids: Sequence[str], **rows: Any) -> None:
        """Send rows, if given, and as many thumbnails as there is time for, at least one.

        For an entry without a thumbnail the reason is sent.
        """
        end = time.monotonic() + _ANSWER_WITHIN
        found: list[str] = []
        missing: dict[str, str] = {}
        pictures: list[bytes] = []
        for identity in filter(self._list.places.__contains__, ids):
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
