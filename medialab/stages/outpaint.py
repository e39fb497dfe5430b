"""Stage 3, beyond a picture's edges: the canvas grows, and the new border is painted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from medialab.diffusion.drawing import Drawing
from medialab.diffusion.repainting import Painting, Repaint, repaint_all, whole
from medialab.diffusion.together import Places
from medialab.pixels import masks
from medialab.pixels.geometry import Box, Placement
from medialab.settings.fields import Foremost, Fraction, OneOf, Pixels
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, JointStage, Request, StageSize, Work, opened_for

if TYPE_CHECKING:
    from PIL import Image

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


class OutpaintStage(JointStage[OutpaintConfig]):
    """Paint a border around the picture.

    Reads `image`, writes one that is larger by the border. At strength 0 the border is filled with
    the edge's colours, and nothing is drawn. Inside, every byte is the given picture's, except in a
    seam along each side that grows, 2 × `masks.blur_radius(mask_blur)` pixels wide, where the two
    blend.

    Source: A1111's scripts/poor_mans_outpainting.py; the border is painted in one piece.
    """

    name = "outpaint"
    title = "Outpaint"
    version = 3
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

    def run_together(
        self, pictures: Sequence[Work[OutpaintConfig]], places: Places | None = None
    ) -> list[Frame]:
        """Read `image` of each picture; write it."""
        settings, image = pictures[0].settings, pictures[0].image
        inside = Box(0, 0, *image.size).moved(settings.left, settings.top)
        size = inside.right + settings.right, inside.bottom + settings.bottom
        if size == image.size:
            return [one.frame.with_applied(self.name, no_border=True) for one in pictures]
        canvas = _grown(image, inside, size)
        step = Placement(image.size, size, inside, repeats=False)
        facts: dict[str, Any] = {"inside": list(inside.edges)}
        if settings.denoising_strength == 0:
            return [
                one.frame.drawn(canvas).moved(step).with_applied(self.name, **facts, seam=0)
                for one in pictures
            ]
        # The seam lies inside: half-way over the border there is nothing to fade into.
        reach = masks.blur_radius(settings.mask_blur)
        kept = Box(
            inside.left + (reach if settings.left else 0),
            inside.top + (reach if settings.top else 0),
            inside.right - (reach if settings.right else 0),
            inside.bottom - (reach if settings.bottom else 0),
        ).within(*size)
        mask = masks.inverted(masks.box_mask(kept, *size))
        crop, working = whole(canvas)
        job = Repaint(
            mask,
            settings.mask_blur,
            settings.denoising_strength,
            crop,
            working,
            "original" if settings.masked_content == "fill" else settings.masked_content,
        )
        facts["seam"] = 2 * reach
        with opened_for(pictures, settings.sampling()) as drawing:
            paintings = [_painting_of(one, drawing, canvas, job, step) for one in pictures]
            painted = repaint_all(drawing, paintings, places)
        return [
            one.frame.drawn(found.image)
            .moved(step)
            .with_applied(self.name, **facts, **found.applied)
            for one, found in zip(pictures, painted, strict=True)
        ]


def _grown(image: "Image.Image", inside: Box, size: tuple[int, int]) -> "Image.Image":
    """Return a canvas of that width and height with the picture inside, its edge repeated."""
    from PIL import Image

    canvas = Image.new("RGB", size)
    canvas.paste(image, (inside.left, inside.top))
    canvas = masks.filled(canvas, masks.inverted(masks.box_mask(inside, *size)))
    canvas.paste(image, (inside.left, inside.top))
    return canvas


def _painting_of(
    picture: Work[OutpaintConfig],
    drawing: Drawing,
    canvas: "Image.Image",
    job: Repaint,
    step: Placement,
) -> Painting:
    sampling, context = picture.settings.sampling(), picture.context
    journey = picture.frame.moved(step).journey
    controls = drawing.controls(sampling.control, canvas, job.size, journey)
    return Painting(canvas, job, sampling, context.step, controls, context.retries)
