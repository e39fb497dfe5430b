"""What is done with the selected pictures of the history: marked, compared, deleted, restored."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medialab.artifacts import Artifact, ArtifactManager, Query
from medialab.errors import ArtifactError
from widgets.gallery import Filters, Gallery
from widgets.guard import Show, guarded
from widgets.messages import text_of

_MOST_AT_ONCE = 50  # pictures changed while the panel waits; more are changed in the background


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


class HistoryActions:
    """Does what a person asks for with the selected pictures, and tells in the gallery what it did.

    Args:
        artifacts: the pictures of an outputs folder.
        acts: what is done with pictures elsewhere.
        gallery: where they are selected.
        refresh: lists the pictures again.
        look: shows a picture on the canvas, given its path in the outputs folder.
        show_error: shows an error of what is done in the background.
    """

    def __init__(
        self,
        artifacts: ArtifactManager,
        acts: HistoryActs,
        gallery: Gallery,
        refresh: Callable[[], object],
        look: Callable[[str], object],
        show_error: Show,
    ) -> None:
        self._artifacts, self._acts, self._gallery = artifacts, acts, gallery
        self._refresh, self._look, self._show_error = refresh, look, show_error
        self._deleted: Sequence[Path] = ()
        self._shown_before: str | None = None  # the picture on the canvas, if it was deleted

    def act(self, action: str, details: Mapping[str, Any]) -> None:
        """Do one of the gallery's actions; see `HistoryPanel.act`."""
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

    def _annotate(self, **changes: Any) -> None:
        paths = self._paths()

        def work() -> None:
            try:
                self._artifacts.annotate_all(paths, **changes)
            finally:
                filters = Filters.of(self._gallery.filters)
                # What a filter or the order goes by may have changed.
                if "stars" not in changes or filters.stars or filters.order == "stars":
                    self._refresh()
                else:
                    self._artifacts.count()  # so that the index knows
                    self._gallery.renew()

        self._run(work, len(paths))

    def _retag(self, old: str, new: str) -> None:
        def work() -> None:
            try:
                count = self._acts.retag(old, new)
            finally:
                self._refresh()
            self._gallery.tell(f"{old} is now {new}, in {_counted(count)} and models")

        self._run(work, self._artifacts.count(Query(tags=(old,))))

    def _compare_two(self) -> None:
        chosen = self._selected()
        if len(chosen) != 2:
            message = "select exactly two pictures to compare"
            raise ArtifactError(message)
        older, newer = sorted(chosen, key=lambda one: one.created)
        labels = (_label(older), _label(newer))
        self._acts.compare(older.path.read_bytes(), newer.path.read_bytes(), labels)

    def _delete(self) -> None:
        chosen = self._gallery.selected
        paths = self._paths()
        at, marked = self._gallery.shown, self._gallery.marked
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
            self._refresh()
            if is_shown and not self._is_there(marked):
                self._look_near(at)
            told = f"{_counted(len(gone))} moved to the bin{why}"
            self._gallery.tell(told, undo=bool(gone), is_error=bool(why))

        self._run(work, len(paths))

    def _is_there(self, name: str | None) -> bool:
        return name is not None and (self._artifacts.folder / name).exists()

    def _look_near(self, at: int) -> None:
        """Show the picture that took the place of one that is gone; without any, none."""
        left = self._gallery.ids
        if left and at >= 0:
            self._look(left[min(at, len(left) - 1)])
        else:
            self._acts.clear()

    def _restore(self, paths: Sequence[Path], shown: str | None = None) -> None:
        """Bring pictures back from the bin, and show the one that was on the canvas again."""

        def work() -> None:
            back: list[str] = []
            try:
                for path in paths:
                    self._artifacts.restore(path)
                    back.append(
                        path.relative_to(self._artifacts.folder).as_posix().removeprefix("bin/")
                    )
            finally:
                self._deleted = ()
                self._refresh()
                self._gallery.select(back)
            if shown in back:
                self._look(shown)
            self._gallery.tell(f"{_counted(len(back))} restored")

        self._run(work, len(paths))

    def _purge(self) -> None:
        paths, is_shown = self._paths(), self._gallery.marked in set(self._gallery.selected)

        def work() -> None:
            count = self._artifacts.empty_bin(only=paths)
            self._refresh()
            if is_shown:
                self._acts.clear()
            self._gallery.tell(f"{_counted(count)} deleted for good")

        self._run(work, len(paths))

    def _check(self) -> None:
        if list(self._gallery.selected) != [self._gallery.marked]:
            self._acts.look(self._one())
        self._acts.check()

    def _use(self) -> None:
        if list(self._gallery.selected) != [self._gallery.marked]:
            self._acts.look(self._one())
        self._acts.use_settings()

    def _run(self, work: Callable[[], None], count: int) -> None:
        """Do something to so many pictures; in the background if it takes long."""
        if count <= _MOST_AT_ONCE:
            work()
            return
        self._gallery.tell(f"Working on {_counted(count)}…")
        edge = guarded(work, self._show_error)
        threading.Thread(target=edge, name="history", daemon=True).start()

    def _selected(self) -> list[Artifact]:
        """Return the selected pictures, in the list's order."""
        return self._artifacts.look_up(self._gallery.selected)

    def _paths(self) -> list[Path]:
        return [self._artifacts.folder / name for name in self._gallery.selected]

    def _one(self) -> Artifact:
        """Return the one selected picture.

        Raises:
            ArtifactError: none or more are selected, or it is gone.
        """
        chosen = self._selected()
        if len(chosen) != 1:
            message = "select one picture"
            raise ArtifactError(message)
        return chosen[0]


def _label(artifact: Artifact) -> str:
    number = artifact.id.partition("/")[2]
    return f"{number} · seed {artifact.seed}"


def _counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
