"""Stage 3, on a part of a picture: the masked area is repainted."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from medialab.diffusion.drawing import Drawing
from medialab.diffusion.repainting import Painting, Repaint, repaint_all, whole
from medialab.diffusion.together import Places
from medialab.pixels import masks
from medialab.pixels.geometry import MOST_DRAWN, Box, fitted_size, to_proportions
from medialab.pixels.resizing import follow_mask
from medialab.settings.fields import Foremost, Fraction, OneOf, Picture, Pixels
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, JointStage, Request, StageSize, Work, opened_for

# Times the size that a model was trained at, to which a part is enlarged at most.
_LARGE = 2

MASKED_CONTENTS = ("original", "fill", "latent noise", "latent nothing")
MaskedContent = Annotated[str, AfterValidator(OneOf(MASKED_CONTENTS))]


class InpaintConfig(SamplingConfig):
    """Stage 3, on a part of a picture."""

    mask: Picture | None = Field(None, description="White is repainted, black stays.")
    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.75, description="How much to repaint; 1 ignores what was under the mask."
    )
    mask_blur: Annotated[Pixels, Foremost()] = Field(
        4, ge=0, le=64, description="Softness of the mask's edge, in pixels."
    )
    masked_content: Annotated[MaskedContent, Foremost()] = Field(
        "original",
        description="What fills the masked area before it is repainted; no effect at strength 1.",
    )
    inverted: Annotated[bool, Foremost()] = Field(
        False, description="Repaint everything outside the mask instead."
    )
    only_masked: bool = Field(
        False, description="Enlarge the masked area and repaint it alone, at a higher resolution."
    )
    padding: Pixels = Field(
        32, ge=0, le=256, description="Context around the mask, where only its area is repainted."
    )
    at_model_size: bool = Field(
        False, description="Draw near the model's size, then bring the area back to its own."
    )
    soft: bool = Field(False, description="Grey areas of the mask change partly.")


class InpaintStage(JointStage[InpaintConfig]):
    """Repaint the masked part; outside the mask every byte stays.

    Reads and writes `image`, same size. The mask belongs to the given picture, and is resized and
    moved with it. With `only_masked` the model sees only the mask's surroundings, enlarged to the
    picture's size, as in A1111, or as far as suits the model if the picture is larger. With
    `at_model_size` what is drawn has about the model's size, whatever the picture's.
    """

    name = "inpaint"
    title = "Inpaint"
    version = 4
    is_mode = True
    settings = InpaintConfig

    def size_after(
        self,
        size: tuple[int, int],
        settings: InpaintConfig,
        request: Request,  # noqa: ARG002 - as all stages
    ) -> StageSize:
        """Return the same size, which is drawn unless a part or a smaller copy is."""
        is_part = settings.only_masked or settings.at_model_size
        draws = settings.denoising_strength > 0 and not is_part
        return StageSize(self.name, size, draws, "width")

    def run_together(
        self, pictures: Sequence[Work[InpaintConfig]], places: Places | None = None
    ) -> list[Frame]:
        """Read `image` of each picture; write it."""
        first, settings = pictures[0], pictures[0].settings
        if settings.denoising_strength == 0 or settings.mask is None:
            return [one.frame for one in pictures]
        image, journey = first.image, first.frame.journey
        words = first.context.picture_changes(settings.mask, "mask")
        notes = {"mask": list(words)} if words else {}
        mask = follow_mask(first.context.picture(settings.mask, "mask"), journey, image.size)
        if settings.inverted:
            mask = masks.inverted(mask)
        if (box := masks.bounding_box(mask)) is None:
            facts = {"empty_mask": True, **notes}
            return [one.frame.with_applied(self.name, **facts) for one in pictures]
        crop, size = whole(image)
        with opened_for(pictures, settings.sampling()) as drawing:
            if settings.only_masked:
                # A crop that cuts the softened edge off has a seam there.
                reach = masks.blur_radius(settings.mask_blur)
                around = box.padded(max(settings.padding, reach)).within(*image.size)
                crop = to_proportions(around, *image.size, *image.size)
                size = _enlarged(crop, image.size, _LARGE * drawing.native_size)
            if settings.at_model_size:
                size = fitted_size(crop.width, crop.height, drawing.native_size)
            job = Repaint(
                mask,
                settings.mask_blur,
                settings.denoising_strength,
                crop,
                size,
                settings.masked_content,
                settings.soft,
            )
            paintings = [_painting_of(one, drawing, job) for one in pictures]
            painted = repaint_all(drawing, paintings, places)
        facts = {"crop": list(crop.edges), **notes}
        return [
            one.frame.drawn(found.image).with_applied(self.name, **facts, **found.applied)
            for one, found in zip(pictures, painted, strict=True)
        ]


def _painting_of(picture: Work[InpaintConfig], drawing: Drawing, job: Repaint) -> Painting:
    frame, image, context = picture.frame, picture.image, picture.context
    sampling, crop = picture.settings.sampling(), job.crop
    controls = drawing.controls(sampling.control, image, job.size, frame.journey, crop=crop)
    return Painting(image, job, sampling, context.step, controls, context.retries)


def _enlarged(crop: Box, picture: tuple[int, int], most: int) -> tuple[int, int]:
    """Return the size at which a crop of the picture's proportions is drawn.

    Args:
        crop: The crop.
        picture: The picture's width and height in pixels: the size unless it is above `most`.
        most: The longest side in pixels that suits the model; a larger crop is drawn at its own
            size, up to what a model can draw.
    """
    longest = max(picture)
    if longest <= most:
        return picture
    scale = min(max(most, crop.width, crop.height), MOST_DRAWN) / longest
    return round(picture[0] * scale) or 1, round(picture[1] * scale) or 1
