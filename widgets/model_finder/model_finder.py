"""A search in sources of models on the network, and the list of downloads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as ipw
import traitlets

# What a person asks of a download in the list.
_OF_DOWNLOADS = frozenset({"cancel", "resume", "discard", "forget"})


@dataclass(frozen=True)
class Filter:
    """A filter of a source: a menu of `choices`, or a field for text where there are none."""

    name: str
    title: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class Found:
    """A model in the list of what was found; `about` says in a line what it is."""

    id: str
    name: str
    about: str
    tags: str = ""


@dataclass(frozen=True)
class FoundFile:
    """A file of a version; `refused` says why it is not downloaded, "" if it can be."""

    key: str
    name: str
    about: str
    refused: str = ""


@dataclass(frozen=True)
class FoundVersion:
    """A version of a model.

    Attributes:
        key: Its name in messages.
        name: Its name for people.
        facts: Labels and values.
        words: The words that it was trained on.
        about: A description, plain text.
        restricted: Who may download it; "" if everyone may.
        files: Its files.
    """

    key: str
    name: str
    facts: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    about: str = ""
    restricted: str = ""
    files: tuple[FoundFile, ...] = ()


@dataclass(frozen=True)
class FoundModel:
    """A model with its versions, the newest first; `page` is its address, for people."""

    id: str
    name: str
    facts: tuple[tuple[str, str], ...] = ()
    about: str = ""
    page: str = ""
    versions: tuple[FoundVersion, ...] = ()


class ModelFinder(anywidget.AnyWidget):
    """A search field with filters, what was found, one model in full, and the downloads below.

    Nothing is asked until a person presses Enter or a button. `source` is the chosen source's
    name, `busy` what is being waited for, `told` what went wrong or else is to be said, `more`
    whether there are further results. `downloads` are rows of id, name, state, bytes done, bytes in
    all (-1: unknown), what is told, error.

    Args:
        sources: the names and titles of the sources.
        filters: the filters of each source, by its name.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    sources = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    source = traitlets.Unicode("").tag(sync=True)
    filters = traitlets.Dict().tag(sync=True)
    busy = traitlets.Unicode("").tag(sync=True)
    told = traitlets.Unicode("").tag(sync=True)
    found = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)  # rows of `Found`
    more = traitlets.Bool(False).tag(sync=True)
    model: Any = traitlets.Dict(default_value=None, allow_none=True).tag(
        sync=True
    )  # a `FoundModel`, or None
    downloads: Any = traitlets.List().tag(sync=True)

    def __init__(
        self,
        sources: Sequence[tuple[str, str]],
        filters: Mapping[str, Sequence[Filter]],
        **traits: Any,
    ) -> None:
        super().__init__(
            sources=[list(one) for one in sources],
            source=sources[0][0] if sources else "",
            filters={name: [asdict(one) for one in every] for name, every in filters.items()},
            **traits,
        )
        self._callbacks = {
            name: ipw.CallbackDispatcher()
            for name in ("search", "more", "open", "download", "of_download", "back")
        }
        self.on_msg(self._heard)

    def on(self, name: str, callback: Callable[..., object], remove: bool = False) -> None:
        """Call `callback` when a person asks for something; `remove` stops that.

        Args:
            name: "search" (with the text and the filters by name), "more", "open" (a model's id, or
                "" to go back to the list), "download" (the keys of a version and of a file),
                "of_download" ("cancel", "resume", "discard" or "forget", and the id), "back".
            callback: Called with these.
            remove: Stop calling it.
        """
        self._callbacks[name].register_callback(callback, remove=remove)

    def show_found(self, found: Sequence[Found], *, more: bool) -> None:
        """Show what was found in place of what was there."""
        with self.hold_sync():
            self.found = [list(astuple(one)) for one in found]
            self.more = more

    def show_model(self, model: FoundModel | None) -> None:
        """Show one model in full; None shows the list again."""
        self.model = None if model is None else asdict(model)

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "search":
            asked = content.get("filters") or {}
            chosen = {str(name): str(value) for name, value in asked.items() if value}
            self._callbacks["search"](str(content.get("text", "")), chosen)
        elif kind in {"more", "back"}:
            self._callbacks[kind]()
        elif kind == "open":
            self._callbacks["open"](str(content.get("id", "")))
        elif kind == "download":
            self._callbacks["download"](str(content["version"]), str(content["file"]))
        elif kind in _OF_DOWNLOADS:
            self._callbacks["of_download"](kind, str(content.get("id", "")))
