"""The studio: parameters on the left, the picture in the middle, queue and history on the right."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as ipw
from PIL import Image

from medialab import PipelineConfig, Run, Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.process.events import Event
from medialab.runs.belongings import changes_to_restore
from medialab.settings.fields import StageConfig
from medialab.stages import STAGES
from widgets.batch import BatchPanel
from widgets.belongings import Belongings
from widgets.button import make_button
from widgets.canvas import Canvas, decode_picture
from widgets.canvas_pictures import CanvasPictures
from widgets.catalogue import Catalogue
from widgets.channel import lose_no_message
from widgets.fields import set_value
from widgets.form import BATCH, ENHANCE, GENERATE, Form, show_only_in
from widgets.guard import guarded
from widgets.history_panel import HistoryPanel
from widgets.importer import Importer
from widgets.keyboard import Keyboard
from widgets.live import Live
from widgets.models_panel import ModelsPanel
from widgets.page_end import PageEnd
from widgets.queue_panel import QueuePanel
from widgets.run_toolbar import RunToolbar
from widgets.saved_state import SavedState
from widgets.session import Session
from widgets.theme import Theme
from widgets.tokens import TokenCounts
from widgets.undo import UndoBar
from widgets.workspace import Workspace

MODELS = "models"
TASKS = {"Generate": GENERATE, "Enhance": ENHANCE, "Batch": BATCH, "Models": MODELS}
# The settings of these stages describe the whole picture: running again keeps them.
_BASE = ("prompt", "source", "txt2img")


class Studio(ipw.Box):
    """The studio's panel. A kernel has one: calling `Studio()` again returns the same.

    Every button has a method here, so that code can do the same.

    Args:
        bench: the workbench to use; by default the studio makes one, and closes it in `close`.

    Raises:
        ValueError: a studio with another workbench is open.
    """

    _living: ClassVar["Studio | None"] = None

    def __new__(cls, bench: Workbench | None = None) -> "Studio":
        """Return the open studio, or a new one."""
        living = cls._living
        if living is not None and bench not in {None, living.bench}:
            message = "a studio with another workbench is open; call Studio().close() first"
            raise ValueError(message)
        return living or super().__new__(cls)

    def __init__(self, bench: Workbench | None = None) -> None:
        if self is Studio._living:
            return
        lose_no_message()
        self._owns_bench = bench is None
        self.bench = bench or Workbench()
        self._saved = SavedState(self.bench.artifacts.folder)
        self._make_panels()
        super().__init__(self._arranged())
        self.add_class("mls-studio")
        self.refresh()
        self._began_with: PipelineConfig | None = None
        if (last := self._saved.load()) is not None:
            config, self._began_with, task = last
            set_value(self.form["checkpoint"], config.checkpoint)
            self._offer_sizes()
            self.form.show(config)
            self.tabs.value = task if task in TASKS.values() else GENERATE
        self._choose_task(str(self.tabs.value))
        self._listen()  # from here on changes are saved
        self.undo.note()
        self._stop_listening = self.bench.executor.listen(self._on_event)
        self.history.refresh()
        Studio._living = self

    def fill(self, config: PipelineConfig) -> None:
        """Set every input from a config, and select the tab for its mode.

        Raises:
            ModelNotFoundError: the checkpoint does not exist; the message lists those that do.
        """
        self.refresh()
        self.bench.registry.find(config.checkpoint, "checkpoint")
        self.form.show(config)
        self.tabs.value = GENERATE if config.mode == "txt2img" else ENHANCE

    def begin(self, config: PipelineConfig) -> None:
        """Set the inputs from a notebook's first request, and generate its picture.

        If the last session, in this kernel or the previous one, began with the same request, its
        settings stay as they are, and the newest picture is shown.

        Raises:
            ModelNotFoundError: as `fill`.
            ConfigError: as `generate`.
        """
        came_back = config == self._began_with
        self._began_with = config
        if not came_back:
            self.fill(config)
            self.generate()
        elif self.canvas.picture is None:
            self.importer.show_newest()

    @property
    def picture(self) -> Image.Image | None:
        """The picture on the canvas, or None."""
        file = self.canvas.picture
        return decode_picture(file) if file is not None else None

    def generate(self) -> None:
        """Add a request with the present settings to the queue.

        Raises:
            ConfigError: a setting is invalid.
            ModelNotFoundError: the checkpoint no longer exists.
        """
        self.canvas.clear_error()
        self.canvas.tell("")
        config = self.config()
        self.session.submit(config)
        self._keep_settings(config)

    def config(self) -> PipelineConfig:
        """Return the present settings as a config.

        Raises:
            ConfigError: a setting is invalid.
        """
        return PipelineConfig.parse(self.form.read())

    def rerun(self, stage: str, changes: Mapping[str, Any] | None = None) -> None:
        """Run the picture on the canvas again from a stage on.

        That stage and the later ones use the present inputs; the earlier ones keep the picture's
        settings.

        Args:
            stage: the stage's name.
            changes: settings that override both.

        Raises:
            LookupError: the canvas shows no picture, or one whose settings are unknown.
            ConfigError: a setting is invalid.
        """
        shown = self.canvas.shown
        if shown is None or not isinstance(shown.config, ResolvedConfig):
            message = "no picture of this studio is shown; choose one in the history first"
            raise LookupError(message)
        self.canvas.clear_error()
        now = self.config()
        settings = _settings_from(stage, now) | {"made_for": now.made_for} | dict(changes or {})
        config = self.bench.changed(shown.config, settings)
        self.session.submit(config, anew_from=stage, before=self.canvas.picture)

    def read_settings(self, source: str | Path) -> None:
        """Set the inputs to the settings in a text of any program, or in a picture.

        This equals pasting the text into the prompt, or dropping the picture on the canvas.

        Args:
            source: the text, or the picture's path.

        Raises:
            ArtifactError: there is no such file, or it has no settings.
            ConfigError: the text is too long to be settings.
        """
        self.importer.take_text(source)

    def cancel(self) -> None:
        """Cancel the running request; the waiting ones stay queued."""
        self.session.cancel()

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait for the last request and return its run.

        Args:
            timeout: seconds to wait at most; None to wait as long as it takes.

        Returns:
            The run; None, at once, if nothing was requested in this kernel.

        Raises:
            TimeoutError: the request takes longer.
            CancelledError: the request was cancelled.
            MediaLabError: the request failed; the message says why.
        """
        return self.session.wait(timeout)

    def refresh(self) -> None:
        """Read the models folder again."""
        self.catalogue.refresh()
        self._offer_sizes()

    def close(self) -> None:
        """Close the panel: cancel its requests and free its widgets."""
        if Studio._living is not self:
            return
        Studio._living = None
        self._stop_listening()
        self.session.close()
        if self._owns_bench:
            self.bench.close()
        for part in list(_parts_of(self)):  # otherwise they stay in the kernel and the page
            if part is not self:
                part.close()
        super().close()

    def _make_panels(self) -> None:
        """Make the panels; they reach each other only through callbacks given here."""
        self.canvas = Canvas()
        show_error = self.canvas.show_error
        self.catalogue = Catalogue(self.bench)
        again = make_button("refresh", self.refresh, show_error, icon="refresh")
        again.tooltip = "Look for new models in the models folder"
        self.pictures = CanvasPictures(self.bench, self.canvas)
        self.form = Form(
            self.catalogue,
            self.bench.pictures,
            self.pictures.keep_shown,
            self.pictures.keep_mask,
            again,
            show_error,
        )
        self.queue = QueuePanel(self.bench, show_error)
        self.session = Session(
            self.bench, self.canvas, self.queue, self.pictures.before, self._finished
        )
        self.batch = BatchPanel(self.form.read, self.session.submit, show_error)
        self.models = ModelsPanel(self.catalogue, self.refresh, show_error)
        self.toolbar = RunToolbar(
            self.bench, self.canvas, self._draw_again, self._use, self._keep, show_error
        )
        self.live = Live(self.form, self.session, self.config, show_error)
        self.tabs = ipw.ToggleButtons(options=list(TASKS.items()), value=GENERATE)
        self.tabs.add_class("mls-tabs")
        self.belongings = Belongings(self.form, self.pictures.show_mask)
        self.importer = Importer(
            self.bench,
            self.canvas,
            self.form,
            self.tabs,
            self.pictures,
            self.toolbar,
            self.belongings,
        )
        self.history = HistoryPanel(
            self.bench, self.importer.show_artifact, self.importer.start_from, show_error
        )
        self.undo = UndoBar(self.config, self._go_back_to, show_error)
        self._generate = make_button("generate", self.generate, show_error, label="Generate")
        self._cancel = make_button("cancel", self.cancel, show_error, label="Cancel")

    def _arranged(self) -> list[ipw.Widget]:
        show_only_in(self.batch, BATCH)
        show_only_in(self._generate, GENERATE, ENHANCE)
        show_only_in(self.live.switch, GENERATE, ENHANCE)
        actions = ipw.HBox([self._generate, self._cancel, self.live.switch, self.undo])
        self.canvas.below.children = [self.toolbar]
        left = [self.batch, self.form]
        right = [self.queue, self.history]
        workspace = Workspace(left, actions, self.canvas, right, self.models)
        return [Theme(), self.tabs, workspace, Keyboard(), PageEnd()]

    def _listen(self) -> None:
        show_error = self.canvas.show_error
        TokenCounts(self.form, self.bench)
        self.form["checkpoint"].observe(guarded(lambda _: self._offer_sizes(), show_error), "value")
        self.form.on_change(guarded(self._settings_changed, show_error))
        self.tabs.observe(guarded(lambda _: self._tab_changed(), show_error), "value")
        self.importer.listen()
        self.canvas.strip.on_choose(guarded(self.rerun, show_error))
        self.session.on_busy(lambda busy: setattr(self._cancel, "disabled", not busy))

    def _tab_changed(self) -> None:
        self._choose_task(str(self.tabs.value))
        self._settings_changed()

    def _choose_task(self, task: str) -> None:
        for one in TASKS.values():
            self.remove_class(f"mls-task-{one}")
        self.add_class(f"mls-task-{task}")
        if task != MODELS:
            self.form.task = task
        self._generate.description = "Enhance" if task == ENHANCE else "Generate"

    def _offer_sizes(self) -> None:
        name = self.form["checkpoint"].value
        native = None
        if name is not None:
            # A missing checkpoint is reported by Generate; the native size may be unknown.
            with suppress(ModelNotFoundError, ModelRefusedError):
                info = self.bench.registry.find(name, "checkpoint")
                native = self.bench.registry.native_size(info)
        self.form.size.offer(native)

    def _settings_changed(self) -> None:
        """Save valid settings; invalid ones are reported when a picture is requested."""
        self.belongings.settings_changed()
        self.undo.note()
        with suppress(ConfigError):
            self._keep_settings(self.config())
        if self.live.is_on:
            self.canvas.clear_error()
            self.live.settings_changed()

    def _keep_settings(self, config: PipelineConfig) -> None:
        self._saved.save(config, self._began_with, str(self.tabs.value))

    def _go_back_to(self, config: PipelineConfig) -> None:
        """Set every input from a config, and select the tab for its mode."""
        if self.tabs.value in {GENERATE, ENHANCE}:
            self.form.task = GENERATE if config.mode == "txt2img" else ENHANCE
        self.form.show(config)
        if self.tabs.value in {GENERATE, ENHANCE}:
            self.tabs.value = self.form.task
        self.canvas.tell("")

    def _use(self) -> None:
        self.importer.use_settings()

    def _draw_again(self, detailer: str, boxes: Sequence[Mapping[str, Any]]) -> None:
        settings = dict(self.form.cards[detailer].read()) | {"enabled": True, "detections": boxes}
        self.rerun(detailer, {detailer: settings})

    def _keep(self) -> None:
        """Save the picture on the canvas; all of its stages are cached."""
        shown = self.canvas.shown
        if shown is not None and shown.config is not None:
            self.session.submit(shown.config)

    def _finished(self, run: Run) -> None:
        """Update the panel after a finished run; called on the worker's thread."""
        self.form.seed.remember(run.config.seed)
        self.toolbar.take()
        if run.set_aside:
            told = "; ".join(escape(f"{one['stage']}: {one['why']}") for one in run.set_aside)
            self.form.set_aside.offer(f"{told}.", partial(self._bring_back, run))

    def _bring_back(self, run: Run) -> None:
        """Run again with the values that were set aside."""
        self.canvas.clear_error()
        config = self.bench.changed(run.config, changes_to_restore(run.set_aside))
        first = run.set_aside[0]["stage"]
        self.session.submit(config, anew_from=first, before=self.canvas.picture)

    def _on_event(self, event: Event) -> None:
        """Refresh the history after any saved picture; called on the worker's thread."""
        if isinstance(event.result, Run) and event.result.artifacts:
            guarded(self.history.refresh, self.canvas.show_error)()


def _parts_of(widget: ipw.Widget) -> Iterator[ipw.Widget]:
    """Yield all widgets of a panel, with layouts and styles; the panel itself comes last."""
    for child in getattr(widget, "children", ()):
        yield from _parts_of(child)
    yield from (look for name in ("layout", "style") if (look := getattr(widget, name, None)))
    yield widget


def _settings_from(stage: str, now: PipelineConfig) -> dict[str, Any]:
    """Return the settings of this stage and all later ones."""
    names = [one.name for one in STAGES]
    later = STAGES[names.index(stage) :] if stage in names else ()
    found: dict[str, Any] = {}
    for one in later:
        own = getattr(now, one.name, None)
        if isinstance(own, StageConfig):
            found[one.name] = own.model_dump()
        elif one.name not in _BASE:
            found |= {name: getattr(now, name) for name in one.settings.model_fields}
    return found
