"""The viewer: shows and compares pictures, paints masks, and edits detections as boxes."""

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
from widgets.messages import text_of, title_of
from widgets.uploads import Upload, Uploads

MODES = ("view", "compare", "mask", "boxes")
FORMATS = ("PNG", "JPEG", "WEBP")  # formats that every browser can show
# Seconds between two previews: five a second look like motion, and more would only queue up.
PREVIEW_GAP = 0.2
# The brush's initial diameter in pixels, for a picture whose shorter side has 512; others scale.
_BRUSH, _BRUSH_SIDE = 64, 512
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 1024

# The files sent to a page; a missing one is b"".
_FILES = ("image", "before", "preview", "mask")

OnMask = Callable[[bytes | None], object]
OnBoxes = Callable[[list[dict[str, Any]]], object]
OnDrop = Callable[[str, bytes], object]


class Viewer(anywidget.AnyWidget):
    """A picture that can be zoomed, compared, masked, and its detections edited.

    Each view of the widget has its own zoom and position; everything else is shared. `boxes` are a
    detailer's detections in the order they are repainted, each a dict with the fields of
    `DetectionEdit`. `size` is the picture's (width, height) in pixels, (0, 0) without a picture.
    `brush_size` is the brush's diameter in pixels of the picture; its hardness and opacity range
    from 0 to 1. `split` is the position of the dividing line in compare mode, from 0 (left) to 1.
    While `busy` and empty, the viewer keeps its height.

    Callbacks report a person's actions, not changes by the program; their errors are shown in the
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

    # Pictures are not traits: after a reload JupyterLab waits four seconds for the state of all
    # widgets, and 17 MB of picture in it made every widget fail. A page asks for them instead.

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_class("mls-viewer")
        self._uploads = Uploads()
        self._files = dict.fromkeys(_FILES, b"")
        # The page that painted the mask; it may have newer strokes than the mask sent back to it.
        self._mask_by = ""
        self._is_seen = False  # nothing is sent until a page has opened
        self._previewed = -PREVIEW_GAP
        self._heard_mask: list[OnMask] = []
        self._heard_boxes: list[OnBoxes] = []
        self._heard_drop: list[OnDrop] = []
        self.on_msg(guarded(self._receive, self._show_error))

    @property
    def mask(self) -> bytes | None:
        """The mask as an 8-bit grey PNG of the picture's size, 255 = repaint; None without one."""
        return self._files["mask"] or None

    def show(self, image: bytes, before: bytes | None = None) -> None:
        """Show a picture; the mask stays if the new picture has the same size.

        Args:
            image: the content of a PNG, JPEG or WebP file.
            before: another such file, to compare with.

        Raises:
            PictureError: a file is not such a picture; the viewer does not change.
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
        """Show a preview (a JPEG) until `show` or `clear`; at most five a second are shown."""
        now = monotonic()
        if now - self._previewed >= PREVIEW_GAP:
            self._previewed = now
            self._put({"preview": jpeg})

    def clear(self) -> None:
        """Remove picture, mask, boxes and preview."""
        with self.hold_sync():
            self.size, self.boxes = (0, 0), []
        self._mask_by = ""
        self._put(dict.fromkeys(_FILES, b""))

    def show_mask(self, png: bytes | None) -> None:
        """Show a mask on the picture.

        Args:
            png: a PNG of the picture's size, white = repaint; None removes the mask.

        Raises:
            PictureError: the mask is not a PNG, or its size differs from the picture's.
        """
        mask = b"" if png is None else self._checked_mask(png)
        self._mask_by = ""
        self._put({"mask": mask})

    def on_mask(self, callback: OnMask) -> None:
        """Call `callback` with the mask (a PNG, or None) when a person changes it."""
        self._heard_mask.append(callback)

    def on_boxes(self, callback: OnBoxes) -> None:
        """Call `callback` with the boxes when a person changes them."""
        self._heard_boxes.append(callback)

    def on_drop(self, callback: OnDrop) -> None:
        """Call `callback` with name and content of each picture dropped, pasted or opened."""
        self._heard_drop.append(callback)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply changes from the browser; an invalid one is reported and undone there."""
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
        """Store these files, and send them to every page."""
        self._files.update(files)
        if self._is_seen:
            message = {"kind": "files", "names": list(files), "mask_by": self._mask_by}
            self.send(message, list(files.values()))

    def _tell(self, callbacks: Iterable[Callable[..., object]], *news: Any) -> None:
        for callback in callbacks:
            guarded(callback, self._show_error)(*news)

    def _show_error(self, error: BaseException, trace: str) -> None:
        """Show an error in the viewer, where the person is looking."""
        told = {"name": title_of(error), "text": text_of(error), "trace": trace}
        self.send({"kind": "error", **told})

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
        """Return a brush size (pixels) with the same share of a new picture as of the last."""
        side = min(self.size) or _BRUSH_SIDE
        scaled = round(self.brush_size * min(size) / side)
        return min(max(scaled, SMALLEST_BRUSH), LARGEST_BRUSH)


def picture_size(
    content: bytes, what: str, formats: tuple[str, ...] | None = FORMATS
) -> tuple[int, int]:
    """Return a picture's width and height in pixels, upright as its EXIF says.

    Args:
        content: the content of the picture's file.
        what: the picture's name in an error message.
        formats: the permitted formats; None for all that can be stored.

    Raises:
        PictureError: not a picture in one of these formats, broken, or too large.
    """
    try:
        with open_picture(content, what, formats) as file:
            width, height = file.image.size
            # EXIF orientations 5 to 8 swap the sides. Not for PNG, which would have to be decoded.
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
