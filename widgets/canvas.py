"""The middle column: the picture, and its foot with status, caption, queue and stages."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

import ipywidgets as ipw
from PIL import Image

from medialab import PipelineConfig, Run
from medialab.artifacts import Artifact
from medialab.errors import PictureError
from medialab.pictures.intake import normalise, open_picture
from medialab.pictures.png_writer import png_of
from medialab.process.events import Event
from medialab.process.installation import short_path
from medialab.stages import TITLES
from medialab.stages.detailer.edits import DetectionEdit
from widgets.foot import Foot
from widgets.messages import text_of, title_of
from widgets.progress import Progress, Stage, stages_of_records
from widgets.viewer import Viewer
from widgets.viewer.tiles import Tile

PREVIEW_QUALITY = 80  # JPEG; 5 ms and 55 kB for 1024 x 1024
LARGEST_SIDE = 1024  # pixels, of the previews of pictures that are drawn at once


@dataclass(frozen=True)
class CanvasContent:
    """The pictures on the canvas, with their settings, files, seconds, stages and detections.

    The detections are the first picture's; labels tell the pictures of a batch apart.
    """

    files: Sequence[bytes]
    config: PipelineConfig | None = None
    paths: Sequence[Path] = ()
    seconds: float | None = None
    stages: Sequence[Stage] = ()
    detections: Mapping[str, Sequence[DetectionEdit]] = field(default_factory=dict)
    labels: Sequence[str] = ()

    @property
    def tiles(self) -> list[Tile]:
        """The pictures as the viewer's grid takes them."""
        numbers = [f"picture {number}" for number in range(1, len(self.files) + 1)]
        labels = [*self.labels, *numbers[len(self.labels) :]]
        return [
            {"image": file, "label": label} for file, label in zip(self.files, labels, strict=True)
        ]

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
            stages_of_records(run.config, run.records),
            run.detections,
            [f"seed {artifact.seed}" for artifact in run.artifacts],
        )

    @classmethod
    def of_artifact(
        cls, artifact: Artifact, config: PipelineConfig, record: Mapping[str, Any]
    ) -> "CanvasContent":
        """Return the content for a picture of the history, from its settings and record."""
        stages = stages_of_records(config, [record])
        return cls([artifact.path.read_bytes()], config, [artifact.path], stages=stages)


