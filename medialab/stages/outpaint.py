"""Stage 3, beyond a picture's edges: the canvas grows, and the new border is painted."""

from typing import Annotated

from pydantic import AfterValidator, Field

from medialab.diffusion.repainting import Repaint, repaint, whole
from medialab.pixels import masks
from medialab.pixels.geometry import Box, Placement
from medialab.settings.fields import Foremost, Fraction, OneOf, Pixels
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, PipelineStage, Request, StageContext, StageSize

BORDERS = ("fill", "latent noise", "latent nothing")
Border = Annotated[str, AfterValidator(OneOf(BORDERS))]
# Pixels that a picture grows by on one side; pixels that drawn tiles share, in whole blocks.
Growth = Annotated[Pixels, Field(ge=0, le=2048)]


class OutpaintConfig(SamplingConfig):
    """Stage 3, beyond a picture's edges; its prompt should describe the border."""

    left: Annotated[Growth, Foremost()] = Field(32, description="Pixels to add on the left.")
    right: Annotated[Growth, Foremost()] = Field(32, description="Pixels to add on the right.")
    top: Annotated[Growth, Foremost()] = Field(0, description="Pixels to add at the top.")
    bottom: Annotated[Growth, Foremost()] = Field(0, description="Pixels to add at the bottom.")
    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.8, description="How much to repaint the border; 0 only fills it with the edge's colours."
    )
    mask_blur: Annotated[Pixels, Foremost()] = Field(
        4,
        ge=0,
        le=64,
        description="Softness of the seam; 5 times as many pixels inside the picture change.",
    )
    masked_content: Annotated[Border, Foremost()] = Field(
        "fill",
        description="What the border is filled with before it is painted; no effect at strength 1.",
    )


class OutpaintStage(PipelineStage[OutpaintConfig]):
    """Paint a border around the picture.

    Reads `image`, writes one that is larger by the border. At strength 0 the border is filled with
    the edge's colours, and nothing is drawn. Inside, every byte is the given picture's, except in a
    seam along each side that grows, 2 × `masks.blur_radius(mask_blur)` pixels wide, where the two
    blend.

    Source: A1111's scripts/poor_mans_outpainting.py; the border is painted in one piece.
    """

    name = "outpaint"
    title = "Outpaint"
    version = 2
    is_mode = True
    fits = True
    settings = OutpaintConfig

    def size_after(
        self,
        size: tuple[int, int],
        settings: OutpaintConfig,
        request: Request,  # noqa: ARG002 - as all stages
    ) -> StageSize:
        """Return the size with the border."""
        width = size[0] + settings.left + settings.right
        height = size[1] + settings.top + settings.bottom
        return StageSize(self.name, (width, height), settings.denoising_strength > 0, self.name)

    def run(self, frame: Frame, settings: OutpaintConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        from PIL import Image

        image = frame.image
        inside = Box(0, 0, *image.size).moved(settings.left, settings.top)
        size = inside.right + settings.right, inside.bottom + settings.bottom
        if size == image.size:
            return frame.with_applied(self.name, no_border=True)
        canvas = Image.new("RGB", size)
        canvas.paste(image, (inside.left, inside.top))
        # The seam lies inside: half-way over the border there is nothing to fade into.
        reach = masks.blur_radius(settings.mask_blur)
        kept = Box(
            inside.left + (reach if settings.left else 0),
            inside.top + (reach if settings.top else 0),
            inside.right - (reach if settings.right else 0),
            inside.bottom - (reach if settings.bottom else 0),
        ).within(*size)
        canvas = masks.filled(canvas, masks.inverted(masks.box_mask(inside, *size)))
        canvas.paste(image, (inside.left, inside.top))
        step = Placement(image.size, size, inside, repeats=False)
        if settings.denoising_strength == 0:
            return (
                frame.drawn(canvas)
                .moved(step)
                .with_applied(self.name, inside=list(inside.edges), seam=0)
            )
        mask = masks.inverted(masks.box_mask(kept, *size))
        sampling = settings.sampling()
        crop, working = whole(canvas)
        job = Repaint(
            mask,
            settings.mask_blur,
            settings.denoising_strength,
            crop,
            working,
            "original" if settings.masked_content == "fill" else settings.masked_content,
        )
        journey = frame.moved(step).journey
        with context.opened(sampling) as drawing:
            controls = drawing.controls(sampling.control, canvas, working, journey)
            painted, applied = repaint(drawing, canvas, job, sampling, context.step, controls)
        return (
            frame.drawn(painted)
            .moved(step)
            .with_applied(self.name, inside=list(inside.edges), seam=2 * reach, **applied)
        )
