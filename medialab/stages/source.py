"""Between stages 1 and 2: the picture that others start from."""

from dataclasses import replace

from medialab.config import SourceConfig
from medialab.geometry import to_multiple
from medialab.resizing import resized
from medialab.settings import LATENT_RESIZE
from medialab.stages.base import Frame, PipelineStage, StageContext


class SourceStage(PipelineStage[SourceConfig]):
    """Put the given picture into the frame, brought to the run's size.

    Writes `image`, 8-bit RGB. Where its latents are to be stretched it keeps its own size, in
    multiples of 8, and the run's is written as `stretch`.
    """

    name = "source"
    title = "Picture"
    version = 2
    settings = SourceConfig

    def run(self, frame: Frame, settings: SourceConfig, context: StageContext) -> Frame:
        """Read nothing; write `image`."""
        if settings.image is None or settings.width is None or settings.height is None:
            return frame
        given = context.picture(settings.image).convert("RGB")
        size, mode, stretch = (settings.width, settings.height), settings.resize_mode, None
        if mode == LATENT_RESIZE:
            stretch, mode = size, "just resize"
            size = to_multiple(given.width), to_multiple(given.height)
            stretch = stretch if stretch != size else None
        image = resized(given, *size, mode)
        words = context.picture_told(settings.image)
        return replace(frame.drawn(image), stretch=stretch).with_applied(
            self.name,
            width=image.width,
            height=image.height,
            **({"picture": list(words)} if words else {}),
        )
