"""The panel's right side: what the worker is doing, the picture, and what went wrong."""

from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path

import ipywidgets as ipw
from PIL import Image

from medialab import Run
from medialab.events import Event
from medialab.stages import STAGES
from medialab.workbench import CHECKOUT
from widgets.guard import error_html

_TITLES = {stage.name: stage.title for stage in STAGES}
# Pixels on the screen: a smaller picture is shown enlarged until its longer side is this long.
SMALLEST_SHOWN = 512
PREVIEW_QUALITY = 80  # JPEG; 5 ms and 55 kB for 1024 x 1024
_WELCOME = (
    '<div class="mls-welcome"><p>Your picture appears here.</p>'
    "<p>Say what it should show, then press <b>Generate</b> (or Ctrl + Enter).</p></div>"
)


class Canvas(ipw.VBox):
    """Progress on top, the picture below it, its caption or an error at the foot."""

    def __init__(self) -> None:
        self.status = ipw.HTML()
        self.waiting = ipw.HTML()
        self._bar = ipw.IntProgress(min=0, max=1, value=0)
        self.preview = ipw.Image(format="jpeg")
        self._frames: list[ipw.Image] = []
        self._pictures = ipw.Box([ipw.HTML(_WELCOME)])
        self.caption = ipw.HTML()
        self.error = ipw.HTML()
        parts = {
            "status": self.status,
            "waiting": self.waiting,
            "bar": self._bar,
            "error": self.error,
            "preview": self.preview,
            "pictures": self._pictures,
            "caption": self.caption,
        }
        for name, part in parts.items():
            part.add_class(f"mls-{name}")
        line = ipw.HBox([parts.pop("status"), parts.pop("waiting")])
        line.add_class("mls-status-line")
        super().__init__([line, *parts.values()])
        self.add_class("mls-canvas")
        self.clear_error()
        self._finish("idle", "Ready")

    @property
    def pictures(self) -> Sequence[bytes]:
        """The files of the pictures that are shown."""
        shown = self._pictures.children
        return [picture.value for picture in shown if isinstance(picture, ipw.Image)]

    def show_starting(self) -> None:
        """Say that the first step is being prepared: imports, and the model from the disk."""
        self._bar.value = 0
        self._bar.layout.visibility = None
        self._say("running", "Getting ready, loading the model…")

    def show_progress(self, event: Event) -> None:
        """Show how far the running job is."""
        if event.kind == "started":
            self.show_starting()
            return
        text = [_TITLES[event.stage]]
        if event.steps:
            text.append(f"step {event.step} of {event.steps}")
            self._bar.max, self._bar.value = event.steps, event.step
        if event.images > 1:
            text.append(f"picture {event.image} of {event.images}")
        self._say("running", " · ".join(text))
        if event.preview:
            self._show_preview(event.preview)

    def show_waiting(self, waiting: int) -> None:
        """Say how many more were asked for."""
        self.waiting.value = f"{waiting} more waiting" if waiting > 0 else ""

    def show_run(self, run: Run) -> None:
        """Show a finished run: its pictures, and under them how to find and repeat them."""
        files = [artifact.path.read_bytes() for artifact in run.artifacts]
        # Used again and again: a widget that is merely dropped stays in memory with its picture.
        while len(self._frames) < len(files):
            self._frames.append(ipw.Image(format="png"))
        frames = self._frames[: len(files)]
        for frame, file, image in zip(frames, files, run.images, strict=True):
            frame.value = file
            _enlarged(frame, image.size)
        self._pictures.children = frames
        self.caption.value = _caption_html(run)
        self._finish("done", "Done")

    def show_cancelled(self) -> None:
        """Say that the run was stopped; the picture of before is shown again."""
        self._finish("cancelled", "Cancelled; pictures that were finished are kept")

    def show_cancelling(self) -> None:
        """Say that the cancel was heard; the step that runs is finished first."""
        self._say("running", "Cancelling…")

    def show_failed(self, error: BaseException, trace: str) -> None:
        """Show why there is no picture."""
        self.show_error(error, trace)
        self._finish("failed", "Failed")

    def show_error(self, error: BaseException, trace: str) -> None:
        """Show an error, whatever else goes on."""
        self.error.value = error_html(error, trace)
        self.error.layout.display = None

    def clear_error(self) -> None:
        """Take the last error away."""
        self.error.value = ""
        self.error.layout.display = "none"

    def _finish(self, state: str, text: str) -> None:
        self._hide_preview()
        self._bar.value = 0
        self._bar.layout.visibility = "hidden"  # its place stays, so that nothing jumps
        self._say(state, text)

    def _say(self, state: str, text: str) -> None:
        self.status.value = f'<span role="status" data-state="{state}">{escape(text)}</span>'

    def _show_preview(self, preview: Image.Image) -> None:
        buffer = BytesIO()
        preview.save(buffer, "JPEG", quality=PREVIEW_QUALITY)
        self.preview.value = buffer.getvalue()
        _enlarged(self.preview, preview.size)
        self.preview.layout.display = None
        self._pictures.layout.display = self.caption.layout.display = "none"

    def _hide_preview(self) -> None:
        self.preview.layout.display = "none"
        self._pictures.layout.display = self.caption.layout.display = None


def _enlarged(picture: ipw.Image, size: tuple[int, int]) -> ipw.Image:
    """Show a small picture large, a large one as large as it is or as there is room for."""
    scale = max(1.0, SMALLEST_SHOWN / max(size))
    picture.layout.width = f"{round(size[0] * scale)}px"
    return picture


def _caption_html(run: Run) -> str:
    """Seed, size and seconds of the run, and a line for each file."""
    config = run.config
    seconds = sum(stage["seconds"] for record in run.records for stage in record["stages"])
    facts = [f"Seed {config.seed}", f"{config.width} × {config.height}", f"{seconds:.1f} s"]
    files = [escape(_path_text(artifact.path)) for artifact in run.artifacts]
    lines = "".join(f"<code>{file}</code>" for file in files)
    return f"<p>{' · '.join(facts)}</p>{lines}"


def _path_text(path: Path) -> str:
    """The path as short as it can be said: from this checkout's folder where it lies in it."""
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)
