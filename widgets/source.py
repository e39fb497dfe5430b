"""The start picture of Enhance: from the canvas or the disk, and how it is used."""

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import traitlets

from medialab.pictures.store import PictureStore
from medialab.stages import MODES, STAGES
from medialab.stages.source import SourceConfig
from widgets.button import make_button
from widgets.collapsible import Collapsible
from widgets.fields import Fields
from widgets.guard import guarded
from widgets.input_context import InputContext
from widgets.shapes import shapes_of
from widgets.size import SizeInput

ENHANCE = "enhance"
_TITLES = {stage.name: stage.title for stage in STAGES} | {ENHANCE: "Repair: only the stages below"}
# Settings that have an input of their own here, or belong to another task.
_PLACED = ("mode", "image", "width", "height")
_THUMBNAIL = 96  # pixels
_NONE_YET = "No start picture yet. Use the one on the canvas, or drop one there."


class SourcePanel(ipw.VBox):
    """The settings of the stage `source`; `image` is the stored picture's name, or None."""

    image = traitlets.Unicode(None, allow_none=True)

    def __init__(self, pictures: PictureStore, context: InputContext) -> None:
        self._pictures = pictures
        self.thumbnail = ipw.Image(format="jpeg")
        self.thumbnail.add_class("mls-source-thumbnail")
        self.said = ipw.HTML()
        take = make_button(
            "source-take",
            lambda: setattr(self, "image", context.shown()),
            context.show_error,
            label="Use this picture",
            tooltip="Start from the picture on the canvas",
        )
        self.path = ipw.Text(
            placeholder="or the path of a file on this machine", continuous_update=False
        )
        self.path.description = "File"
        self.path.add_class("mls-field")
        self.path.add_class("mls-source-path")
        self.path.observe(guarded(lambda _: self._open_path(), context.show_error), "value")
        shown = ipw.HBox([self.thumbnail, ipw.VBox([self.said, take])])
        shown.add_class("mls-source-shown")
        modes = [ENHANCE, *(mode for mode in MODES if mode not in {"txt2img", ENHANCE})]
        self.mode = ipw.Dropdown(
            options=[(_TITLES.get(mode, mode), mode) for mode in modes], value=ENHANCE
        )
        self.mode.description = "Use it for"
        self.mode.add_class("mls-field")
        self.mode.add_class("mls-mode")
        self.size = SizeInput(context.show_error, own="The picture's own", block=1)
        rest = [shape for name, shape in shapes_of(SourceConfig).items() if name not in _PLACED]
        self.fields = Fields(rest, context)
        fold = Collapsible("Size and resizing", [self.size, self.fields], name="source-size")
        super().__init__([shown, self.path, self.mode, fold])
        self.add_class("mls-source")
        self.observe(guarded(lambda _: self._show(), context.show_error), "image")
        self._show()

    def read(self) -> dict[str, Any]:
        """Return the settings of a request that starts from this picture."""
        own = {"mode": self.mode.value, "image": self.image}
        return own | self.size.read() | self.fields.read()

    def show(self, settings: Mapping[str, Any]) -> None:
        """Set the inputs from a config; a text-to-image config changes nothing."""
        if settings["mode"] in dict(self.mode.options).values():
            self.mode.value = settings["mode"]
            self.image = settings["image"]
            self.fields.show(settings)

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each change."""
        self.fields.on_change(listener)
        self.size.observe(lambda _: listener(), "value")
        self.mode.observe(lambda _: listener(), "value")
        self.observe(lambda _: listener(), "image")

    def _open_path(self) -> None:
        text = self.path.value.strip()
        if text:
            self.image = self._pictures.keep(Path(text).expanduser())
            self.path.value = ""

    def _show(self) -> None:
        has_picture = self.image is not None
        self.thumbnail.layout.display = None if has_picture else "none"
        if self.image is None:
            self.said.value = escape(_NONE_YET)
            return
        self.thumbnail.value, (width, height) = self._pictures.thumbnail(self.image, _THUMBNAIL)
        words = [f"{width} × {height}", *self._pictures.changes(self.image)]
        self.said.value = "<br>".join(escape(word) for word in words)
