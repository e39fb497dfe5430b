"""The details of the picture on the canvas, and what differs from the form or another picture."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab import PipelineConfig
from medialab.artifacts import Artifact, ArtifactManager, Query, Sidecar
from medialab.artifacts.differences import differences
from medialab.artifacts.related import Related, related_to
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ConfigError, MediaLabError
from medialab.runs.verifying import why_different
from widgets.canvas import Canvas
from widgets.details import Details, Group, Row
from widgets.guard import Show, guarded
from widgets.history_panel import HistoryPanel
from widgets.picture_facts import groups_of, json_of, rows_of, rows_of_reasons, time_text


class DetailsPanel:
    """Fills the details with the picture on the canvas; `details` is the widget.

    Args:
        artifacts: the pictures of an outputs folder.
        canvas: where the picture is shown.
        history: where two pictures may be selected.
        settings: returns the form's settings.
        use: takes a part of the picture's settings over to the form.
        find: shows the pictures of a query in the history.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        artifacts: ArtifactManager,
        canvas: Canvas,
        history: HistoryPanel,
        settings: Callable[[], PipelineConfig],
        use: Callable[[str], object],
        find: Callable[[Query], object],
        show_error: Show,
    ) -> None:
        self._artifacts, self._canvas, self._history = artifacts, canvas, history
        self._settings, self._find = settings, find
        self._told_of: Path | None = None  # the picture that the story is about
        self._related: list[Related] = []
        self.details = Details(self._text)
        self.details.on_use(guarded(use, show_error))
        self.details.on_mark(guarded(self.mark, show_error))
        self.details.on_related(guarded(self.show_related, show_error))
        refresh = guarded(self.refresh, show_error)
        self.details.observe(lambda _: refresh(), "view")
        canvas.on_shown(refresh)
        history.on_selected(guarded(self._selected, show_error))

    def refresh(self) -> None:
        """Show the picture that is on the canvas now."""
        path, shown = self._canvas.path, self._canvas.shown
        if shown is None or not shown.files:
            self.details.clear("No picture is shown")
            return
        sidecar = self._sidecar(path)
        if path != self._told_of:
            self._told_of = path
            self.details.tell([])
        self._related = []
        if path is not None and sidecar is not None:
            self._related = related_to(path, self._artifacts)
        with self.details.hold_sync():
            self.details.related = [[one.kind, one.name, one.others] for one in self._related]
            self.details.name = path.name if path is not None else "Not saved"
            self.details.stars = None if sidecar is None else sidecar.stars
            self.details.tags = [] if sidecar is None else list(sidecar.tags)
            self.details.suggestions = self._history.tags
            self.details.has_pair = len(self._history.gallery.selected) == 2
            self._fill(shown.config, sidecar)

    def settings_changed(self) -> None:
        """Compare again with the form, if that is what is shown."""
        if self.details.view == "form":
            self.refresh()

    def mark(self, changes: Mapping[str, Any]) -> None:
        """Set the stars of the shown picture, or add or remove tags.

        Raises:
            ArtifactError: its sidecar cannot be changed.
        """
        path = self._canvas.path
        if path is not None:
            self._artifacts.annotate_all([path], **changes)
            self._history.refresh()
            self.refresh()

    def show_related(self, at: int) -> None:
        """Show in the history the pictures that have one thing in common with the shown one."""
        if at in range(len(self._related)):
            self._find(self._related[at].query)

    def _fill(self, config: PipelineConfig | None, sidecar: Sidecar | None) -> None:
        view = self.details.view
        if view == "selected":
            pair = self._history.selected
            if len(pair) == 2:
                self._compare(pair)
                return
        if config is None:
            self.details.show([])
        elif view == "form":
            self._compare_with_form(config)
        else:
            record = {} if sidecar is None else sidecar.record
            self.details.show(groups_of(config, record, self._facts(sidecar)))

    def _compare(self, pair: list[Artifact]) -> None:
        older, newer = sorted(pair, key=lambda one: one.created)
        found = rows_of(self._artifacts.differences(older.path, newer.path))
        why = why_different(older, newer, self._artifacts)
        others = rows_of_reasons(why.reasons)
        groups = [Group("Settings", "", found), Group("Models and machine", "", others)]
        self.details.show([group for group in groups if group.rows], why.names)
        self.details.tell(why.sentences[len(why.reasons) :] if why.reasons else why.sentences)

    def _compare_with_form(self, config: PipelineConfig) -> None:
        try:
            now = self._settings()
        except ConfigError:
            self.details.show([Group("The form has a setting that is not valid")], ["", ""])
            return
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        found = rows_of(differences(asked, now))
        self.details.show([Group("Settings", "", found)] if found else [], ["Picture", "Form"])

    def _facts(self, sidecar: Sidecar | None) -> list[Row]:
        if sidecar is None:
            return []
        size = f"{sidecar.image.width} × {sidecar.image.height}"
        return [Row("Made", time_text(sidecar.created)), Row("File", size, is_usual=True)]

    def _sidecar(self, path: Path | None) -> Sidecar | None:
        if path is None:
            return None
        with suppress(ArtifactError):  # a picture without one has no marks
            return Sidecar.read(path.with_suffix(".json"))
        return None

    def _selected(self) -> None:
        has_pair = len(self._history.gallery.selected) == 2
        if has_pair != self.details.has_pair or self.details.view == "selected":
            self.refresh()

    def _text(self, what: str) -> str:
        """Return what is copied: the settings as text or JSON, or the file's path."""
        path, shown = self._canvas.path, self._canvas.shown
        if what == "path":
            if path is None:
                message = "this picture is not saved"
                raise ArtifactError(message)
            return str(path)
        if shown is None or shown.config is None:
            message = "the settings of this picture are not known"
            raise MediaLabError(message)
        if what == "text" and path is not None:
            return self._artifacts.infotext_of(path)
        return json_of(shown.config)