class Canvas(ipw.VBox):
    """The viewer, and below it the foot: status, progress, caption, queue and stages.

    The canvas's owner listens to `viewer` and `foot`. A batch is a grid; `index` is the number,
    from 0, of the picture that was opened of it, or 0.
    """

    def __init__(self) -> None:
        self.shown: CanvasContent | None = None
        self.viewer = Viewer()
        self.foot = Foot()
        self.index = 0
        super().__init__([self.viewer, self.foot])
        self.add_class("mls-canvas")
        self._before: bytes | None = None
        self._at_once: list[Image.Image] = []  # previews of a step that have come
        self._failure: BaseException | None = None
        self._heard_shown: list[Callable[[], object]] = []
        self._lost_grid: Callable[[], object] | None = None
        self.viewer.on_tile(self._open)
        self.foot.on("dismiss", self._dismiss)
        self._finish("idle", "Ready")

    @property
    def pictures(self) -> Sequence[bytes]:
        """The content of the shown pictures' files."""
        return self.shown.files if self.shown else []

    @property
    def picture(self) -> bytes | None:
        """The content of the file of the picture in the viewer, or None."""
        return self.pictures[self.index] if self.pictures else None

    @property
    def path(self) -> Path | None:
        """The file of the picture in the viewer; None without a picture, or if it is not saved."""
        paths = self.shown.paths if self.shown else ()
        return paths[self.index] if self.index < len(paths) else None

    def place_below(self, line: ipw.Widget) -> None:
        """Place a widget between the picture and the foot."""
        self.children = [self.viewer, line, self.foot]

    def clear(self) -> None:
        """Take the picture away, with all that is told of it."""
        self.shown, self._before, self.index = None, None, 0
        self.foot.stages, self.foot.caption = [], {}
        self.viewer.clear()
        self._lose_grid()
        self._tell_shown()

    def show_starting(self) -> None:
        """Show that the run is being prepared: imports, and the model from the disk."""
        self.viewer.busy = True
        self._say("running", "Getting ready, loading the model…", since=time.time())
        self.foot.said = "Making a picture"

    def show_progress(self, event: Event, progress: Progress | None) -> None:
        """Show the progress of the running job: its last event, and all before if it is known."""
        if event.kind == "started":
            self.show_starting()
        if event.kind != "step":
            self.foot.stages = progress.stages() if progress else []
        if event.kind == "started":
            return
        times = {"since": progress.since, "until": progress.until} if progress else {}
        if event.kind == "planned":
            self._say("running", f"Getting ready; this {event.told}", **times)
            return
        text = [TITLES[event.stage]]
        if event.steps:
            text.append(f"step {event.step} of {event.steps}")
        if event.images > 1:
            drawn = progress.pictures if progress else [event.image]
            text.append(f"{_pictures_in_words(drawn)} of {event.images}")
        share = progress.share if progress else None
        self._say("running", " · ".join(text), share=share, **times)
        if event.kind == "stage":
            self.foot.said = TITLES[event.stage]
        if event.preview:
            self._show_preview(event.preview, event.place, event.together)

    def _show_preview(self, picture: Image.Image, place: int, together: int) -> None:
        """Show a preview; those of pictures that are drawn at once, when the last one has come."""
        if place == 1:
            self._at_once = []
        self._at_once.append(picture)
        if place == together == len(self._at_once):
            self.viewer.preview(_preview(_side_by_side(self._at_once)))

    def show_run(self, run: Run, before: bytes | None = None) -> None:
        """Show a finished run: its pictures, stages, seed and files."""
        self.show(CanvasContent.of_run(run), before)
        self._finish("done", "Done")
        self.foot.said = f"Done. {self.foot.caption['text']}"

    def show_done(self, text: str = "Done") -> None:
        """Show that a run has ended whose picture stands in the grid, or none."""
        self._finish("done", text)

    def show(self, shown: CanvasContent, before: bytes | None = None) -> None:
        """Show pictures from any source; `before` is the picture to compare the first with."""
        self.shown, self._before = shown, before
        self.foot.stages = list(shown.stages)
        if len(shown.files) > 1 or self._lost_grid is None:
            self.viewer.show_grid(())
            self._lose_grid()
        self.viewer.tile = -1
        self._open(0)
        if len(shown.files) > 1:
            self.foot.caption = _caption_of(shown)
            self.viewer.show_grid(shown.tiles)

    def hold_grid(self, caption: str, lost: Callable[[], object]) -> None:
        """Let the viewer's grid stay behind single pictures, until other pictures take its place.

        Args:
            caption: tells what the grid shows.
            lost: called when others take its place.
        """
        self._lost_grid = lost
        self.foot.caption = {"text": caption, "title": "", "can_save": False, "can_use": False}

    def free_grid(self) -> None:
        """Remove a grid that is held, and show the picture behind it."""
        self._lost_grid = None
        self.viewer.show_grid(())
        if self.shown:
            self._open(self.index)

    def _lose_grid(self) -> None:
        lost, self._lost_grid = self._lost_grid, None
        if lost is not None:
            lost()

    def show_result(self) -> None:
        """Show the picture itself again, after a look at another stage's."""
        self._show_chosen()

    def on_shown(self, callback: Callable[[], object]) -> None:
        """Call `callback` whenever another picture, or none, is shown."""
        self._heard_shown.append(callback)

    def show_cancelled(self) -> None:
        """Show that the run was cancelled, and the previous picture again."""
        self._finish("cancelled", "Cancelled; finished pictures are kept")

    def show_cancelling(self) -> None:
        """Show that the run will be cancelled after the present step."""
        self._say("running", "Cancelling…", since=time.time())

    def show_failed(self, error: BaseException, trace: str) -> None:
        """Show that the run failed, and why."""
        self.show_error(error, trace)
        self._finish("failed", "Failed")

    def show_error(self, error: BaseException, trace: str) -> None:
        """Show an error over the picture; a running job is not affected."""
        self._failure = error
        self.foot.error = {
            "title": title_of(error),
            "text": text_of(error),
            "trace": trace,
            "action": None,
        }

    def clear_error(self, kind: type[BaseException] = BaseException) -> None:
        """Remove the last error, if it is of this kind."""
        if isinstance(self._failure, kind):
            self._failure, self.foot.error = None, {}
            if self.foot.status["state"] == "failed":
                self._say("idle", "Ready")

    def tell(self, html: str) -> None:
        """Show a notice over the picture; an empty text removes it."""
        self.foot.notice = html

    def _dismiss(self, what: str) -> None:
        if what == "error":
            self.clear_error()
        else:
            self.tell("")

    def _open(self, index: int) -> None:
        """Show one of the pictures."""
        self.index = index
        if self.shown:
            self.foot.caption = _caption_of(self.shown, index)
        self._show_chosen()
        self._tell_shown()

    def _tell_shown(self) -> None:
        for callback in self._heard_shown:
            callback()

    def _show_chosen(self) -> None:
        self.foot.looking = self.foot.compared = ""
        if self.shown and self.picture is not None:
            paths = self.shown.paths
            name = paths[self.index].name if self.index < len(paths) else ""
            before = self._before if self.index == 0 else None
            self.viewer.show(self.picture, before, file_name=name)

    def _finish(self, state: str, text: str) -> None:
        self.viewer.busy = False
        mode = self.viewer.mode
        if self._lost_grid is not None and mode == "grid":
            pass  # it fills, and stays
        elif self.shown and self.picture:
            self.foot.stages = list(self.shown.stages)
            self._show_chosen()  # takes the preview away
            if mode == "grid":
                self.viewer.mode = mode
        elif state != "idle":
            self.viewer.clear()
            self.foot.stages = []
        self._say(state, text)
        self.foot.said = text

    def _say(self, state: str, text: str, **facts: float | None) -> None:
        """Show a text in the line below the picture; see `Foot.status`."""
        known: dict[str, Any] = {"share": None, "since": None, "until": None, **facts}
        self.foot.status = {"state": state, "text": text, **known}


