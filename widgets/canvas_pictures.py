"""The canvas as a source of pictures: stores its picture and its painted mask under a name."""

from contextlib import suppress

from medialab import Run, Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, PictureError
from medialab.runs.belongings import picture_before_detailers
from widgets.canvas import Canvas, encode_png

_BASE = "txt2img"


class CanvasPictures:
    """Stores pictures of a canvas in the workbench's picture store."""

    def __init__(self, bench: Workbench, canvas: Canvas) -> None:
        self._bench, self._canvas = bench, canvas
        self._kept: tuple[bytes, str] | None = None

    def keep_shown(self) -> str:
        """Store the picture on the canvas and return its name.

        Raises:
            PictureError: the canvas shows no picture.
        """
        picture = self._canvas.picture
        if picture is None:
            message = "the canvas shows no picture yet; generate one, or drop one on it"
            raise PictureError(message)
        if self._kept is None or self._kept[0] is not picture:
            self._kept = (picture, self._bench.keep(picture))
        return self._kept[1]

    def name_of_shown(self) -> str | None:
        """Return the name of the picture on the canvas, or None without one."""
        return self.keep_shown() if self._canvas.picture is not None else None

    def keep_mask(self) -> str:
        """Store the painted mask and return its name.

        Raises:
            PictureError: no mask is painted.
        """
        mask = self._canvas.viewer.mask
        if mask is None:
            message = "no mask is painted; choose Mask above the picture and paint one"
            raise PictureError(message)
        return self._bench.keep(mask)

    def made_of_shown(self) -> str | None:
        """Return the identity of a shown text-to-image picture; None for any other.

        It stays the same whatever later stages added: see `medialab.runs.belongings`.
        """
        shown, number = self._canvas.shown, self._canvas.index
        config = None if shown is None else shown.config
        if not isinstance(config, ResolvedConfig) or config.mode != _BASE:
            return None
        with suppress(ConfigError, IndexError):  # a missing wildcard
            if config.batch_size > 1:
                config = config.singles(self._bench.registry.folder / "wildcards")[number]
            return picture_before_detailers(config, enlarged=False)
        return None

    def show_mask(self, name: str | None) -> None:
        """Show a stored mask on the picture, if it has the same size; None removes the mask."""
        viewer = self._canvas.viewer
        mask = None if name is None else self._bench.pictures.load(name, "mask")
        if mask is None or mask.size == viewer.size:
            viewer.show_mask(None if mask is None else encode_png(mask))

    def before(self, run: Run) -> bytes | None:
        """Return the picture to compare a run with: its start picture, or stage 3's result.

        The result is the content of a PNG file, or None if it would equal the run's picture.
        """
        config = run.config
        if config.mode != _BASE and config.image is not None:
            return encode_png(self._bench.pictures.load(config.image))
        picture = self._bench.picture_after(config, _BASE)
        if picture is None or picture.tobytes() == run.image.tobytes():
            return None
        return encode_png(picture)
