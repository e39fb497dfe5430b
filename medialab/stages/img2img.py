"""Stage 3, from a picture: noise is added to it and removed again."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from medialab.diffusion.denoising import Asked, denoise_all
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.latents import stretched
from medialab.diffusion.together import Places
from medialab.pixels.geometry import Placement, placement
from medialab.pixels.resizing import resized
from medialab.settings.fields import Foremost, Fraction
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, JointStage, Request, StageSize, Work, opened_for


class Img2ImgConfig(SamplingConfig):
    """Stage 3, from a picture."""

    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.75, description="How much to repaint: 0 keeps the picture, 1 ignores it."
    )


class Img2ImgStage(JointStage[Img2ImgConfig]):
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

    def run_together(
        self, pictures: Sequence[Work[Img2ImgConfig]], places: Places | None = None
    ) -> list[Frame]:
        """Read `image` of each picture; write it."""
        if pictures[0].settings.denoising_strength == 0:
            return [self._resized(one) for one in pictures]
        with opened_for(pictures, pictures[0].settings.sampling()) as drawing:
            asked = [_asked_of(one, drawing) for one in pictures]
            denoised = denoise_all(drawing, asked, places)
        return [
            one.frame.drawn(image).moved(_step_of(one)).with_applied(self.name, **applied)
            for one, (image, applied) in zip(pictures, denoised, strict=True)
        ]

    def _resized(self, picture: Work[Img2ImgConfig]) -> Frame:
        """Return the frame with its picture in the run's size; nothing is drawn."""
        step = _step_of(picture)
        larger = picture.frame.drawn(resized(picture.image, *step.to, "just resize")).moved(step)
        note = {"strength": 0.0, "note": "at strength 0 nothing is repainted"}
        return larger.with_applied(self.name, **note)


def _step_of(picture: Work[Img2ImgConfig]) -> Placement:
    """Return how the picture comes to the size in which it is drawn."""
    size = picture.image.size
    return placement(size, picture.frame.stretch or size, "just resize")


def _asked_of(picture: Work[Img2ImgConfig], drawing: Drawing) -> Asked:
    frame, image, context = picture.frame, picture.image, picture.context
    sampling, size = picture.settings.sampling(), _step_of(picture).to
    start = stretched(drawing, image, size, "bilinear") if frame.stretch else image
    return Asked(
        "image-to-image",
        sampling,
        context.step,
        controls=drawing.controls(sampling.control, image, size, frame.journey),
        size=size,
        inputs={"image": start, "strength": picture.settings.denoising_strength},
        retries=context.retries,
    )
