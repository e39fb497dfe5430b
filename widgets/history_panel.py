"""The history: every picture in the outputs folder, searched, sorted, marked, compared, deleted."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import ipywidgets as ipw

from medialab.artifacts import Artifact, ArtifactManager, Choices, LeftOut, Query
from medialab.errors import ArtifactError, MediaLabError
from widgets.gallery import Entry, Filters, Gallery, Parcel
from widgets.guard import Show, guarded
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
_MOST_AT_ONCE = 50  # pictures changed while the panel waits; more are changed in the background
_MOST_DOWNLOADED = 2**31  # bytes: the browser collects a download in memory
_MOST_TEXTS = 200  # pictures whose settings are copied
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
_READ_WITHIN = 0.3  # seconds to wait for the first list
_READING = "Reading the pictures…"
_PIECE = 2**20  # bytes of a file sent at once


@dataclass(frozen=True)
class HistoryActs:
    """What the rest of the studio does with pictures of the history.

    Attributes:
        look: shows a picture on the canvas.
        start_from: takes a picture as the start picture.
        use_settings: takes over the settings of the picture on the canvas.
        compare: shows two pictures' files beside each other, with their names.
        clear: takes the picture off the canvas.
        differ: says what differs between the two selected pictures.
        check: makes the picture on the canvas again, and says whether it is equal.
        retag: gives a tag another name everywhere, or that of another; returns in how many.
    """

    look: Callable[[Artifact], object]
    start_from: Callable[[Artifact], object]
    use_settings: Callable[[], object]
    compare: Callable[[bytes, bytes, tuple[str, str]], object]
    clear: Callable[[], object]
    differ: Callable[[], object]
    check: Callable[[], object]
    retag: Callable[[str, str], int]


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
        self._deleted: Sequence[Path] = ()
        self._shown_before: str | None = None  # the picture on the canvas, if it was deleted
        self._heard: list[Callable[[], object]] = []
        self.gallery = Gallery(artifacts.thumbnail, self._entries, self._parcel, self._tags)
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
        if action.startswith("stars:"):
            self._annotate(stars=int(action.removeprefix("stars:")))
        elif action == "tag":
            added, removed = details.get("add", ()), details.get("remove", ())
            self._annotate(add_tags=added, remove_tags=removed)
        elif action == "retag":
            self._retag(str(details["from"]), str(details["to"]))
        else:
            {
                "check": self._check,
                "compare": self._compare_two,
                "differ": self._acts.differ,
                "delete": self._delete,
                "purge": self._purge,
                "restore": lambda: self._restore(self._paths()),
                "start": lambda: self._acts.start_from(self._one()),
                "undo": lambda: self._restore(self._deleted, self._shown_before),
                "use": self._use,
            }[action]()

    # --- what is asked for ------------------------------------------------------------------------
    def _annotate(self, **changes: Any) -> None:
        paths = self._paths()

        def work() -> None:
            try:
                self._artifacts.annotate_all(paths, **changes)
            finally:
                # What a filter or the order goes by may have changed.
                if "stars" not in changes or self.filters.stars or self.filters.order == "stars":
                    self.refresh()
                else:
                    self._artifacts.count()  # so that the index knows
                    self.gallery.renew()

        self._run(work, len(paths))

    def _retag(self, old: str, new: str) -> None:
        def work() -> None:
            try:
                count = self._acts.retag(old, new)
            finally:
                self.refresh()
            self.gallery.tell(f"{old} is {new} now, in {_counted(count)} and models")

        self._run(work, self._artifacts.count(Query(tags=(old,))))

    def _compare_two(self) -> None:
        chosen = self.selected
        if len(chosen) != 2:
            message = "select exactly two pictures to compare"
            raise ArtifactError(message)
        older, newer = sorted(chosen, key=lambda one: one.created)
        labels = (_label(older), _label(newer))
        self._acts.compare(older.path.read_bytes(), newer.path.read_bytes(), labels)

    def _delete(self) -> None:
        chosen = self.gallery.selected
        paths = self._paths()
        at, marked = self.gallery.shown, self.gallery.marked
        is_shown = marked in set(chosen)

        def work() -> None:
            gone: list[Path] = []
            why = ""
            for path in paths:
                try:
                    gone.append(self._artifacts.delete(path))
                except ArtifactError as error:
                    why = f"; {text_of(error)}"
            self._deleted, self._shown_before = gone, marked if is_shown else None
            self.refresh()
            if is_shown and not self._is_there(marked):
                self._look_near(at)
            told = f"{_counted(len(gone))} moved to the bin{why}"
            self.gallery.tell(told, undo=bool(gone), is_error=bool(why))

        self._run(work, len(paths))

    def _is_there(self, name: str | None) -> bool:
        return name is not None and (self._artifacts.folder / name).exists()

    def _look_near(self, at: int) -> None:
        """Show the picture that took the place of one that is gone; without any, none."""
        left = self.gallery.ids
        if left and at >= 0:
            self.look(left[min(at, len(left) - 1)])
        else:
            self._acts.clear()

    def _restore(self, paths: Sequence[Path], shown: str | None = None) -> None:
        """Bring pictures back from the bin, and show the one that was on the canvas again."""

        def work() -> None:
            back: list[str] = []
            try:
                for path in paths:
                    self._artifacts.restore(path)
                    back.append(self._name(path).removeprefix("bin/"))
            finally:
                self._deleted = ()
                self.refresh()
                self.gallery.select(back)
            if shown in back:
                self.look(shown)
            self.gallery.tell(f"{_counted(len(back))} restored")

        self._run(work, len(paths))

    def _purge(self) -> None:
        paths, is_shown = self._paths(), self.gallery.marked in set(self.gallery.selected)

        def work() -> None:
            count = self._artifacts.empty_bin(only=paths)
            self.refresh()
            if is_shown:
                self._acts.clear()
            self.gallery.tell(f"{_counted(count)} deleted for good")

        self._run(work, len(paths))

    def _check(self) -> None:
        if list(self.gallery.selected) != [self.gallery.marked]:
            self._acts.look(self._one())
        self._acts.check()

    def _use(self) -> None:
        if list(self.gallery.selected) != [self.gallery.marked]:
            self._acts.look(self._one())
        self._acts.use_settings()

    def _run(self, work: Callable[[], None], count: int) -> None:
        """Do something to so many pictures; in the background if it takes long."""
        if count <= _MOST_AT_ONCE:
            work()
            return
        self.gallery.tell(f"Working on {_counted(count)}…")
        edge = guarded(work, self._tell_error)
        threading.Thread(target=edge, name="history", daemon=True).start()

    # --- what the gallery asks for ----------------------------------------------------------------
    def _entries(self, names: Sequence[str]) -> Sequence[Entry]:
        return [Entry.of(one, self._name(one.path)) for one in self._look_up(names)]

    def _tags(self, names: Sequence[str]) -> Mapping[str, int]:
        counted = Counter(tag for one in self._look_up(names) for tag in one.tags)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0].casefold())))

    def _parcel(self, what: str, names: Sequence[str]) -> Parcel:
        """Return the file for a download or the clipboard."""
        paths = [self._artifacts.folder / name for name in names]
        if not paths:
            message = "no picture is selected"
            raise ArtifactError(message)
        if what == "text":
            texts = [self._artifacts.infotext_of(path) for path in paths[:_MOST_TEXTS]]
            return Parcel("settings.txt", "text/plain", iter(["\n\n".join(texts).encode()]))
        if what == "picture" or len(paths) == 1:
            path, size = paths[0], paths[0].stat().st_size
            return Parcel(path.name, _TYPES.get(path.suffix, ""), _pieces(path), size)
        size = sum(path.stat().st_size for path in paths)
        if size > _MOST_DOWNLOADED:
            most, asked = _MOST_DOWNLOADED / 2**30, size / 2**30
            raise ArtifactError(
                f"{asked:.1f} GB are too much for a download, which has at most {most:.0f} GB; "
                "choose fewer pictures"
            )
        name = f"{len(paths)} pictures.zip"
        return Parcel(name, "application/zip", self._artifacts.pack(paths), size)

    def _look_up(self, names: Sequence[str]) -> list[Artifact]:
        return self._artifacts.look_up(names)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._artifacts.folder).as_posix()

    def _paths(self) -> list[Path]:
        return [self._artifacts.folder / name for name in self.gallery.selected]

    def _one(self) -> Artifact:
        """Return the one selected picture.

        Raises:
            ArtifactError: none or more are selected, or it is gone.
        """
        chosen = self.selected
        if len(chosen) != 1:
            message = "select one picture"
            raise ArtifactError(message)
        return chosen[0]

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


def _label(artifact: Artifact) -> str:
    number = artifact.id.partition("/")[2]
    return f"{number} · seed {artifact.seed}"


def _counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
