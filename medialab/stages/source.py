"""Between stages 1 and 2: the picture that others start from."""

from dataclasses import replace

from medialab.config import SourceConfig
from medialab.resizing import resized
from medialab.stages.base import Frame, PipelineStage, StageContext


class SourceStage(PipelineStage[SourceConfig]):
    """Put the given picture into the frame, brought to the run's size.

    Writes `image`, 8-bit RGB.
    """

    name = "source"
    title = "Picture"
    settings = SourceConfig

    def run(self, frame: Frame, settings: SourceConfig, context: StageContext) -> Frame:
        """Read nothing; write `image`."""
        if settings.image is None or settings.width is None or settings.height is None:
            return frame
        given = context.picture(settings.image).convert("RGB")
        image = resized(given, settings.width, settings.height, settings.resize_mode)
        return replace(frame, image=image).with_applied(
            self.name, width=image.width, height=image.height
        )
