"""The picture in the middle: viewed, compared, painted a mask on, its detections moved as boxes."""

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import anywidget
import traitlets
from PIL import UnidentifiedImageError

from medialab.errors import ConfigError, MediaLabError, PictureError, PictureTooLargeError
from medialab.pictures.intake import MOST_PIXELS, open_picture, orientation_of, unsupported_kind
from medialab.stages.detailer.edits import plain_edits
from widgets.guard import guarded
from widgets.uploads import Upload, Uploads

MODES = ("view", "compare", "mask", "boxes")
FORMATS = ("PNG", "JPEG", "WEBP")  # what every browser draws
# Seconds between two previews: five a second are seen as motion, and more only pile up.
PREVIEW_GAP = 0.2
# The brush at first, in pixels of a picture whose shorter side has 512; others in proportion.
_BRUSH, _BRUSH_SIDE = 64, 512
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 1024

# The files that a page is sent; b"" for one that there is not.
_FILES = ("image", "before", "preview", "mask")

OnMask = Callable[[bytes | None], object]
OnBoxes = Callable[[list[dict[str, Any]]], object]
OnDrop = Callable[[str, bytes], object]


class Viewer(anywidget.AnyWidget):
    """Shows a picture; zoom and position belong to each view of it, all else is shared.

    `boxes` are a detailer's detections in the order in which they are drawn, each a dict with the
    fields of `DetectionEdit`. `size` is the picture's (width, height) in pixels, (0, 0) without
    one. The brush has a diameter in pixels of the picture; hardness and opacity lie between 0 and
    1. `split` is where compare divides the picture, as a share of its width. While `busy` and
    nothing is there to look at, a place is kept for it.

    Callbacks hear what a person did, not what the program set; an error in one is shown in the
    viewer.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    mode = traitlets.Enum(MODES, "view").tag(sync=True)
    boxes: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    brush_size = traitlets.Int(_BRUSH, min=SMALLEST_BRUSH, max=LARGEST_BRUSH).tag(sync=True)
    brush_hardness = traitlets.Float(0.8, min=0.0, max=1.0).tag(sync=True)
    brush_opacity = traitlets.Float(1.0, min=0.0, max=1.0).tag(sync=True)
    brush_erases = traitlets.Bool(False).tag(sync=True)
    split = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    size = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)

    # Pictures are no traits: JupyterLab gives the state of all widgets four seconds to come after
    # a reload, and 17 MB of picture in it took every widget down. A page asks for them instead.

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_class("mls-viewer")
        self._uploads = Uploads()
        self._files = dict.fromkeys(_FILES, b"")
        # The page that painted the mask: it has newer strokes than what comes back from here.
        self._mask_by = ""
        self._is_seen = False  # until then nobody is sent anything
        self._previewed = -PREVIEW_GAP
        self._heard_mask: list[OnMask] = []
        self._heard_boxes: list[OnBoxes] = []
        self._heard_drop: list[OnDrop] = []
        self.on_msg(guarded(self._receive, self._show_error))

    @property
    def mask(self) -> bytes | None:
        """The mask as a PNG of 8-bit grey, of the picture's size, 255 where it is repainted."""
        return self._files["mask"] or None

    def show(self, image: bytes, before: bytes | None = None) -> None:
        """Show a picture (a PNG, JPEG or WebP file), and what it was before for comparing.

        The mask stays with a picture of the same size and goes with another.

        Raises:
            PictureError: one of them is no such file; what was shown stays.
        """
        size = picture_size(image, "the picture")
        if before is not None:
            picture_size(before, "the picture before")
        files = {"image": image, "before": before or b"", "preview": b""}
        with self.hold_sync():
            if size != self.size:
                self.brush_size = self._brush_for(size)
                files["mask"], self._mask_by = b"", ""
            self.size = size
        self._put(files)

    def preview(self, jpeg: bytes) -> None:
        """Show how far the next picture is, until `show` or `clear`; at most five a second."""
        now = monotonic()
        if now - self._previewed >= PREVIEW_GAP:
            self._previewed = now
            self._put({"preview": jpeg})

    def clear(self) -> None:
        """Show nothing: no picture, mask, boxes or preview."""
        with self.hold_sync():
            self.size, self.boxes = (0, 0), []
        self._mask_by = ""
        self._put(dict.fromkeys(_FILES, b""))

    def show_mask(self, png: bytes | None) -> None:
        """Put a mask on the picture: a PNG of its size, white where it is repainted; None: none.

        Raises:
            PictureError: it is no PNG, or of another size than the picture.
        """
        mask = b"" if png is None else self._checked_mask(png)
        self._mask_by = ""
        self._put({"mask": mask})

    def on_mask(self, callback: OnMask) -> None:
        """Call back with the mask (a PNG, or None) whenever a person has changed it."""
        self._heard_mask.append(callback)

    def on_boxes(self, callback: OnBoxes) -> None:
        """Call back with the boxes whenever a person has changed them."""
        self._heard_boxes.append(callback)

    def on_drop(self, callback: OnDrop) -> None:
        """Call back with name and content of each picture that is dropped, pasted or opened."""
        self._heard_drop.append(callback)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser changed; a change that cannot be is shown and undone there."""
        guarded(self._take_state, self._show_error)(sync_data)

    @traitlets.validate("boxes")
    def _checked_boxes(self, proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
        return plain_edits(proposal["value"])

    def _take_state(self, state: dict[str, Any]) -> None:
        try:
            if "boxes" in state:
                state = {**state, "boxes": plain_edits(state["boxes"])}
            super().set_state(state)
        except (ConfigError, traitlets.TraitError):
            self.send_state(list(state))
            raise
        if "boxes" in state:
            self._tell(self._heard_boxes, self.boxes)

    def _receive(self, _widget: object, message: Mapping[str, Any], buffers: list[Any]) -> None:
        if message["kind"] == "hello":
            self._is_seen = True
            self._put(self._files)
        elif message["kind"] == "abort":
            self._uploads.forget(str(message["upload"]))
        elif message["kind"] == "part":
            answer = {"kind": "part", "upload": message["upload"]}
            try:
                # The browser's bytes come as a memoryview of the message.
                upload = self._uploads.take(message, b"".join(map(bytes, buffers)))
                if upload.is_complete:
                    self._use(upload, str(message["page"]))
                self.send({**answer, "arrived": len(upload.content)})
            except MediaLabError:
                self.send({**answer, "arrived": None})
                raise

    def _use(self, upload: Upload, page: str) -> None:
        content = bytes(upload.content)
        if upload.purpose == "mask":
            mask = self._checked_mask(content) if content else b""
            self._mask_by = page
            self._put({"mask": mask})
            self._tell(self._heard_mask, self.mask)
        else:
            picture_size(content, upload.name, None)
            self._tell(self._heard_drop, upload.name, content)

    def _put(self, files: Mapping[str, bytes]) -> None:
        """Keep these, and send them to every page."""
        self._files.update(files)
        if self._is_seen:
            message = {"kind": "files", "names": list(files), "mask_by": self._mask_by}
            self.send(message, list(files.values()))

    def _tell(self, callbacks: Iterable[Callable[..., object]], *news: Any) -> None:
        for callback in callbacks:
            guarded(callback, self._show_error)(*news)

    def _show_error(self, error: BaseException, trace: str) -> None:
        """In the viewer itself, where the person is looking."""
        self.send(
            {"kind": "error", "name": type(error).__name__, "text": str(error), "trace": trace}
        )

    def _checked_mask(self, png: bytes) -> bytes:
        size = picture_size(png, "the mask", ("PNG",))
        if size != self.size:
            raise PictureError(
                f"the mask has {_times(size)} pixels, the picture {_times(self.size)}; "
                "make a mask of the picture's size"
            )
        with open_picture(png, "the mask", ("PNG",)) as file:
            if file.image.mode == "L":
                return png
            buffer = BytesIO()
            file.image.convert("L").save(buffer, "PNG", compress_level=1)
            return buffer.getvalue()

    def _brush_for(self, size: tuple[int, int]) -> int:
        """The brush as large on this picture as it was on the one before."""
        side = min(self.size) or _BRUSH_SIDE
        scaled = round(self.brush_size * min(size) / side)
        return min(max(scaled, SMALLEST_BRUSH), LARGEST_BRUSH)


def picture_size(
    content: bytes, what: str, formats: tuple[str, ...] | None = FORMATS
) -> tuple[int, int]:
    """Width and height of a picture's file as it is seen: upright, as its EXIF says.

    `formats` are those that it may have; None for all that can be kept.

    Raises:
        PictureError: it is no picture of these formats, a broken or a far too large one; `what`
            names it in the message.
    """
    try:
        with open_picture(content, what, formats) as file:
            width, height = file.image.size
            # EXIF orientation 5 to 8: lying on its side. A PNG would be decoded to look for it.
            if file.image.format != "PNG" and orientation_of(file.image) >= 5:
                width, height = height, width
            file.image.verify()
    except PictureTooLargeError:
        raise
    except PictureError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            given = unsupported_kind(content) or f"give a {', '.join(formats or FORMATS)} file"
            raise PictureError(f"{what} is not a picture that can be shown; {given}") from error
        cause = error.__cause__ or error
        raise PictureError(f"{what}: the file is broken ({cause}); save it again") from error
    if width * height > MOST_PIXELS:
        raise PictureError(
            f"{what}: {_times((width, height))} pixels are too many; make it smaller, "
            f"the limit is {MOST_PIXELS / 1e6:.0f} megapixels"
        )
    return width, height


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
