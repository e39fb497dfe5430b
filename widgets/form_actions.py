"""What the form's buttons do outside of it: on the canvas, in the history, on the models' shelf."""

from contextlib import suppress

from medialab import Workbench
from medialab.artifacts import Artifact
from medialab.errors import MediaLabError
from medialab.loading.registry import ModelInfo
from widgets.canvas import Canvas
from widgets.canvas_pictures import CanvasPictures
from widgets.form import Form, Pressed
from widgets.form_stages import PART_TITLES
from widgets.models_panel import ModelsPanel
from widgets.shelf import Shelf

_PICTURES = ("image", "mask", "references")


class FormActions:
    """Connects the buttons of a form's fields with the rest of the studio.

    Args:
        bench: the workbench.
        form: the form.
        canvas: the canvas, where masks are painted.
        pictures: stores the canvas's picture and mask.
        models: the models, as a picker of LoRAs.
        shelf: shows the models or the history.
    """

    def __init__(
        self,
        bench: Workbench,
        form: Form,
        canvas: Canvas,
        pictures: CanvasPictures,
        models: ModelsPanel,
        shelf: Shelf,
    ) -> None:
        self._bench, self._form, self._canvas = bench, form, canvas
        self._pictures, self._models, self._shelf = pictures, models, shelf
        # The field for which the next picture of the history that is clicked is used.
        self._choosing: str | None = None
        for setting in _PICTURES:
            form.offer_action(setting, "canvas", self._use_shown)
            form.offer_action(setting, "history", self._choose)
        form.offer_action("mask", "paint", lambda _: self.paint())
        form.offer_action("mask", "painted", self._use_painted)
        form.offer_action("loras", "add", self._pick_lora)
        form.offer_next_step("inpaint.mask", "Paint a mask", self.paint)
        form.offer_next_step("image", "Choose a picture", lambda: form.reveal("image"))

    def give(self, artifact: Artifact) -> bool:
        """Use a picture of the history for the field that waits for one; False if none does."""
        field, self._choosing = self._choosing, None
        if field is None:
            return False
        self._canvas.tell("")
        self._form.pictures.take(field, artifact.path.read_bytes())
        return True

    def paint(self) -> None:
        """Have a mask painted on the canvas."""
        self._canvas.viewer.mode = "mask"

    def _use_shown(self, pressed: Pressed) -> None:
        self._form.pictures.use(pressed.field, self._pictures.keep_shown())

    def _use_painted(self, pressed: Pressed) -> None:
        self._form.pictures.use(pressed.field, self._pictures.keep_mask())

    def _choose(self, pressed: Pressed) -> None:
        """Use the picture of the history that is clicked next."""
        self._choosing = pressed.field
        self._shelf.open("History")
        self._canvas.tell("Choose a picture in the history; it is used where you asked for it.")

    def _pick_lora(self, pressed: Pressed) -> None:
        """Let a person choose a LoRA on the shelf, for the whole picture or a stage."""
        stage = pressed.field.rpartition(".")[0]
        own = self._form.value(f"{stage}.checkpoint") if stage else None
        family = "unknown"
        with suppress(MediaLabError):  # a missing checkpoint is reported when it is used
            name = own or self._form.value("checkpoint")
            family = self._bench.registry.find(name, "checkpoint").family

        before = self._shelf.chosen

        def add(info: ModelInfo | None) -> None:
            self._shelf.choose(before)
            if info is not None:
                self._form.add_lora({"name": info.name}, pressed.field)

        where = f" for {PART_TITLES[stage]}" if stage else ""
        self._models.pick("lora", family, add, f"Choose a LoRA{where}")
        self._shelf.open("Models")
