"""Between stages 1 and 2: the picture that others start from."""

from dataclasses import replace

from medialab.pixels.geometry import placement
from medialab.pixels.resizing import placed
from medialab.settings.config import SourceConfig
from medialab.settings.stages import LATENT_RESIZE
from medialab.stage import Frame, PipelineStage, StageContext


class SourceStage(PipelineStage[SourceConfig]):
    """Put the given picture into the frame, brought to the run's size.

    Writes `image`, 8-bit RGB, and how it came to its size as `journey`. Where its latents are to
    be stretched it keeps its own size, and the run's is written as `stretch`. At the size that it
    has it keeps every byte.
    """

    name = "source"
    title = "Picture"
    version = 3
    settings = SourceConfig

    def run(self, frame: Frame, settings: SourceConfig, context: StageContext) -> Frame:
        """Read nothing; write `image`."""
        if settings.image is None or settings.width is None or settings.height is None:
            return frame
        given = context.picture(settings.image).convert("RGB")
        size, stretch = (settings.width, settings.height), None
        if settings.resize_mode == LATENT_RESIZE:
            stretch = size if size != given.size else None
            size = given.size
        step = placement(given.size, size, settings.resize_mode)
        frame = frame.drawn(placed(given, step)).moved(step)
        words = context.picture_told(settings.image)
        return replace(frame, stretch=stretch).with_applied(
            self.name,
            width=size[0],
            height=size[1],
            **({"picture": list(words)} if words else {}),
        )
