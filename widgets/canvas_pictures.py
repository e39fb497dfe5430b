"""The canvas as a source of pictures: what it shows and what was painted, kept by name."""

from contextlib import suppress

from medialab import Run, Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, PictureError
from medialab.runs.belongings import picture_before_detailers
from widgets.canvas import Canvas, encoded

_BASE = "txt2img"


class CanvasPictures:
    """Keeps pictures of a canvas in the workbench's store."""

    def __init__(self, bench: Workbench, canvas: Canvas) -> None:
        self._bench, self._canvas = bench, canvas
        self._kept: tuple[bytes, str] | None = None

    def keep_shown(self) -> str:
        """Keep the picture that is shown; its name.

        Raises:
            PictureError: none is shown.
        """
        picture = self._canvas.picture
        if picture is None:
            message = "the canvas shows no picture yet; generate one, or drop one on it"
            raise PictureError(message)
        if self._kept is None or self._kept[0] is not picture:
            self._kept = (picture, self._bench.keep(picture))
        return self._kept[1]

    def name_of_shown(self) -> str | None:
        """The name of the picture that is shown, None for none."""
        return self.keep_shown() if self._canvas.picture is not None else None

    def keep_mask(self) -> str:
        """Keep the mask that is painted; its name.

        Raises:
            PictureError: none is painted.
        """
        mask = self._canvas.viewer.mask
        if mask is None:
            message = "no mask is painted; choose Mask above the picture and paint one"
            raise PictureError(message)
        return self._bench.keep(mask)

    def made_of_shown(self) -> str | None:
        """The picture that is shown, by what made it from words; None for any other."""
        shown, number = self._canvas.shown, self._canvas.chooser.index or 0
        config = None if shown is None else shown.config
        if not isinstance(config, ResolvedConfig) or config.mode != _BASE:
            return None
        with suppress(ConfigError, IndexError):  # a wildcard that is gone
            if config.batch_size > 1:
                config = config.singles(self._bench.registry.folder / "wildcards")[number]
            return picture_before_detailers(config, enlarged=False)
        return None

    def show_mask(self, name: str | None) -> None:
        """Lay a kept mask on the picture that is shown, if it has its size; None takes it away."""
        viewer = self._canvas.viewer
        mask = None if name is None else self._bench.pictures.load(name, "mask")
        if mask is None or mask.size == viewer.size:
            viewer.show_mask(None if mask is None else encoded(mask))

    def before(self, run: Run) -> bytes | None:
        """What a run is compared with: the picture it started from, else what stage 3 made."""
        config = run.config
        if config.mode != _BASE and config.image is not None:
            return encoded(self._bench.pictures.load(config.image))
        picture = self._bench.picture_after(config, _BASE)
        if picture is None or picture.tobytes() == run.image.tobytes():
            return None
        return encoded(picture)
