"""The studio panel: settings on the left, the picture on the right, the kernel free meanwhile."""

import threading
from contextlib import suppress
from typing import ClassVar

import ipywidgets as ipw

from medialab import PipelineConfig, Run, Workbench
from medialab.errors import ModelRefusedError
from medialab.events import Event
from medialab.jobs import Job
from medialab.lora import trigger_words
from widgets.button import make_button
from widgets.canvas import Canvas
from widgets.form import Form
from widgets.guard import guarded
from widgets.keyboard import Keyboard
from widgets.theme import Theme


class Studio(ipw.Box):
    """The panel. One lives in a kernel: `Studio()` again gives the same one.

    `bench` is the workbench to work with; without it the studio makes one, and closes it with
    itself. Whatever a button does is a method here, so that a script can do it too.

    Raises:
        ValueError: a studio over another workbench is open.
    """

    _living: ClassVar["Studio | None"] = None

    def __new__(cls, bench: Workbench | None = None) -> "Studio":
        """The living studio, or a new one."""
        living = cls._living
        if living is not None and bench not in {None, living.bench}:
            message = "a studio over another workbench is open; end it with Studio().close() first"
            raise ValueError(message)
        return living or super().__new__(cls)

    def __init__(self, bench: Workbench | None = None) -> None:
        if self is Studio._living:
            return
        self._owns_bench = bench is None
        self.bench = bench or Workbench()
        self._jobs: dict[str, Job[Run]] = {}
        self._newest: Job[Run] | None = None
        # Held while a request is made, so that its first event finds it, and by whoever writes
        # progress, so that the worker and a callback never do so at once.
        self._lock = threading.RLock()
        self.canvas = Canvas()
        show_error = self.canvas.show_error
        generate = make_button("generate", self.generate, show_error, label="Generate")
        self._cancel = make_button("cancel", self.cancel, show_error, label="Cancel")
        self._cancel.disabled = True
        actions = ipw.HBox([generate, self._cancel])
        actions.add_class("mls-actions")
        refresh = make_button("refresh", self.refresh, show_error, icon="refresh")
        refresh.tooltip = "Look for new checkpoints in the models folder"
        self.form = Form(actions, refresh, show_error)
        self.form["checkpoint"].observe(guarded(self._offer_sizes, show_error), "value")
        super().__init__([Theme(), self.form, self.canvas, Keyboard()])
        self.add_class("mls-studio")
        self.refresh()
        self._stop_listening = self.bench.queue.listen(self._on_event)
        Studio._living = self

    def fill(self, config: PipelineConfig) -> None:
        """Set every input to what a config says.

        Raises:
            ModelNotFoundError: there is no such checkpoint; the message lists those there are.
        """
        self.refresh()
        self.bench.registry.find(config.checkpoint, "checkpoint")
        self.form.show(config)

    def generate(self) -> None:
        """Ask for the picture that the inputs describe; it is made after those asked for before.

        Raises:
            ConfigError: an input has a value that nothing can be made from.
            ModelNotFoundError: the checkpoint is not there any more.
        """
        self.canvas.clear_error()
        with self._lock:
            self._newest = self.bench.submit(PipelineConfig.parse(self.form.read()))
            self._jobs[self._newest.name] = self._newest
            if len(self._jobs) == 1:
                self.canvas.show_starting()
            self._jobs_changed()

    def cancel(self) -> None:
        """Stop the picture that is being made; those that wait go on."""
        with self._lock:
            if self._jobs:
                next(iter(self._jobs.values())).cancel()
                self.canvas.show_cancelling()

    def wait(self, timeout: float | None = None) -> Run:
        """Wait (seconds; None for ever) for all that was asked for; the last one's run.

        Raises:
            TimeoutError: it takes longer.
            CancelledError: the last one was cancelled.
            MediaLabError: the last one failed; the text says why.
        """
        if self._newest is None:
            message = "nothing was asked for yet; call generate() first"
            raise RuntimeError(message)
        return self._newest.result(timeout)

    def refresh(self) -> None:
        """Look again at what lies in the models folder."""
        infos = self.bench.models(kind="checkpoint")
        usable = [info.name for info in infos if info.refused is None]
        refused = {info.path.name: info.refused for info in infos if info.refused is not None}
        self.form.offer_checkpoints(usable, refused)
        loras = self.bench.models(kind="lora")
        self.form.loras.offer(
            [info.name for info in loras if info.refused is None],
            {info.path.name: info.refused for info in loras if info.refused is not None},
            {info.name: trigger_words(info.path) for info in loras if info.refused is None},
        )
        self._offer_sizes()

    def close(self) -> None:
        """End the panel: cancel what it asked for, and give back what it made."""
        if Studio._living is not self:
            return
        Studio._living = None
        self._stop_listening()
        with self._lock:
            for job in self._jobs.values():
                job.cancel()
        if self._owns_bench:
            self.bench.close()
        super().close()

    def _offer_sizes(self, _change: object = None) -> None:
        name = self.form["checkpoint"].value
        native = None
        if name is not None:
            info = self.bench.registry.find(name, "checkpoint")
            with suppress(ModelRefusedError):  # a model need not tell the size it was trained at
                native = self.bench.registry.native_size(info)
        self.form.size.offer(native)

    def _on_event(self, event: Event) -> None:
        """On the worker (and "queued" on ours): show how far a job of ours is, and its outcome."""
        with self._lock:
            job = self._jobs.get(event.job)
            if job is None:
                return
            if event.kind in {"started", "stage", "step"}:
                self.canvas.show_progress(event)
            elif event.kind in {"done", "failed", "cancelled"}:
                del self._jobs[event.job]
                self._jobs_changed()
                self._show_outcome(event, job.traceback)

    def _show_outcome(self, event: Event, trace: str) -> None:
        if event.kind == "cancelled":
            self.canvas.show_cancelled()
        elif event.error is not None:
            # The job's own traceback, since a settled error has let go of its frames.
            self.canvas.show_failed(event.error, trace)
        else:
            guarded(self._show_run, self.canvas.show_failed)(event.result)

    def _show_run(self, run: Run) -> None:
        self.canvas.show_run(run)
        self.form.seed.remember(run.config.seed)

    def _jobs_changed(self) -> None:
        self._cancel.disabled = not self._jobs
        self.canvas.show_waiting(len(self._jobs) - 1)
