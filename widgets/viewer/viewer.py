"""The viewer: shows, compares and masks pictures, edits boxes, and lays out many as a grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import traitlets

from medialab.errors import ConfigError, MediaLabError
from medialab.stages.detailer.edits import plain_edits
from widgets.guard import guarded
from widgets.uploads import Upload, Uploads
from widgets.viewer.callbacks import Callbacks
from widgets.viewer.page_files import PageFiles
from widgets.viewer.pictures import grey_mask, picture_size
from widgets.viewer.tiles import Tile, Tiles, TileSource

MODES = ("view", "compare", "mask", "boxes", "grid")
HOWS = ("slider", "side by side", "blink")
MASK_TOOLS = ("brush", "lasso", "rectangle")
# Seconds between two previews: five a second look like motion, and more would only queue up.
PREVIEW_GAP = 0.2
# The brush's initial diameter in pixels, for a picture whose shorter side has 512; others scale.
_BRUSH, _BRUSH_SIDE = 64, 512
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 1024
# Tiles sent in one answer, so that a page draws the first of many at once.
_TILES_AT_ONCE = 24
_BEFORE_AND_AFTER = ("Before", "After")
_NO_SIZE = (0, 0)
_STYLES = Path(__file__).parent / "css"


class Viewer(Callbacks):
    """A picture that can be zoomed, compared, masked, and its detections edited; or many as a grid.

    Each view of the widget has its own zoom and position; everything else is shared. It fills the
    element it stands in. Callbacks report a person's actions, not changes by the program.

    Attributes:
        mode: one of `MODES`; "grid" only while there is a grid.
        size: width and height of the picture in pixels, (0, 0) without a picture.
        busy: whether a picture is being made; said to screen readers, and shown while it is empty.
        file_name: the name under which the picture is downloaded.
        how: how two pictures are compared, one of `HOWS`.
        labels: the names of the left and the right picture compared.
        split: the position of the slider's line, from 0 (left) to 1.
        boxes: a detailer's detections in the order they are repainted, each a dict with the fields
            of `DetectionEdit`. They are drawn on a picture of `boxes_size` only, the size of the
            picture that was shown when they were set.
        box_sets: the detailers that detected something, each a dict of `name`, `title` and
            `count`, to choose from; `box_set` is the name of the one whose boxes are shown.
        mask_tool: what paints the mask, one of `MASK_TOOLS`; it erases while `mask_erases`.
        brush_size: the brush's diameter in pixels of the picture.
        brush_hardness: from 0 to 1.
        brush_opacity: from 0 to 1, of lasso and rectangle too.
        shows_mask: whether the mask is tinted; else only its outline is drawn, as on a new picture,
            until a person paints again.
        grid: the labels and shape of the grid; see `show_grid`.
        tile: the index of the tile opened last, or -1.
        marked: the indices of the tiles that a person has marked, in the order they were.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = "\n".join(part.read_text("utf-8") for part in sorted(_STYLES.glob("*.css")))

    mode = traitlets.Enum(MODES, "view").tag(sync=True)
    size = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=_NO_SIZE).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    file_name = traitlets.Unicode("").tag(sync=True)
    how = traitlets.Enum(HOWS, "slider").tag(sync=True)
    labels = traitlets.Tuple(
        traitlets.Unicode(), traitlets.Unicode(), default_value=_BEFORE_AND_AFTER
    ).tag(sync=True)
    split = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    boxes: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    boxes_size = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=_NO_SIZE).tag(
        sync=True
    )
    box_sets: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    box_set = traitlets.Unicode("").tag(sync=True)
    mask_tool = traitlets.Enum(MASK_TOOLS, "brush").tag(sync=True)
    mask_erases = traitlets.Bool(False).tag(sync=True)
    brush_size = traitlets.Int(_BRUSH, min=SMALLEST_BRUSH, max=LARGEST_BRUSH).tag(sync=True)
    brush_hardness = traitlets.Float(0.8, min=0.0, max=1.0).tag(sync=True)
    brush_opacity = traitlets.Float(1.0, min=0.0, max=1.0).tag(sync=True)
    shows_mask = traitlets.Bool(True).tag(sync=True)
    grid: "traitlets.Dict[str, Any]" = traitlets.Dict(Tiles(()).described()).tag(sync=True)
    tile = traitlets.Int(-1).tag(sync=True)
    marked: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        self._tiles = Tiles(())
        self._grids = 0  # how many there have been: a page may ask for tiles of one before
        super().__init__(**settings)
        self.add_class("mls-viewer")
        self._uploads = Uploads()
        self._files = PageFiles(self._send_files)
        # The mask of a picture of another size than the one shown now, and that size.
        self._mask_aside: tuple[tuple[int, int], bytes] = (_NO_SIZE, b"")
        self._previewed = -PREVIEW_GAP
        self.on_msg(guarded(self._receive, self._show_error))

    @property
    def mask(self) -> bytes | None:
        """The mask as an 8-bit grey PNG of the picture's size, 255 = repaint; None without one."""
        return self._files["mask"] or None

    @property
    def has_two(self) -> bool:
        """Whether there is another picture to compare the shown one with."""
        return bool(self._files["left"])

    # --- showing --------------------------------------------------------------------------------
    def show(
        self,
        image: bytes,
        before: bytes | None = None,
        labels: tuple[str, str] = _BEFORE_AND_AFTER,
        file_name: str = "",
    ) -> None:
        """Show a picture alone, or in Compare beside `before`.

        The mask stays on a picture of the same size; on one of another size it is hidden until one
        of its own size is shown again.

        Args:
            image: the content of a PNG, JPEG or WebP file.
            before: another such file, to compare with; without one, Compare ends.
            labels: the names of `before` and `image` in Compare.
            file_name: the name under which the picture is downloaded.

        Raises:
            PictureError: a file is not such a picture; the viewer does not change.
        """
        size = picture_size(image, "the picture")
        if before is not None:
            picture_size(before, "the picture before")
        is_new = image != self._files["image"]
        files = {"image": image, "left": before or b"", "right": b"", "preview": b""}
        with self.hold_sync():
            if size != self.size:
                self.brush_size = self._brush_for(size)
                files["mask"] = self._mask_for(size)
            elif is_new and self.mask:
                self.shows_mask = False
            if self.boxes and self.boxes_size == _NO_SIZE:
                self.boxes_size = size
            self.size, self.labels, self.file_name = size, labels, file_name
            if self.mode == "grid" or (self.mode == "compare" and before is None):
                self.mode = "view"
        self._files.put(files)

    def compare(
        self,
        left: bytes,
        right: bytes,
        labels: tuple[str, str] = _BEFORE_AND_AFTER,
        how: str | None = None,
    ) -> None:
        """Compare two pictures; the picture that View, Mask and Boxes show stays what it is.

        Args:
            left: the content of a PNG, JPEG or WebP file.
            right: another such file; it may have another size and shape.
            labels: the names of both.
            how: one of `HOWS`; None for the one used last.

        Raises:
            PictureError: a file is not such a picture; the viewer does not change.
            TraitError: there is no such `how`.
        """
        picture_size(left, labels[0])
        picture_size(right, labels[1])
        with self.hold_sync():
            self.how = how or self.how
            self._files.put({"left": left, "right": right})
            self.labels, self.mode = labels, "compare"

    def show_grid(
        self,
        tiles: Sequence[Tile],
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        source: TileSource | None = None,
    ) -> None:
        """Show pictures as a grid, until another picture is shown; Grid in the bar returns to it.

        A person's click on a tile opens it by the source; without one it calls the callbacks of
        `on_tile`, or else the tile's own picture is shown.

        Args:
            tiles: the pictures row by row, small ones or whole files, each with a label; b"" for
                those still to come, see `renew_tile`. None at all removes the grid.
            rows: the labels of the rows.
            columns: the labels of the columns; without rows and columns, the tiles are laid out as
                large as they fit.
            source: has the pictures, which are asked for when a page shows their tiles.

        Raises:
            ConfigError: the tiles do not fill the rows and columns.
            PictureError: a tile is not a picture that can be shown.
        """
        made = Tiles(tiles, rows, columns, source)
        self._tiles = made
        self._grids += 1
        with self.hold_sync():
            self.tile, self.marked = -1, []
            self._describe_grid()
            if len(made):
                self.mode = "grid"
            elif self.mode == "grid":
                self.mode = "view"

    def renew_tile(self, index: int, badge: str = "") -> None:
        """Show a tile anew that has changed in the grid's source.

        Args:
            index: the tile's.
            badge: a few letters on it; "" for none.

        Raises:
            IndexError: there is no such tile.
        """
        self._tiles.mark(index, badge)
        self._describe_grid()
        self._send_tiles([index])

    def _describe_grid(self) -> None:
        self.grid = {**self._tiles.described(), "number": self._grids}

    def preview(self, jpeg: bytes) -> None:
        """Show a preview (a JPEG) until `show` or `clear`; at most five a second are shown."""
        now = monotonic()
        if now - self._previewed >= PREVIEW_GAP:
            self._previewed = now
            self._files.put({"preview": jpeg})

    def clear(self) -> None:
        """Remove pictures, grid, mask, boxes and preview."""
        with self.hold_sync():
            self.show_grid(())
            self.size, self.boxes, self.box_sets, self.box_set = _NO_SIZE, [], [], ""
            self.file_name = ""
        self._mask_aside = (_NO_SIZE, b"")
        self._files.clear()

    def show_mask(self, png: bytes | None) -> None:
        """Show a mask on the picture.

        Args:
            png: a PNG of the picture's size, white = repaint; None removes the mask.

        Raises:
            PictureError: the mask is not a PNG, or its size differs from the picture's.
        """
        mask = b"" if png is None else grey_mask(png, self.size)
        self._take_mask(mask, "")

    # --- what a person does ---------------------------------------------------------------------
    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply changes from the browser; an invalid one is reported and undone there."""
        guarded(self._take_state, self._show_error)(sync_data)

    @traitlets.validate("boxes")
    def _checked_boxes(self, proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
        return plain_edits(proposal["value"])

    @traitlets.observe("boxes")
    def _size_boxes(self, _change: object) -> None:
        self.boxes_size = self.size

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
        if "box_set" in state:
            self._tell(self._heard_box_set, self.box_set)
        if "marked" in state:
            self._tell(self._heard_marked, self.marked)

    def _receive(self, _widget: object, message: Mapping[str, Any], buffers: list[Any]) -> None:
        match message["kind"]:
            case "hello":
                self._files.greet()
            case "tiles":
                if message["number"] == self._grids:
                    self._send_tiles(message["indices"])
            case "tile":
                self._open_tile(int(message["index"]))
            case "mark_key":
                key = str(message["key"])
                self._tell(self._heard_mark_key, key if key.isdigit() else "Delete")
            case "compare_tiles":
                self._compare_tiles(*message["indices"])
            case "redraw":
                self._tell(self._heard_redraw, self.boxes)
            case "abort":
                self._uploads.forget(str(message["upload"]))
            case "part":
                self._take_part(message, buffers)

    def _take_part(self, message: Mapping[str, Any], buffers: list[Any]) -> None:
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
            self._take_mask(grey_mask(content, self.size) if content else b"", page)
            self._tell(self._heard_mask, self.mask)
        else:
            picture_size(content, upload.name, None)
            self._tell(self._heard_drop, upload.name, content)

    def _take_mask(self, mask: bytes, page: str) -> None:
        self._mask_aside = (_NO_SIZE, b"")
        self.shows_mask = True
        self._files.mask_by = page
        self._files.put({"mask": mask})

    def _mask_for(self, size: tuple[int, int]) -> bytes:
        """Return the mask for a picture of another size, and set the present one aside."""
        self._files.mask_by = ""
        if self.mask:
            self._mask_aside = (self.size, self.mask)
            return b""
        return self._mask_aside[1] if self._mask_aside[0] == size else b""

    def _open_tile(self, index: int) -> None:
        if not 0 <= index < len(self._tiles):
            return  # of a grid that is no longer there
        self.tile = index
        if self._tiles.source is not None:
            self._tell([self._tiles.source.open], index)
        elif self._heard_tile:
            self._tell(self._heard_tile, index)
        elif self._tiles.images[index]:
            self.show(self._tiles.images[index])

    def _compare_tiles(self, left: int, right: int) -> None:
        if self._tiles.source is not None:
            self._tell([self._tiles.source.compare], left, right)
        elif self._tiles.images[left] and self._tiles.images[right]:
            self.compare_files(left, right, self._tiles.images[left], self._tiles.images[right])

    def compare_files(self, left: int, right: int, first: bytes, second: bytes) -> None:
        """Compare two files under the names of two tiles.

        Args:
            left: the index of a tile.
            right: the index of another.
            first: the content of the left one's file.
            second: the content of the right one's.

        Raises:
            PictureError: as `compare`.
        """
        self.compare(first, second, (self._tiles.name(left), self._tiles.name(right)))

    def _send_tiles(self, indices: Sequence[int]) -> None:
        known = [index for index in indices if 0 <= index < len(self._tiles)]
        size = self.grid["size"]
        for start in range(0, len(known), _TILES_AT_ONCE):
            part = known[start : start + _TILES_AT_ONCE]
            message = {"kind": "tiles", "number": self._grids, "indices": part}
            self.send(message, [self._tiles.image(index) for index in part])
        if self._tiles.described()["size"] != size:  # the first picture has come
            self._describe_grid()

    def _send_files(self, message: dict[str, Any], files: list[bytes]) -> None:
        self.send(message, files)

    def _brush_for(self, size: tuple[int, int]) -> int:
        """Return a brush size (pixels) with the same share of a new picture as of the last."""
        side = min(self.size) or _BRUSH_SIDE
        scaled = round(self.brush_size * min(size) / side)
        return min(max(scaled, SMALLEST_BRUSH), LARGEST_BRUSH)
