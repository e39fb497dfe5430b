"""The pictures after each stage of the shown run: to look at, and to compare with the result."""

from medialab import Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.stages import TITLES
from widgets.canvas import Canvas, encode_png

_RESULT = "Result"


class StagePictures:
    """Shows on the canvas the picture after a stage of the run that made the shown one."""

    def __init__(self, bench: Workbench, canvas: Canvas) -> None:
        self._bench, self._canvas = bench, canvas

    def look(self, stage: str) -> None:
        """Show the picture after a stage; a second look at the same one shows the result again.

        Raises:
            LookupError: the stage's picture is no longer cached.
        """
        canvas, foot = self._canvas, self._canvas.foot
        if stage == foot.looking or stage == self._last():
            canvas.show_result()
            return
        canvas.viewer.show(self._after(stage), canvas.picture, (_RESULT, TITLES[stage]))
        foot.looking, foot.compared = stage, ""
        foot.said = f"The picture after {TITLES[stage]}"

    def compare(self, stage: str) -> None:
        """Compare the picture after a stage with the result.

        Raises:
            LookupError: as `look`.
        """
        canvas = self._canvas
        if stage == self._last() or canvas.picture is None:
            canvas.show_result()
            return
        canvas.viewer.show(canvas.picture)
        labels = (TITLES[stage], _RESULT)
        canvas.viewer.compare(self._after(stage), canvas.picture, labels)
        canvas.foot.looking = canvas.foot.compared = stage
        canvas.foot.said = f"{TITLES[stage]} beside the result"

    def _last(self) -> str:
        """Return the name of the stage whose picture is the result."""
        return next((one["name"] for one in reversed(self._canvas.foot.stages)), "")

    def _after(self, stage: str) -> bytes:
        shown = self._canvas.shown
        config = shown.config if shown else None
        if isinstance(config, ResolvedConfig):
            picture = self._bench.picture_after(config, stage)
            if picture is not None:
                return encode_png(picture)
        message = "this stage's picture is no longer cached; run again from the stage to see it"
        raise LookupError(message)
