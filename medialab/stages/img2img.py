"""Stage 3, from a picture: some noise over it, and away again."""

from dataclasses import replace

from medialab.control import prepare
from medialab.denoising import denoise
from medialab.settings import Img2ImgConfig
from medialab.stages.base import Frame, PipelineStage, StageContext


class Img2ImgStage(PipelineStage[Img2ImgConfig]):
    """Draw the picture again, as far from it as the strength says.

    Reads and writes `image`, same size. At strength 0 it is left alone.
    """

    name = "img2img"
    title = "Image to image"
    settings = Img2ImgConfig

    def run(self, frame: Frame, settings: Img2ImgConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if settings.denoising_strength == 0 or frame.image is None:
            return frame
        sampling = settings.sampling()
        image, applied = denoise(
            context.checkpoint(sampling.checkpoint),
            "image-to-image",
            sampling,
            context.step,
            controls=prepare(sampling.control, frame.image, frame.image.size, context),
            image=frame.image,
            strength=settings.denoising_strength,
        )
        return replace(frame, image=image).with_applied(self.name, **applied)
