"""Stage 3, by an instruction: "make the shirt red"."""

from typing import Annotated

from pydantic import Field

from medialab.diffusion.denoising import denoise
from medialab.settings.fields import Foremost
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, PipelineStage, StageContext


class InstructConfig(SamplingConfig):
    """Stage 3, by an instruction."""

    image_guidance_scale: Annotated[float, Foremost()] = Field(
        1.5, ge=1.0, le=10.0, description="How closely to follow the start picture."
    )


class InstructStage(PipelineStage[InstructConfig]):
    """Edit the picture as the prompt says; needs a checkpoint made for that (8 channels).

    Reads and writes `image`, same size. Source: Brooks et al., "InstructPix2Pix".
    """

    name = "instruct"
    title = "Edit in words"
    version = 2
    is_mode = True
    settings = InstructConfig

    def run(self, frame: Frame, settings: InstructConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        sampling = settings.sampling()
        with context.opened(sampling) as drawing:
            image, applied = denoise(
                drawing,
                "instruct",
                sampling,
                context.step,
                size=frame.image.size,
                image=frame.image,
                image_guidance_scale=settings.image_guidance_scale,
            )
        return frame.drawn(image).with_applied(self.name, **applied)
