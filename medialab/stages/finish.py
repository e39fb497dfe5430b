"""Stage 9: the last touch before a picture is kept."""

from dataclasses import replace

from medialab.pixels.colours import matched
from medialab.settings.config import FinishConfig
from medialab.stage import Frame, PipelineStage, StageContext

# Unsharp mask: radius in pixels, and the percentage that a setting of 1 stands for. Levels that
# differ by fewer than three are left alone, so that flat areas stay clean.
_RADIUS, _PERCENT, _THRESHOLD = 1.2, 100, 3


class FinishStage(PipelineStage[FinishConfig]):
    """Bring colours back to what stage 3 drew, then sharpen, each if asked.

    Reads `base`, reads and writes `image`, same size. How its file is written is for whoever saves
    it (medialab/artifacts).
    """

    name = "finish"
    title = "Finish"
    settings = FinishConfig

    def run(self, frame: Frame, settings: FinishConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        image, applied = frame.image, {}
        if settings.colour_match > 0 and frame.base is not None:
            context.step(1, 1)
            image = matched(image, frame.base, settings.colour_match)
            applied["colour_match"] = settings.colour_match
        if settings.sharpen > 0:
            from PIL import ImageFilter

            context.step(1, 1)
            mask = ImageFilter.UnsharpMask(_RADIUS, round(_PERCENT * settings.sharpen), _THRESHOLD)
            image = image.filter(mask)
            applied["sharpen"] = settings.sharpen
        return replace(frame, image=image).with_applied(self.name, **applied) if applied else frame
