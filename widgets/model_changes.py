"""What a person does with a model from its drawer: star, tags, notes, a new name, the bin."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from medialab import Workbench
from medialab.errors import MediaLabError, ModelMoveError, NotesError
from medialab.listing.own_files import BinnedModel
from medialab.loading.hashing import HashingJob
from medialab.loading.registry import ModelInfo
from widgets.guard import Show, guarded
from widgets.model_details import kind_title, size_text
from widgets.models_shelf import Binned, ModelsShelf

STAR = "starred"  # the tag that a star is


class ModelChanges:
    """Does what the drawer and the bin of a shelf ask for, and says what was done.

    Args:
        bench: the workbench whose models are meant.
        shelf: the shelf, which is told.
        refresh: called when the files in the models folder have changed.
        redraw: called when only tags or notes have.
        show_error: shows an error of work in the background.
    """

    def __init__(
        self,
        bench: Workbench,
        shelf: ModelsShelf,
        refresh: Callable[[], object],
        redraw: Callable[[], object],
        show_error: Show,
    ) -> None:
        self._bench, self._shelf = bench, shelf
        self._refresh, self._redraw = refresh, redraw
        self._show_error = show_error
        self._binned: dict[str, BinnedModel] = {}
        self._hashing: HashingJob | None = None

    def do(self, action: str, info: ModelInfo, text: str) -> bool:
        """Do what was asked of a model; return whether it is one of these actions.

        Raises:
            MediaLabError: it cannot be done; nothing is changed.
        """
        acts: dict[str, Callable[[ModelInfo, str], object]] = {
            "star": self._star,
            "tag": lambda one, tag: self._tag(one, add=tag),
            "untag": lambda one, tag: self._tag(one, remove=tag),
            "notes": lambda one, notes: self._note(one, notes=notes),
            "weight": self._weigh,
            "rename": self._rename,
            "bin": self._bin,
            "hash": lambda one, _: self._hash(one),
            "default": lambda one, _: self._make_default(one),
            "edition": self._tell_edition,
        }
        if action not in acts:
            return False
        acts[action](info, text)
        return True

    def do_to_all(self, action: str) -> None:
        """Compute the hashes of all models in the background, or stop that."""
        if action == "stop_hashing":
            if self._hashing is not None:
                self._hashing.cancel()
            return
        self._hashing = job = self._bench.hash_models()
        job.listen(guarded(self._draw_hashing, self._show_error))
        self._draw_hashing(job)

    def _draw_hashing(self, job: HashingJob) -> None:
        now = job.progress
        if job.state in {"running", "paused"}:
            paused = "; paused while a picture is made" if job.state == "paused" else ""
            files = f"Hashes: {now.files_done:,} of {now.files_total:,} files{paused}"
            self._shelf.hashing = [files, now.bytes_done, now.bytes_total]
            return
        self._shelf.hashing = []
        ended = {"done": "Hashes: all are known", "cancelled": "Hashes: stopped; the rest is left"}
        count = "1 file" if len(job.faults) == 1 else f"{len(job.faults)} files"
        wrong = f"; {count} could not be read" if job.faults else ""
        self._shelf.tell(ended.get(job.state, "Hashes could not be computed") + wrong)
        self._redraw()

    def do_in_bin(self, action: str, identity: str) -> None:
        """Restore a model from the bin, or remove it or all of them for good.

        Raises:
            MediaLabError: it cannot be done.
        """
        chosen = self._binned.get(identity)
        if action == "empty":
            count = self._bench.model_bin.empty()
            self._shelf.tell(f"{count} removed for good")
        elif chosen is None:
            message = "it is not in the bin any more"
            raise ModelMoveError(message)
        elif action == "remove":
            self._bench.model_bin.empty([chosen])
            self._shelf.tell(f"Removed for good: {chosen.name}")
        else:
            self._bench.model_bin.restore(chosen)
            self._shelf.tell(f"Restored: {chosen.name}")
            self._refresh()
        self.draw_bin()

    def draw_bin(self) -> None:
        """Show what is in the bin now."""
        folder = self._bench.model_bin.folder
        found = self._bench.model_bin.all()
        self._binned = {one.path.relative_to(folder).as_posix(): one for one in found}
        self._shelf.show_bin(
            [
                Binned(identity, one.name, f"{kind_title(one.kind)} · {size_text(one.size_bytes)}")
                for identity, one in self._binned.items()
            ]
        )

    def _star(self, info: ModelInfo, on: str) -> None:
        self._tag(info, add=STAR) if on else self._tag(info, remove=STAR)

    def _tag(self, info: ModelInfo, *, add: str = "", remove: str = "") -> None:
        """Change a tag. Tags are kept by content: a file that was never read is read first."""

        def change() -> None:
            if add:
                self._bench.tags.add(info, add)
            else:
                self._bench.tags.remove(info, remove)

        if self._bench.registry.known_sha256(info) is not None:
            change()
            self._redraw()
            return
        self._shelf.tell(f"Reading {info.path.name}: its tags are kept by its content…")
        self._later(change)

    def _hash(self, info: ModelInfo) -> None:
        self._shelf.tell(f"Reading {info.path.name}…")
        self._later(lambda: self._bench.hashes(info))

    def _make_default(self, info: ModelInfo) -> None:
        self._bench.default_checkpoint = info.name
        self._shelf.tell(f"The studio begins with {info.name} from now on")
        self._redraw()

    def _tell_edition(self, info: ModelInfo, edition: str) -> None:
        self._bench.tell_edition(info, edition)
        self._refresh()

    def _later(self, work: Callable[[], object]) -> None:
        """Do what takes seconds a gigabyte on a thread of its own, then draw."""

        def run() -> None:
            try:
                work()
            finally:
                self._shelf.tell("")
                self._redraw()

        threading.Thread(target=guarded(run, self._show_error), daemon=True).start()

    def _note(self, info: ModelInfo, **changes: Any) -> None:
        self._bench.note(info, **changes)
        self._shelf.tell("Noted")
        self._redraw()

    def _weigh(self, info: ModelInfo, text: str) -> None:
        try:
            weight = float(text) if text.strip() else None
        except ValueError:
            message = f"a weight is a number, not {text!r}"
            raise NotesError(message) from None
        self._note(info, preferred_weight=weight)
        self._refresh()  # the form begins with it

    def _rename(self, info: ModelInfo, name: str) -> None:
        path = self._bench.rename_model(info, name)
        self._refresh()
        self._shelf.opened = self._shelf_id(path)
        self._shelf.tell(f"Renamed to {path.name}")

    def _bin(self, info: ModelInfo, _: str) -> None:
        binned = self._bench.model_bin.put(info)
        self._refresh()
        self.draw_bin()
        identity = binned.path.relative_to(self._bench.model_bin.folder).as_posix()
        self._shelf.tell(f"In the bin: {binned.name}", "restore", identity)

    def _shelf_id(self, path: Path) -> str:
        """Return the card's id of a model in the studio's own folder."""
        return path.relative_to(self._bench.registry.folder.resolve()).as_posix()


def tags_of(bench: Workbench, infos: Sequence[ModelInfo]) -> dict[Path, tuple[str, ...]]:
    """Return the tags of the models that have some, by their paths; no file is read."""
    try:
        tagged = bench.tags.models.all()
    except MediaLabError:  # damaged; it is reported when a tag is changed
        return {}
    if not tagged:
        return {}
    found = {}
    for info in infos:
        sha256 = bench.registry.known_sha256(info)
        if sha256 is not None and sha256 in tagged:
            found[info.path] = tagged[sha256].tags
    return found
