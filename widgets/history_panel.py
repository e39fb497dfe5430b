"""The history: every picture in the outputs folder, searched, sorted, marked, compared, deleted."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import ipywidgets as ipw

from medialab.artifacts import Artifact, ArtifactManager, Choices, LeftOut, Query
from medialab.errors import ArtifactError, MediaLabError
from widgets.gallery import Entry, Filters, Gallery
from widgets.guard import Show, guarded
from widgets.history_actions import HistoryActions, HistoryActs
from widgets.history_parcels import parcel_of
from widgets.messages import text_of

ORDERS: Final = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "stars": "Most stars",
    "prompt": "By prompt",
    "name": "By file name",
    "model": "By model",
    "seed": "By seed",
    "size": "Largest first",
}
_MOST_LEFT_OUT = 20  # lines; a longer list adds nothing new
_READ_WITHIN = 0.3  # seconds to wait for the first list
_READING = "Reading the pictures…"


class HistoryPanel(ipw.VBox):
    """The gallery of the saved pictures, or of those in the bin.

    Args:
        artifacts: the pictures of an outputs folder.
        acts: what is done with pictures elsewhere.
        show_error: shows an error that is not a picture's.
    """

    def __init__(self, artifacts: ArtifactManager, acts: HistoryActs, show_error: Show) -> None:
        self._artifacts, self._acts, self._show_error = artifacts, acts, show_error
        self._lock = threading.RLock()  # used by the worker's thread and by callbacks
        self._heard: list[Callable[[], object]] = []
        parcel = partial(parcel_of, artifacts)
        self.gallery = Gallery(artifacts.thumbnail, self._entries, parcel, self._tags)
        self._actions = HistoryActions(
            artifacts, acts, self.gallery, self.refresh, self.look, self._tell_error
        )
        self.gallery.on_open(guarded(self.look, self._tell_error))
        self.gallery.on_act(guarded(self.act, self._tell_error))
        self.gallery.on_filter(guarded(lambda _: self.refresh(), self._tell_error))
        self.gallery.observe(lambda _: self._tell_selected(), "selection")
        super().__init__([self.gallery])
        self.add_class("mls-history")

    @property
    def filters(self) -> Filters:
        """The filters in force."""
        return Filters.of(self.gallery.filters)

    @property
    def tags(self) -> list[str]:
        """All tags that there are."""
        choices: Any = self.gallery.choices
        return [name for name, _ in choices["tags"]]

    @property
    def selected(self) -> list[Artifact]:
        """The selected pictures, in the list's order."""
        return self._look_up(self.gallery.selected)

    def on_selected(self, callback: Callable[[], object]) -> None:
        """Call `callback` after each change of the selection."""
        self._heard.append(callback)

    def begin(self) -> None:
        """Read the outputs folder for the first time; a large one is read in the background."""
        work = guarded(self._read_first, self._tell_error)
        reading = threading.Thread(target=work, name="history", daemon=True)
        reading.start()
        reading.join(_READ_WITHIN)
        if reading.is_alive():
            self.gallery.tell(_READING)

    def _read_first(self) -> None:
        self.refresh()
        if self.gallery.notice["text"] == _READING:
            self.gallery.tell("")

    def narrow(self, **changes: Any) -> None:
        """Change some of the filters: see `Filters`."""
        self.gallery.filters = {**self.gallery.filters, **changes}
        self.refresh()

    def refresh(self) -> None:
        """List the pictures again; a search that cannot be carried out is told beside its field.

        Raises:
            ArtifactError: another process has locked the index.
        """
        with self._lock:
            try:
                query = _query_of(self.filters)
            except (ArtifactError, ValueError) as error:
                is_ours = isinstance(error, ArtifactError)
                self.gallery.fault = text_of(error) if is_ours else "There is no such day."
                return
            self.gallery.fault = ""
            artifacts = self._artifacts
            names = artifacts.names_in_bin(query) if self.filters.bin else artifacts.names(query)
            with self.gallery.hold_sync():
                choices = _choices(artifacts.choices(), artifacts.count_bin())
                if choices != self.gallery.choices:
                    self.gallery.choices = choices
                self.gallery.left_out = _left_out(artifacts.left_out())
                self.gallery.show(names)

    def show_all(self) -> None:
        """Show every picture: without a search, filters, or the bin."""
        others = {"text": "", "tags": [], "model": "", "stars": 0, "since": "", "until": ""}
        self.narrow(bin=False, **others)

    def select(self, artifacts: Sequence[Artifact]) -> None:
        """Select these pictures, as far as they are listed, and no others."""
        self.gallery.select([self._name(one.path) for one in artifacts])

    def mark(self, path: Path | None) -> None:
        """Frame the picture that is on the canvas, given its file."""
        is_ours = path is not None and path.is_relative_to(self._artifacts.folder)
        self.gallery.mark(self._name(path) if path is not None and is_ours else None)

    def look(self, name: str) -> None:
        """Show a picture on the canvas, given its path in the outputs folder.

        Raises:
            ArtifactError: it is gone, or broken.
        """
        found = self._look_up([name])
        if not found:
            message = "this picture is no longer there"
            raise ArtifactError(message)
        self._acts.look(found[0])

    def act(self, action: str, details: Mapping[str, Any]) -> None:
        """Do what a person asks for with the selected pictures.

        Raises:
            ArtifactError: one is gone, or cannot be changed; the others are changed.
        """
        self._actions.act(action, details)

    # --- what the gallery asks for ----------------------------------------------------------------
    def _entries(self, names: Sequence[str]) -> Sequence[Entry]:
        return [Entry.of(one, self._name(one.path)) for one in self._look_up(names)]

    def _tags(self, names: Sequence[str]) -> Mapping[str, int]:
        counted = Counter(tag for one in self._look_up(names) for tag in one.tags)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0].casefold())))

    def _look_up(self, names: Sequence[str]) -> list[Artifact]:
        return self._artifacts.look_up(names)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._artifacts.folder).as_posix()

    def _tell_selected(self) -> None:
        for callback in self._heard:
            guarded(callback, self._show_error)()

    def _tell_error(self, error: BaseException, trace: str) -> None:
        """Show a picture's error below the grid, any other on the canvas."""
        if isinstance(error, MediaLabError):
            self.gallery.tell(text_of(error), is_error=True)
        else:
            self._show_error(error, trace)


def _query_of(filters: Filters) -> Query:
    """Return the query that filters stand for.

    Raises:
        ArtifactError: the search asks for an unknown setting, or the days are the wrong way round.
        ValueError: a day is none.
    """
    return Query(
        text=filters.text,
        tags=filters.tags,
        checkpoint=filters.model or None,
        since=date.fromisoformat(filters.since) if filters.since else None,
        until=date.fromisoformat(filters.until) if filters.until else None,
        least_stars=filters.stars,
        order=filters.order,
    )


def _choices(choices: Choices, binned: int) -> dict[str, Any]:
    return {
        "tags": [list(one) for one in choices.tags.items()],
        "models": [list(one) for one in choices.checkpoints.items()],
        "orders": [list(one) for one in ORDERS.items()],
        "binned": binned,
    }


def _left_out(left_out: Sequence[LeftOut]) -> dict[str, Any]:
    lines = [[one.path.name, one.reason] for one in left_out[:_MOST_LEFT_OUT]]
    return {"lines": lines, "count": len(left_out)}
