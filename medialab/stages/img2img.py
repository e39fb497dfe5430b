"""Stage 3, from a picture: noise is added to it and removed again."""

from typing import Annotated

from pydantic import Field

from medialab.diffusion.denoising import denoise
from medialab.diffusion.latents import stretched
from medialab.pixels.geometry import placement
from medialab.pixels.resizing import resized
from medialab.settings.fields import Foremost, Fraction
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, PipelineStage, Request, StageContext, StageSize


class Img2ImgConfig(SamplingConfig):
    """Stage 3, from a picture."""

    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.75, description="How much to repaint: 0 keeps the picture, 1 ignores it."
    )


class Img2ImgStage(PipelineStage[Img2ImgConfig]):
    """Repaint the picture; the strength sets how far the result may differ.

    Reads and writes `image`, same size, or of the size `stretch` if that is set: its latents are
    resized to it, as by A1111's "just resize (latent upscale)". At strength 0 nothing is drawn.
    """

    name = "img2img"
    title = "Image to image"
    version = 2
    is_mode = True
    fits = True
    settings = Img2ImgConfig

    def size_after(
        self,
        size: tuple[int, int],
        settings: Img2ImgConfig,
        request: Request,  # noqa: ARG002 - as all stages
    ) -> StageSize:
        """Return the size of the request; at strength 0 nothing is drawn."""
        return StageSize(self.name, size, settings.denoising_strength > 0, "width")

    def run(self, frame: Frame, settings: Img2ImgConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        size = frame.stretch or frame.image.size
        step = placement(frame.image.size, size, "just resize")
        if settings.denoising_strength == 0:
            larger = frame.drawn(resized(frame.image, *size, "just resize")).moved(step)
            note = {"strength": 0.0, "note": "at strength 0 nothing is repainted"}
            return larger.with_applied(self.name, **note)
        sampling = settings.sampling()
        image = frame.image
        with context.opened(sampling) as drawing:
            start = stretched(drawing, image, size, "bilinear") if frame.stretch else image
            image, applied = denoise(
                drawing,
                "image-to-image",
                sampling,
                context.step,
                controls=drawing.controls(sampling.control, image, size, frame.journey),
                size=size,
                image=start,
                strength=settings.denoising_strength,
            )
        return frame.drawn(image).moved(step).with_applied(self.name, **applied)
