"""Stage 9: the last touch before a picture is kept."""

from dataclasses import replace

from medialab.config import FinishConfig
from medialab.stages.base import Frame, PipelineStage, StageContext

# Unsharp mask: radius in pixels, and the percentage that a setting of 1 stands for. Levels that
# differ by fewer than three are left alone, so that flat areas stay clean.
_RADIUS, _PERCENT, _THRESHOLD = 1.2, 100, 3


class FinishStage(PipelineStage[FinishConfig]):
    """Sharpen the picture, if asked.

    Reads and writes `image`, same size.
    """

    name = "finish"
    title = "Finish"
    settings = FinishConfig

    def run(self, frame: Frame, settings: FinishConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if settings.sharpen == 0 or frame.image is None:
            return frame
        from PIL import ImageFilter

        context.step(1, 1)
        mask = ImageFilter.UnsharpMask(_RADIUS, round(_PERCENT * settings.sharpen), _THRESHOLD)
        return replace(frame, image=frame.image.filter(mask)).with_applied(
            self.name, sharpen=settings.sharpen
        )
