"""The studio: settings on the left, the picture in the middle, the shelf on the right."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as ipw
from PIL import Image

from medialab import PipelineConfig, Run, Workbench
from medialab.artifacts import Artifact, Query
from medialab.batch.batch import Batch
from medialab.devices.names import chosen_devices
from medialab.errors import ConfigError
from medialab.loading.registry import ModelInfo
from medialab.process.events import Event
from medialab.process.memory import gigabytes, used_bytes
from medialab.runs.executor import RunJob
from medialab.runs.request import Request
from widgets.batch_marks import BatchActs
from widgets.batches import Batches
from widgets.belongings import Belongings
from widgets.canvas import Canvas, decode_picture
from widgets.canvas_pictures import CanvasPictures
from widgets.catalogue import Catalogue
from widgets.channel import lose_no_message
from widgets.checking import Checking
from widgets.details_panel import DetailsPanel
from widgets.detection_boxes import DetectionBoxes
from widgets.form import Form
from widgets.form_actions import FormActions
from widgets.guard import guarded
from widgets.header import Header
from widgets.history_actions import HistoryActs
from widgets.history_panel import HistoryPanel
from widgets.importer import Importer
from widgets.in_force import InForce
from widgets.keyboard import Keyboard
from widgets.live import Live
from widgets.making import Making
from widgets.model_defaults import ModelDefaults
from widgets.models_pages import ModelsPages
from widgets.models_panel import ModelsPanel
from widgets.presets_panel import PresetsPanel
from widgets.queue_rows import QueueRows
from widgets.reruns import Reruns
from widgets.saved_state import SavedState
from widgets.session import Session
from widgets.shelf import Shelf
from widgets.stage_pictures import StagePictures
from widgets.theme import Theme
from widgets.tokens import TokenCounts
from widgets.undo import UndoBar
from widgets.workspace import Workspace


class Studio(ipw.Box):
    """The studio's panel. A kernel has one: calling `Studio()` again returns the same.

    Every button has a method here, so that code can do the same.

    Args:
        bench: the workbench to use; by default the studio makes one, on the devices that
            MEDIALAB_DEVICES names, and closes it in `close`.

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
        self.bench = bench or Workbench(devices=chosen_devices())
        self._saved = SavedState(self.bench.artifacts.folder)
        self._make_panels()
        super().__init__(self._arranged())
        self.add_class("mls-studio")
        self.refresh()
        self._began_with: PipelineConfig | None = None
        self._kept_batch = ""
        if (last := self._saved.load()) is not None:
            config, self._began_with = last
            self.form.show(config)
        elif self.bench.default_checkpoint:
            self.form.set({"checkpoint": self.catalogue.first_checkpoint})
        self._listen()  # from here on changes are saved
        self.undo.note()
        self._stop_listening = self.bench.executor.listen(self._on_event)
        self.history.begin()
        if self._saved.batch in self.bench.batches():
            guarded(self.batches.open, self.canvas.show_error)(self._saved.batch)
        Studio._living = self

    def fill(self, config: PipelineConfig) -> None:
        """Set the form from a config.

        Raises:
            ModelNotFoundError: the checkpoint does not exist, and is drawn with; the message lists
                those that do.
        """
        self.refresh()
        if config.is_drawn:
            self.bench.registry.find(config.checkpoint, "checkpoint")
        self.form.show(config)

    def begin(self, config: PipelineConfig) -> None:
        """Set the inputs from a notebook's first request, and generate its picture.

        If the last session, in this kernel or the previous one, began with the same request, its
        settings stay as they are, and the newest picture is shown. An error, such as a checkpoint
        that does not exist, is shown in the panel, so that it can be mended there.
        """
        if config != self._began_with:
            guarded(self._ask_first, self.canvas.show_error)(config)
        elif self.canvas.picture is None:
            self.importer.show_newest()

    @property
    def picture(self) -> Image.Image | None:
        """The picture on the canvas, or None."""
        file = self.canvas.picture
        return decode_picture(file) if file is not None else None

    def generate(self) -> None:
        """Do what the Generate button says: queue one picture, or many.

        `making.button.ask(mode="times", times=4)` is its menu.

        Raises:
            ConfigError: a setting is invalid, or what the menu asks for; nothing is queued then.
            ModelNotFoundError: the checkpoint no longer exists.
        """
        self.canvas.clear_error()
        self.canvas.tell("")
        if not (self.making.button.asked["mode"] == "one" and self._show_made()):
            self.making.submit()
        self._keep_settings(self.config())

    def _show_made(self) -> bool:
        """Show the picture of the present settings if it is saved already; False if it is not."""
        made = self.bench.made_before(self.config())
        if not made:
            return False
        self.importer.show_artifact(made[0])
        self.canvas.tell("This picture is there already. Change a setting or the seed for another.")
        return True

    @property
    def batch(self) -> Batch:
        """The batch that is open: `studio.batch.table` is its table.

        Raises:
            LookupError: none is open.
        """
        opened = self.batches.open_one
        if opened is None:
            known = ", ".join(self.bench.batches()) or "none yet"
            message = f"no batch is open; choose one under Generate ▾, Open a batch; known: {known}"
            raise LookupError(message)
        return opened

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
        self.reruns.begin(stage, changes)

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

    def cancel(self, *, keep: bool = False) -> None:
        """Cancel the running request, or stop the batch; what else waits stays queued.

        Args:
            keep: save the picture as far as it was made, with the tag "interrupted"; a batch
                goes on.
        """
        self.making.cancel("keep" if keep else "batch")

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait for all batches and the last request of one picture, and return its run.

        Args:
            timeout: seconds to wait at most; None to wait as long as it takes.

        Returns:
            The run; None, at once, if nothing was requested in this kernel.

        Raises:
            TimeoutError: they take longer.
            CancelledError: the request was cancelled, or a batch stopped.
            MediaLabError: the request failed, or a batch; the message says why.
        """
        end = None if timeout is None else time.monotonic() + timeout
        self.batches.wait(timeout)
        return self.session.wait(None if end is None else max(end - time.monotonic(), 0))

    def refresh(self) -> None:
        """Read the models folder again."""
        self.catalogue.refresh()
        self._tell_facts()

    def use_model(self, info: ModelInfo) -> None:
        """Choose a checkpoint or a VAE, or add a LoRA unless it is there."""
        if info.kind != "lora":
            self.form.set({info.kind: info.name})
            return
        self.form.add_lora({"name": info.name})

    def show_pictures(self, query: Query) -> None:
        """Show in the history the pictures with a tag or a seed, or made with a model."""
        text = f'lora:"{query.lora}"' if query.lora else ""
        if query.seed is not None:
            text = f"seed:{query.seed}"
        others = {"tags": list(query.tags), "stars": 0, "since": "", "until": "", "bin": False}
        self.history.narrow(text=text, model=query.checkpoint or "", **others)
        self.shelf.open("History")

    def check_again(self) -> None:
        """Make the picture on the canvas again, unsaved, and tell in the details if it is equal.

        Raises:
            ArtifactError: it is not saved.
        """
        self.shelf.open("Details")
        self.checking.begin()

    def close(self) -> None:
        """Close the panel: cancel its requests and free its widgets."""
        if Studio._living is not self:
            return
        Studio._living = None
        self._stop_listening()
        self.batches.close()
        self.session.close()
        if self._owns_bench:
            self.bench.close()
        for part in list(_parts_of(self)):  # otherwise they stay in the kernel and the page
            if part is not self:
                part.close()
        super().close()

    def __repr__(self) -> str:
        """Return what stands in an executed notebook, where no kernel runs the panel."""
        return "Media Lab Studio: the panel is here when the notebook runs"

    def _ask_first(self, config: PipelineConfig) -> None:
        self.form.show(config)  # even if its checkpoint is missing: another can be chosen
        self.fill(config)
        if self._began_with is None:  # no session before has settings to go back to
            self.undo.forget()
        self._began_with = config
        self.generate()

    def _make_panels(self) -> None:
        """Make the panels; they reach each other only through callbacks given here."""
        self.canvas = Canvas()
        show_error = self.canvas.show_error
        self.catalogue = Catalogue(self.bench)
        self.pictures = CanvasPictures(self.bench, self.canvas)
        defaults = ModelDefaults(self.bench)
        self.form = Form(self.catalogue, self.bench, defaults, show_error)
        self.queue = QueueRows(self.bench, self.canvas.foot, self._retry, self._follow, show_error)
        self.session = Session(
            self.bench, self.canvas, self.queue, self.pictures.before, self._finished
        )
        self.models = ModelsPanel(self.bench, self.catalogue, self.refresh, show_error)
        self.models_pages = ModelsPages(self.bench, self.models.shelf, self.refresh, show_error)
        self.reruns = Reruns(self.bench, self.canvas, self.form, self.session, self.config)
        self.boxes = DetectionBoxes(self.bench, self.canvas, self.reruns.draw_boxes)
        self.live = Live(self.form, self.session, self.config, show_error)
        self.belongings = Belongings(self.form, self.pictures.show_mask)
        self.importer = Importer(
            self.bench,
            self.canvas,
            self.form,
            self.pictures,
            self.belongings,
        )
        acts = HistoryActs(
            self._look,
            self.importer.start_from,
            self.importer.use_settings,
            self.canvas.viewer.compare,
            self.canvas.clear,
            self._show_differences,
            self.check_again,
            self.bench.tags.call,
        )
        self.history = HistoryPanel(self.bench.artifacts, acts, show_error)
        self.canvas.on_shown(lambda: self.history.mark(self.canvas.path))
        self.details = DetailsPanel(
            self.bench.artifacts,
            self.canvas,
            self.history,
            self.config,
            self.importer.use_settings,
            self.show_pictures,
            show_error,
        )
        self.checking = Checking(
            self.bench.artifacts, self.canvas, self.details.details, self.bench.submit_again
        )
        self.shelf = Shelf(
            {
                "History": self.history,
                "Models": self.models_pages.panel,
                "Details": self.details.details,
            }
        )
        self.actions = FormActions(
            self.bench, self.form, self.canvas, self.pictures, self.models, self.shelf
        )
        self.header = Header()
        self.in_force = InForce(self.form, show_error)
        self.undo = UndoBar(self.config, self._go_back_to, show_error)
        self.batches = Batches(
            self.bench, self.canvas, self.queue, self._acts_of_batches(), self._show_error
        )
        self.canvas.place_below(self.batches.panel.bar)
        self.presets = PresetsPanel(
            self.bench.presets, defaults, self.config, self.form.show, self.undo, show_error
        )
        self.making = Making(
            self.bench,
            self.catalogue,
            self.form.read,
            self.session,
            self.batches,
            self.generate,
            self._show_error,
        )

    def _acts_of_batches(self) -> BatchActs:
        """Return what the studio does with a batch and its pictures."""
        return BatchActs(
            look=self.importer.show_artifact,
            start=self.importer.start_from,
            use=self._use_settings_of,
            history=self._show_in_history,
            close=self.canvas.free_grid,
            changed=self.history.refresh,
            event=self.session.show_of_batch,
            drawn=self._batches_changed,
        )

    def _use_settings_of(self, artifact: Artifact) -> None:
        """Set the form to the settings of a picture, which is shown."""
        self.importer.show_artifact(artifact)
        self.importer.use_settings()

    def _show_in_history(self, artifacts: Sequence[Artifact]) -> None:
        """Select pictures in the history, where all are shown."""
        self.history.show_all()
        self.history.select(artifacts)
        self.shelf.open("History")

    def _batches_changed(self) -> None:
        """Show how far batches are in the queue and at Cancel; on any thread."""
        self.queue.draw()
        self.making.count_jobs()
        opened = self.batches.open_one
        if (opened.name if opened is not None else "") != self._kept_batch:
            with suppress(ConfigError):
                self._keep_settings(self.config())

    def _arranged(self) -> list[ipw.Widget]:
        more = ipw.HBox([self.live.switch, self.undo])
        actions = ipw.VBox([self.in_force, self.making.button, more])
        workspace = Workspace(
            [self.presets.menu, self.form], actions, self.canvas, self.shelf.panel
        )
        return [Theme(), self.header, workspace, Keyboard()]

    def _listen(self) -> None:
        show_error = self.canvas.show_error
        TokenCounts(self.form, self.bench)
        self.form.on_change(guarded(self._settings_changed, self._show_error))
        self.form.offer_action("checkpoint", "refresh", lambda _: self.refresh())
        self.form.on_sweep(guarded(self.making.sweep, self._show_error))
        self.importer.listen()
        self.importer.on_missing(guarded(self.models_pages.offer, show_error))
        self.details.details.on_check(guarded(self.check_again, show_error))
        self.models.on_use(guarded(self.use_model, show_error))
        self.models.on_insert(guarded(self.form.add_to_prompt, show_error))
        self.models.on_pictures(guarded(self.show_pictures, show_error))
        foot, stages = self.canvas.foot, StagePictures(self.bench, self.canvas)
        foot.on("again", guarded(self.rerun, self._show_error))
        foot.on("look", guarded(stages.look, show_error))
        foot.on("compare", guarded(stages.compare, show_error))
        foot.on("save", guarded(self.reruns.keep, show_error))
        foot.on("use", guarded(self.importer.use_settings, show_error))
        offer = guarded(lambda _: self._compare_selected(), show_error)
        self.canvas.viewer.observe(offer, "mode")

    def _compare_selected(self) -> None:
        """Compare the two selected pictures of the history where Compare has no other two."""
        viewer = self.canvas.viewer
        if viewer.mode == "compare" and not viewer.has_two and len(self.history.selected) == 2:
            self.history.act("compare", {})

    def _show_differences(self) -> None:
        """Show in the details what differs between the two selected pictures."""
        self.details.details.view = "selected"
        self.shelf.open("Details")

    def _look(self, artifact: Artifact) -> None:
        """Show a picture of the history, or give it to the field that waits for one."""
        if not self.actions.give(artifact):
            self.importer.show_artifact(artifact)

    def _show_error(self, error: BaseException, trace: str) -> None:
        """Show an error beside the field that it is about, or else above the picture."""
        if not self.form.tell(error):
            self.canvas.show_error(error, trace)

    def _tell_facts(self) -> None:
        """Show in the header which checkpoint, device and memory are in use."""
        used = gigabytes(used_bytes(self.bench.device))
        checkpoint = self.form.value("checkpoint") or "no checkpoint"
        self.header.facts = [checkpoint, self.bench.device, used]

    def _settings_changed(self) -> None:
        """Save valid settings; invalid ones are reported when a picture is requested."""
        self.belongings.settings_changed()
        self.undo.note()
        self._tell_facts()
        self.details.settings_changed()
        self.presets.menu.settings_changed()
        with suppress(ConfigError):
            self._keep_settings(self.config())
            self.canvas.clear_error(ConfigError)  # it may be mended; Generate tells it again
        self.making.settings_changed()
        if self.live.is_on:
            self.canvas.clear_error()
            self.live.settings_changed()

    def _keep_settings(self, config: PipelineConfig) -> None:
        opened = self.batches.open_one
        self._kept_batch = opened.name if opened is not None else ""
        self._saved.save(config, self._began_with, self._kept_batch)

    def _go_back_to(self, config: PipelineConfig) -> None:
        """Set the form from a config, for undo and redo."""
        self.form.show(config)
        self.canvas.tell("")

    def _retry(self, request: Request) -> None:
        """Queue a failed request again."""
        self.canvas.clear_error()
        self.session.submit(request.config, save=request.save, anew_from=request.anew_from)

    def _follow(self, submit: Callable[[], Sequence[RunJob]]) -> None:
        """Queue jobs again, and show their progress and pictures."""
        self.session.follow(submit)

    def _finished(self, run: Run) -> None:
        """Update the panel after a finished run; called on the worker's thread."""
        self.form.remember_seed(run.config.seed)
        self.reruns.offer_set_aside(run)

    def _on_event(self, event: Event) -> None:
        """Refresh the history after any saved picture; called on the worker's thread."""
        if event.kind in {"stage", "done", "failed", "cancelled"}:
            self._tell_facts()
        if isinstance(event.result, Run) and event.result.artifacts:
            guarded(self.history.refresh, self.canvas.show_error)()


def _parts_of(widget: ipw.Widget) -> Iterator[ipw.Widget]:
    """Yield all widgets of a panel, with layouts and styles; the panel itself comes last."""
    for child in getattr(widget, "children", ()):
        yield from _parts_of(child)
    yield from (look for name in ("layout", "style") if (look := getattr(widget, name, None)))
    yield widget