def _side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return pictures of one size as a single one, in rows; a lone one as it is."""
    if len(pictures) == 1:
        return pictures[0]
    width, height = pictures[0].size
    across = ceil((len(pictures) * height / width) ** 0.5)
    down = ceil(len(pictures) / across)
    share = min(1.0, LARGEST_SIDE / max(across * width, down * height))
    width, height = max(1, int(width * share)), max(1, int(height * share))
    sheet = Image.new("RGB", (across * width, down * height))
    for at, picture in enumerate(pictures):
        row, column = divmod(at, across)
        sheet.paste(picture.resize((width, height)), (column * width, row * height))
    return sheet


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


def _size_of(file: bytes, config: PipelineConfig) -> str:
    """Return a picture's own size, upscaled or not; that of its settings if it cannot be read."""
    size = config.width, config.height
    with suppress(PictureError), open_picture(file, "the picture", most=sys.maxsize) as opened:
        size = opened.image.size
    return f"{size[0]} × {size[1]}"


def _pictures_in_words(numbers: Sequence[int]) -> str:
    """Return which pictures of a job are drawn at once, by their numbers in order."""
    *others, last = numbers
    if not others:
        return f"picture {last}"
    are_neighbours = last - others[0] == len(others)
    if are_neighbours and len(others) > 1:
        return f"pictures {others[0]} to {last}"
    return f"pictures {', '.join(map(str, others))} and {last}"


def _caption_of(shown: CanvasContent, index: int | None = None) -> dict[str, Any]:
    """Return the caption as `Foot` takes it: of the whole run, or of one of its pictures.

    It tells seed, size and seconds of the run, and files.
    """
    facts: list[str] = []
    count = len(shown.files)
    if shown.config:
        config = shown.config
        facts = [f"Seed {config.seed}", _size_of(shown.files[index or 0], config)]
    if index is None:
        facts.append(f"{count} pictures")
    elif count > 1:
        own = [label.capitalize() for label in shown.labels[index : index + 1]]
        facts[:1] = [f"Picture {index + 1} of {count}", *own]
    if shown.seconds is not None:
        facts.append(f"{shown.seconds:.1f} s")
    is_unsaved = shown.config is not None and not shown.paths
    paths = list(shown.paths if index is None else shown.paths[index : index + 1])
    names = ["not saved"] if is_unsaved else [path.name for path in paths if index is not None]
    return {
        "text": " · ".join([*facts, *names]),
        "title": "\n".join([" · ".join(facts), *map(short_path, paths)]),
        "can_save": is_unsaved,
        "can_use": shown.config is not None,
    }
