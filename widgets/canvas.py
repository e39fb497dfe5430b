"""The middle column: status and progress, errors, the picture, its stages and its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import ipywidgets as ipw
from PIL import Image

from medialab import PipelineConfig, Run
from medialab.artifacts import Artifact
from medialab.pictures.intake import normalise
from medialab.pictures.png_writer import png_of
from medialab.process.events import Event
from medialab.process.installation import base_folder
from medialab.stages import STAGES
from medialab.stages.detailer.edits import DetectionEdit
from widgets.guard import error_html, guarded
from widgets.progress import Stage, strip_of_record, time_text
from widgets.stage_strip import StageStrip
from widgets.viewer import Viewer

_TITLES = {stage.name: stage.title for stage in STAGES}
PREVIEW_QUALITY = 80  # JPEG; 5 ms and 55 kB for 1024 x 1024


@dataclass(frozen=True)
class CanvasContent:
    """The pictures on the canvas, with their settings, files, seconds, stages and detections."""

    files: Sequence[bytes]
    config: PipelineConfig | None = None
    paths: Sequence[Path] = ()
    seconds: float | None = None
    stages: Sequence[Stage] = ()
    detections: Mapping[str, Sequence[DetectionEdit]] = field(default_factory=dict)

    @classmethod
    def of_run(cls, run: Run) -> "CanvasContent":
        """Return the content for a finished run; pictures that were not saved are encoded."""
        files = [artifact.path.read_bytes() for artifact in run.artifacts]
        seconds = sum(stage["seconds"] for one in run.records for stage in one["stages"])
        return cls(
            files or [encode_png(image) for image in run.images],
            run.config,
            [artifact.path for artifact in run.artifacts],
            seconds,
            strip_of_record(run.config, run.record),
            run.detections,
        )

    @classmethod
    def of_artifact(
        cls, artifact: Artifact, config: PipelineConfig, record: Mapping[str, Any]
    ) -> "CanvasContent":
        """Return the content for a picture of the history, from its settings and record."""
        stages = strip_of_record(config, record) if "stages" in record else ()
        return cls([artifact.path.read_bytes()], config, [artifact.path], stages=stages)


class Canvas(ipw.VBox):
    """Status and progress, the viewer, then the run's pictures, its stages and a caption.

    The canvas's owner listens to `viewer`, `strip` and `chooser`.
    """

    def __init__(self) -> None:
        self.shown: CanvasContent | None = None
        self.status = ipw.HTML()
        self.waiting = ipw.HTML()
        self._bar = ipw.IntProgress(min=0, max=1, value=0)
        self.error = ipw.HTML()
        self.notice = ipw.HTML()
        self.viewer = Viewer()
        self.strip = StageStrip()
        self.chooser = ipw.ToggleButtons(options=[])
        self.chooser.tooltip = "Pictures in this batch"
        self.caption = ipw.HTML()
        parts = {
            "status": self.status,
            "waiting": self.waiting,
            "bar": self._bar,
            "error": self.error,
            "notice": self.notice,
            "chooser": self.chooser,
            "strip": self.strip,
            "caption": self.caption,
        }
        for name, part in parts.items():
            part.add_class(f"mls-{name}")
        line = ipw.HBox([self.status, self.waiting])
        line.add_class("mls-status-line")
        self.below = ipw.HBox()
        self.below.add_class("mls-below")
        super().__init__(
            [
                line,
                self._bar,
                self.error,
                self.notice,
                self.viewer,
                self.chooser,
                self.strip,
                self.below,
                self.caption,
            ]
        )
        self.add_class("mls-canvas")
        self._before: bytes | None = None
        self.chooser.layout.display = "none"
        self.chooser.observe(guarded(lambda _: self._show_chosen(), self.show_error), "index")
        self.clear_error()
        self.tell("")
        self._finish("idle", "Ready")

    @property
    def pictures(self) -> Sequence[bytes]:
        """The content of the shown pictures' files."""
        return self.shown.files if self.shown else []

    @property
    def picture(self) -> bytes | None:
        """The content of the file of the picture in the viewer, or None."""
        return self.pictures[self.chooser.index or 0] if self.pictures else None

    def show_starting(self) -> None:
        """Show that the run is being prepared: imports, and the model from the disk."""
        self._bar.value = 0
        self._bar.layout.visibility = None
        self.viewer.busy = True
        self._say("running", "Getting ready, loading the model…")

    def show_progress(self, event: Event, stages: Sequence[Stage], left: float | None) -> None:
        """Show the progress of the running job.

        Args:
            event: the job's last event.
            stages: the job's stages as `StageStrip` takes them.
            left: the estimated seconds left, or None.
        """
        if event.kind == "started":
            self.show_starting()
            self.strip.stages = list(stages)
            return
        if event.kind == "planned":
            self._say("running", f"Getting ready; this {event.told}")
            return
        text = [_TITLES[event.stage]]
        if event.steps:
            text.append(f"step {event.step} of {event.steps}")
            self._bar.max, self._bar.value = event.steps, event.step
        if event.images > 1:
            text.append(f"picture {event.image} of {event.images}")
        if left:
            text.append(f"{time_text(left)} left")
        self._say("running", " · ".join(text))
        if event.kind != "step":
            self.strip.stages = list(stages)
        if event.preview:
            self.viewer.preview(_preview(event.preview))

    def show_waiting(self, waiting: int) -> None:
        """Show the number of waiting jobs."""
        self.waiting.value = f"{waiting} more waiting" if waiting > 0 else ""

    def show_run(self, run: Run, before: bytes | None = None) -> None:
        """Show a finished run: its pictures, stages, seed and files."""
        self.show(CanvasContent.of_run(run), before)
        self._finish("done", "Done")

    def show(self, shown: CanvasContent, before: bytes | None = None) -> None:
        """Show pictures from any source; `before` is the picture to compare the first with."""
        self.shown, self._before = shown, before
        self.chooser.options = [str(number) for number, _ in enumerate(shown.files, 1)]
        self.chooser.index = 0
        self.chooser.layout.display = None if len(shown.files) > 1 else "none"
        self.strip.stages = list(shown.stages)
        self.caption.value = _caption_html(shown)
        self._show_chosen()

    def show_cancelled(self) -> None:
        """Show that the run was cancelled, and the previous picture again."""
        self._finish("cancelled", "Cancelled; finished pictures are kept")

    def show_cancelling(self) -> None:
        """Show that the run will be cancelled after the present step."""
        self._say("running", "Cancelling…")

    def show_failed(self, error: BaseException, trace: str) -> None:
        """Show that the run failed, and why."""
        self.show_error(error, trace)
        self._finish("failed", "Failed")

    def show_error(self, error: BaseException, trace: str) -> None:
        """Show an error above the picture; a running job is not affected."""
        self.error.value = error_html(error, trace)
        self.error.layout.display = None

    def clear_error(self) -> None:
        """Remove the last error."""
        self.error.value = ""
        self.error.layout.display = "none"

    def tell(self, html: str) -> None:
        """Show a notice above the picture; an empty text removes it."""
        self.notice.value = f'<div class="mls-said" role="status">{html}</div>' if html else ""
        self.notice.layout.display = None if html else "none"

    def _show_chosen(self) -> None:
        if self.shown and self.chooser.index is not None:
            file = self.shown.files[self.chooser.index]
            self.viewer.show(file, self._before if self.chooser.index == 0 else None)

    def _finish(self, state: str, text: str) -> None:
        self.viewer.busy = False
        if self.shown and self.picture:
            self.strip.stages = list(self.shown.stages)
            self._show_chosen()  # takes the preview away
        elif state != "idle":
            self.viewer.clear()
            self.strip.stages = []
        self._bar.value = 0
        self._bar.layout.visibility = "hidden"  # its place stays, so that nothing jumps
        self._say(state, text)

    def _say(self, state: str, text: str) -> None:
        self.status.value = f'<span role="status" data-state="{state}">{escape(text)}</span>'


def _preview(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=PREVIEW_QUALITY)
    return buffer.getvalue()


def encode_png(picture: Image.Image) -> bytes:
    """Return a picture as the content of a PNG file."""
    return png_of(picture)


def decode_picture(file: bytes) -> Image.Image:
    """Return the picture in a file's content, upright and in RGB."""
    return normalise(file).image.convert("RGB")


def _caption_html(shown: CanvasContent) -> str:
    """Return the caption: seed, size and seconds of the run, and a line for each file."""
    facts: list[Any] = []
    if shown.config:
        config = shown.config
        facts = [f"Seed {config.seed}", f"{config.width} × {config.height}"]
    if shown.seconds is not None:
        facts.append(f"{shown.seconds:.1f} s")
    if shown.config and not shown.paths:
        facts.append("not saved")
    lines = "".join(f"<code>{escape(_path_text(path))}</code>" for path in shown.paths)
    return f"<p>{' · '.join(facts)}</p>{lines}"


def _path_text(path: Path) -> str:
    """Return the path, relative to the studio's own folder if it is inside that."""
    base = base_folder()
    return str(path.relative_to(base) if path.is_relative_to(base) else path)
