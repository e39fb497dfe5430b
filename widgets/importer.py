"""Input from outside the form: dropped pictures, painted masks, settings of pictures and texts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Artifact, Sidecar
from medialab.artifacts.embedded import damage_in, read_embedded
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, PictureError
from medialab.infotext.embedded import is_text_of_settings
from medialab.infotext.restored import with_current_names
from medialab.infotext.restored_models import MissingModel
from medialab.runs.belongings import set_aside_foreign
from widgets.belongings import Belongings
from widgets.canvas import Canvas, CanvasContent, encode_png
from widgets.canvas_pictures import CanvasPictures
from widgets.form import Form
from widgets.form_values import FROM_NOISE
from widgets.guard import guarded
from widgets.restoring import MAY_READ, Restored, restore
from widgets.settings_parts import with_part
from widgets.viewer import picture_size


class Importer:
    """Brings pictures, masks and settings into form and canvas.

    Opening a picture of the history only shows it; `use_settings` copies its settings to the form.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        form: Form,
        pictures: CanvasPictures,
        belongings: Belongings,
    ) -> None:
        self._belongings = belongings
        self._bench, self._canvas, self._form = bench, canvas, form
        self._pictures = pictures
        self._source: str | None = None
        self._missing = ipw.CallbackDispatcher()

    def on_missing(
        self, callback: Callable[[Sequence[MissingModel]], object], remove: bool = False
    ) -> None:
        """Call `callback` with the models that imported settings need and that are not here."""
        self._missing.register_callback(callback, remove=remove)

    def listen(self) -> None:
        """Start listening to the canvas, the start picture and the prompt."""
        show_error = self._canvas.show_error
        self._canvas.viewer.on_drop(self.take_dropped)
        self._canvas.viewer.on_mask(self.take_mask)
        self._form.on_change(guarded(self._show_source, show_error))
        self._form.on_paste(self._takes_paste)

    def show_artifact(self, artifact: Artifact) -> None:
        """Show a picture of the history; the inputs do not change.

        Raises:
            ArtifactError: the picture or its sidecar is missing or broken.
        """
        self._show(artifact)
        self._canvas.tell("")

    def use_settings(self, part: str = "all") -> None:
        """Set the form to the settings that made the picture on the canvas.

        Args:
            part: which of them, one of `settings_parts.PARTS`; or "all". Boxes, masks and the start
                picture come with "all" alone: they belong to their picture.

        Raises:
            LookupError: the canvas shows no picture, or one whose settings are unknown.
            ConfigError: they do not go together with the present ones.
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
        if part != "all":
            now = PipelineConfig.parse(self._form.read())
            self._form.show(with_part(now, self._as_asked(config), part))
            self._canvas.tell(f"The form now has the {part}{of}. Undo restores yours.{told}")
            return
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
        self.start_from_file(artifact.path.read_bytes())

    def start_from_file(self, picture: bytes | Path) -> None:
        """Store a picture, and use it as the start picture.

        Args:
            picture: the content of the picture's file, or its path.

        Raises:
            PictureError: not a picture, broken, or too large.
        """
        self._form.set({"image": self._bench.keep(picture)})

    def take_dropped(self, name: str, content: bytes) -> None:
        """Take a dropped picture: its settings, else its pixels as the start picture.

        While there is a start picture, any other takes its place.

        Raises:
            PictureError: not a picture, broken, or too large.
        """
        may_fill = self._form.mode == FROM_NOISE
        parsed = read_embedded(content, name) if may_fill else None
        if parsed is None:
            self.start_from_file(content)
            if may_fill and (damage := damage_in(content)):
                self._canvas.tell(escape(f"No settings were taken from {name}{damage}."))
            return
        self._canvas.show(CanvasContent([content]))
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

    def _takes_paste(self, text: str) -> bool:
        """Import settings pasted into the prompt, which stays as it was; others are prompts."""
        if not is_text_of_settings(text):
            return False
        self.take_text(text, "the text that was pasted")
        return True

    def _now(self) -> PipelineConfig:
        """Return a default request with the selected checkpoint."""
        chosen = self._form.value("checkpoint")
        return PipelineConfig(checkpoint=chosen) if chosen else PipelineConfig()

    def _take(self, restored: Restored, what: str) -> None:
        """Fill the form with imported settings and report them; without any, only report."""
        self._missing(restored.read.missing)
        if restored.read.set:
            self._fill(restored.config, restored.html(what), what)
        else:
            self._canvas.tell(restored.html(what))

    def take_mask(self, mask: bytes | None) -> None:
        """Take a painted mask; the picture on the canvas becomes the start picture to repaint."""
        if mask is None:
            self._form.set({"inpaint.mask": None})
            return
        made = self._pictures.made_of_shown()
        changes: dict[str, Any] = {}
        if not self._is_on_source(mask):
            changes["image"] = self._pictures.keep_shown()
        if self._form.mode not in {"img2img", "inpaint"}:
            changes["use"] = "inpaint"
        self._form.painted(self._bench.keep(mask), made, changes)

    def _is_on_source(self, mask: bytes) -> bool:
        """Return whether a mask has the size of the start picture, so may belong to it."""
        name = self._form.value("image")
        if name is None:
            return False
        with suppress(PictureError):
            return self._bench.pictures.size(name) == picture_size(mask, "the mask")
        return False

    def _show(self, artifact: Artifact) -> None:
        """Show a picture of the history with its settings and record."""
        config, record = self._made_by(artifact)
        self._canvas.show(CanvasContent.of_artifact(artifact, config, record))

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

    def _as_asked(self, config: PipelineConfig) -> PipelineConfig:
        """Return the settings as a person would make them: sizes that follow are left open."""
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        # The next start picture then has its own size, or is fitted, too.
        if self._has_own_size(asked) or asked.is_fitted:
            return asked.changed(width=None, height=None)
        return asked

    def _fill(self, config: PipelineConfig, said: str, name: str) -> None:
        """Fill the form with the settings of the picture of that name, and report it."""
        self._form.show(self._as_asked(config))
        self._belongings.filled_from(name)
        self._canvas.tell(said)

    def _show_source(self) -> None:
        """Show a new start picture, unless the canvas shows it already."""
        name, before = self._form.value("image"), self._source
        self._source = name
        if name in {None, before} or name == self._pictures.name_of_shown():
            return
        self._canvas.show(CanvasContent([encode_png(self._bench.pictures.load(name))]))
