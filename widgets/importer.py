"""What comes from outside the form: pictures dropped, masks painted, settings restored."""

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
from medialab.runs.belongings import settled
from widgets.belongings import Belongings
from widgets.canvas import Canvas, CanvasContent, encoded
from widgets.canvas_pictures import CanvasPictures
from widgets.form import ENHANCE, GENERATE, Form
from widgets.guard import guarded
from widgets.restoring import MAY_READ, Restored, restore
from widgets.run_toolbar import RunToolbar
from widgets.viewer import picture_size


class Importer:
    """Takes them into form and canvas, and chooses the tab that they belong to.

    A picture of the history is only looked at; its settings are taken by `use_settings`.
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
        """From now on take what the canvas and the source panel get."""
        show_error = self._canvas.show_error
        self._canvas.viewer.on_drop(self.take_dropped)
        self._canvas.viewer.on_mask(self.take_mask)
        self._form.source.observe(guarded(lambda _: self._show_source(), show_error), "image")
        self._form["prompt"].observe(guarded(self._take_pasted, show_error), "value")

    def look(self, artifact: Artifact) -> None:
        """Show a picture of the history; the inputs stay as they are.

        Raises:
            ArtifactError: the picture or its sidecar is gone, or broken.
        """
        self._show(artifact)
        self._canvas.tell("")

    def use_settings(self) -> None:
        """Set every input to what made the picture that is shown.

        Raises:
            LookupError: no picture with known settings is shown.
        """
        shown = self._canvas.shown
        if shown is None or shown.config is None:
            message = "the settings of this picture are not known"
            raise LookupError(message)
        of = f" of {escape(shown.paths[0].name)}" if shown.paths else ""
        config, told = shown.config, ""
        if isinstance(config, ResolvedConfig):
            # Of a batch finds and masks may be for any of its pictures.
            own = settled(config)[0] if config.batch_size == 1 else config
            read = with_current_names(own, self._bench.registry, MAY_READ)
            config, told = read.config, f" {escape(read.lost)}" if read.lost else ""
        self._fill(
            config,
            f"The form now has all settings{of}. Undo restores yours.{told}",
            shown.paths[0].name if shown.paths else f"seed {config.seed}",
        )

    def show_newest(self) -> None:
        """Show the newest picture of the history, if it has any; the inputs stay as they are."""
        with suppress(ArtifactError):  # gone or broken: as if it were not there
            for artifact in self._bench.artifacts.find(limit=1):
                self._show(artifact)

    def go_on_from(self, artifact: Artifact) -> None:
        """Start from a picture of the history.

        Raises:
            OSError: it is gone.
        """
        self.send_to_enhance(artifact.path.read_bytes())

    def send_to_enhance(self, picture: bytes) -> None:
        """Start from a picture: keep it, and choose Enhance.

        Raises:
            PictureError: no picture, a broken or a far too large one.
        """
        self._form.source.image = self._bench.keep(picture)
        self._tabs.value = ENHANCE

    def take_dropped(self, name: str, content: bytes) -> None:
        """In Generate settings are what a dropped picture is for, elsewhere its pixels.

        Raises:
            PictureError: no picture, a broken or a far too large one.
        """
        parsed = read_embedded(content) if self._form.task == GENERATE else None
        if parsed is None:
            self.send_to_enhance(content)
            return
        self._canvas.show(CanvasContent([content]))
        self._toolbar.take()
        self._take(restore(parsed, self._now(), self._bench), name)

    def take_text(self, source: str | Path, what: str = "the text") -> None:
        """Set the inputs to the settings of a text that was copied, or of a file by its path.

        `what` names it in what is said.

        Raises:
            ArtifactError: there is no such file, or it carries no settings.
            ConfigError: the text is too long for settings.
        """
        read = self._bench.read_settings(source, now=self._now(), may_read=MAY_READ)
        self._take(Restored(read), what)

    def _take_pasted(self, change: Mapping[str, Any]) -> None:
        """A text of settings in the prompt's field is taken for what it is; the prompt stays."""
        if self._form.is_showing or not is_text_of_settings(change["new"]):
            return
        self._form["prompt"].value = change["old"]
        self.take_text(change["new"], "the text that was pasted")

    def _now(self) -> PipelineConfig:
        """A request with the checkpoint that is chosen."""
        chosen = self._form["checkpoint"].value
        return PipelineConfig(checkpoint=chosen) if chosen else PipelineConfig()

    def _take(self, restored: Restored, what: str) -> None:
        """Fill in what was read and tell of it; where nothing was, the inputs stay."""
        if restored.read.set:
            self._fill(restored.config, restored.html(what), what)
        else:
            self._canvas.tell(restored.html(what))

    def take_mask(self, mask: bytes | None) -> None:
        """Painting means repainting: the picture shown becomes the one to start from."""
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
        """Whether a mask may be one of the start picture: what is shown has the size of that."""
        name = self._form.source.image
        if name is None:
            return False
        with suppress(PictureError):
            return self._bench.pictures.size(name) == picture_size(mask, "the mask")
        return False

    def _show(self, artifact: Artifact) -> None:
        """Show a picture of the history with what is known of how it was made."""
        config, record = self._made_by(artifact)
        self._canvas.show(CanvasContent.of_artifact(artifact, config, record))
        self._toolbar.take()

    def _made_by(self, artifact: Artifact) -> tuple[PipelineConfig, Mapping[str, Any]]:
        """The settings and the record of a picture; without its sidecar those of its own text."""
        if artifact.sidecar.exists():
            sidecar = Sidecar.read(artifact.sidecar)
            return sidecar.config, sidecar.record
        return self._bench.read_settings(artifact.path, may_read=MAY_READ).config, {}

    def _has_own_size(self, config: PipelineConfig) -> bool:
        """Whether the size is that of the picture that is started from."""
        if config.mode == "txt2img" or config.image is None:
            return False
        with suppress(PictureError):
            return self._bench.pictures.size(config.image) == (config.width, config.height)
        return False

    def _fill(self, config: PipelineConfig, said: str, name: str) -> None:
        """Fill the form with the settings of the picture of that name, and say so."""
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        if self._has_own_size(asked):  # so that the next picture has its own, too
            asked = asked.changed(width=None, height=None)
        self._form.task = GENERATE if asked.mode == "txt2img" else ENHANCE
        self._form.show(asked)
        self._tabs.value = self._form.task
        self._belongings.came_with(name)
        self._canvas.tell(said)

    def _show_source(self) -> None:
        """The picture that is started from, unless the canvas has it already."""
        name = self._form.source.image
        if name is not None and name != self._pictures.name_of_shown():
            self._canvas.show(CanvasContent([encoded(self._bench.pictures.load(name))]))
            self._toolbar.take()
