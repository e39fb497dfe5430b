"""Input from outside the form: dropped pictures, painted masks, settings of pictures and texts."""

from collections.abc import Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Artifact, Sidecar
from medialab.artifacts.embedded import read_embedded
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, PictureError
from medialab.infotext.embedded import is_text_of_settings
from medialab.infotext.restored import with_current_names
from medialab.runs.belongings import set_aside_foreign
from widgets.belongings import Belongings
from widgets.canvas import Canvas, CanvasContent, encode_png
from widgets.canvas_pictures import CanvasPictures
from widgets.form import ENHANCE, GENERATE, Form
from widgets.guard import guarded
from widgets.restoring import MAY_READ, Restored, restore
from widgets.run_toolbar import RunToolbar
from widgets.viewer import picture_size


class Importer:
    """Brings pictures, masks and settings into form and canvas, and selects the matching tab.

    Opening a picture of the history only shows it; `use_settings` copies its settings to the form.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        form: Form,
        tabs: ipw.ToggleButtons,
        pictures: CanvasPictures,
        toolbar: RunToolbar,
        belongings: Belongings,
    ) -> None:
        self._belongings = belongings
        self._bench, self._canvas, self._form = bench, canvas, form
        self._tabs, self._pictures, self._toolbar = tabs, pictures, toolbar

    def listen(self) -> None:
        """Start listening to the canvas, the source panel and the prompt."""
        show_error = self._canvas.show_error
        self._canvas.viewer.on_drop(self.take_dropped)
        self._canvas.viewer.on_mask(self.take_mask)
        self._form.source.observe(guarded(lambda _: self._show_source(), show_error), "image")
        self._form["prompt"].observe(guarded(self._take_pasted, show_error), "value")

    def show_artifact(self, artifact: Artifact) -> None:
        """Show a picture of the history; the inputs do not change.

        Raises:
            ArtifactError: the picture or its sidecar is missing or broken.
        """
        self._show(artifact)
        self._canvas.tell("")

    def use_settings(self) -> None:
        """Set every input to the settings that made the picture on the canvas.

        Raises:
            LookupError: the canvas shows no picture, or one whose settings are unknown.
        """
        shown = self._canvas.shown
        if shown is None or shown.config is None:
            message = "the settings of this picture are not known"
            raise LookupError(message)
        of = f" of {escape(shown.paths[0].name)}" if shown.paths else ""
        config, told = shown.config, ""
        if isinstance(config, ResolvedConfig):
            # In a batch, detections and masks may be for any of its pictures.
            own = set_aside_foreign(config)[0] if config.batch_size == 1 else config
            read = with_current_names(own, self._bench.registry, MAY_READ)
            config, told = read.config, f" {escape(read.lost)}" if read.lost else ""
        self._fill(
            config,
            f"The form now has all settings{of}. Undo restores yours.{told}",
            shown.paths[0].name if shown.paths else f"seed {config.seed}",
        )

    def show_newest(self) -> None:
        """Show the newest picture of the history, if there is one; the inputs do not change."""
        with suppress(ArtifactError):  # a missing or broken picture is passed over
            for artifact in self._bench.artifacts.find(limit=1):
                self._show(artifact)

    def start_from(self, artifact: Artifact) -> None:
        """Use a picture of the history as the start picture.

        Raises:
            OSError: its file is missing.
        """
        self.send_to_enhance(artifact.path.read_bytes())

    def send_to_enhance(self, picture: bytes) -> None:
        """Store a picture, use it as the start picture, and select Enhance.

        Args:
            picture: the content of the picture's file.

        Raises:
            PictureError: not a picture, broken, or too large.
        """
        self._form.source.image = self._bench.keep(picture)
        self._tabs.value = ENHANCE

    def take_dropped(self, name: str, content: bytes) -> None:
        """Take a dropped picture: in Generate its settings if it has any, otherwise its pixels.

        Raises:
            PictureError: not a picture, broken, or too large.
        """
        parsed = read_embedded(content) if self._form.task == GENERATE else None
        if parsed is None:
            self.send_to_enhance(content)
            return
        self._canvas.show(CanvasContent([content]))
        self._toolbar.take()
        self._take(restore(parsed, self._now(), self._bench), name)

    def take_text(self, source: str | Path, what: str = "the text") -> None:
        """Set the inputs to the settings in a copied text, or in a file.

        Args:
            source: the text, or the path of a picture or sidecar.
            what: its name in the message on the panel.

        Raises:
            ArtifactError: there is no such file, or it has no settings.
            ConfigError: the text is too long to be settings.
        """
        read = self._bench.read_settings(source, now=self._now(), may_read=MAY_READ)
        self._take(Restored(read), what)

    def _take_pasted(self, change: Mapping[str, Any]) -> None:
        """Import settings pasted into the prompt, and restore the prompt that was there."""
        if self._form.is_showing or not is_text_of_settings(change["new"]):
            return
        self._form["prompt"].value = change["old"]
        self.take_text(change["new"], "the text that was pasted")

    def _now(self) -> PipelineConfig:
        """Return a default request with the selected checkpoint."""
        chosen = self._form["checkpoint"].value
        return PipelineConfig(checkpoint=chosen) if chosen else PipelineConfig()

    def _take(self, restored: Restored, what: str) -> None:
        """Fill the form with imported settings and report them; without any, only report."""
        if restored.read.set:
            self._fill(restored.config, restored.html(what), what)
        else:
            self._canvas.tell(restored.html(what))

    def take_mask(self, mask: bytes | None) -> None:
        """Take a painted mask; the picture on the canvas becomes the start picture to repaint."""
        card = self._form.cards["inpaint"].fields
        if mask is None:
            card.set("mask", None)
            return
        source, made = self._form.source, self._pictures.made_of_shown()
        if self._form.task != ENHANCE or not self._is_on_source(mask):
            source.image = self._pictures.keep_shown()
            self._tabs.value = ENHANCE
        if source.mode.value not in {"img2img", "inpaint"}:
            source.mode.value = "inpaint"
        self._form.painted(self._bench.keep(mask), made)

    def _is_on_source(self, mask: bytes) -> bool:
        """Return whether a mask has the size of the start picture, so may belong to it."""
        name = self._form.source.image
        if name is None:
            return False
        with suppress(PictureError):
            return self._bench.pictures.size(name) == picture_size(mask, "the mask")
        return False

    def _show(self, artifact: Artifact) -> None:
        """Show a picture of the history with its settings and record."""
        config, record = self._made_by(artifact)
        self._canvas.show(CanvasContent.of_artifact(artifact, config, record))
        self._toolbar.take()

    def _made_by(self, artifact: Artifact) -> tuple[PipelineConfig, Mapping[str, Any]]:
        """Return a picture's settings and record; without a sidecar, the settings in its file."""
        if artifact.sidecar.exists():
            sidecar = Sidecar.read(artifact.sidecar)
            return sidecar.config, sidecar.record
        return self._bench.read_settings(artifact.path, may_read=MAY_READ).config, {}

    def _has_own_size(self, config: PipelineConfig) -> bool:
        """Return whether the size in the settings is the start picture's own."""
        if config.mode == "txt2img" or config.image is None:
            return False
        with suppress(PictureError):
            return self._bench.pictures.size(config.image) == (config.width, config.height)
        return False

    def _fill(self, config: PipelineConfig, said: str, name: str) -> None:
        """Fill the form with the settings of the picture of that name, and report it."""
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        if self._has_own_size(asked):  # the next start picture then has its own size, too
            asked = asked.changed(width=None, height=None)
        self._form.task = GENERATE if asked.mode == "txt2img" else ENHANCE
        self._form.show(asked)
        self._tabs.value = self._form.task
        self._belongings.filled_from(name)
        self._canvas.tell(said)

    def _show_source(self) -> None:
        """Show the start picture, unless the canvas shows it already."""
        name = self._form.source.image
        if name is not None and name != self._pictures.name_of_shown():
            self._canvas.show(CanvasContent([encode_png(self._bench.pictures.load(name))]))
            self._toolbar.take()
