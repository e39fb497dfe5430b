"""Stage 3, on a part of a picture: what the mask shows is painted anew."""

from medialab.diffusion.control import prepare
from medialab.diffusion.repainting import Repaint, repaint, whole
from medialab.pixels import masks
from medialab.pixels.geometry import MOST_DRAWN, Box, to_proportions
from medialab.pixels.resizing import follow_mask
from medialab.settings.stages import InpaintConfig
from medialab.stage import Frame, PipelineStage, StageContext

# Times the size that a model was trained at, to which a part is enlarged at most.
_LARGE = 2


class InpaintStage(PipelineStage[InpaintConfig]):
    """Paint the masked part anew; outside the mask every byte stays.

    Reads and writes `image`, same size. The mask is the given picture's, and goes the way that
    that one went. With `only_masked` the model sees the mask's surroundings alone, enlarged to the
    picture's size, as A1111 does, or as far as the model draws well where the picture is larger.
    """

    name = "inpaint"
    title = "Inpaint"
    version = 3
    settings = InpaintConfig

    def run(self, frame: Frame, settings: InpaintConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if settings.denoising_strength == 0 or frame.image is None or settings.mask is None:
            return frame
        image = frame.image
        words = context.picture_told(settings.mask, "mask")
        told = {"mask": list(words)} if words else {}
        mask = follow_mask(context.picture(settings.mask, "mask"), frame.journey, image.size)
        if settings.inverted:
            mask = masks.inverted(mask)
        if (box := masks.bounding_box(mask)) is None:
            return frame.with_applied(self.name, empty_mask=True, **told)
        sampling = settings.sampling()
        model = context.checkpoint(sampling.checkpoint, sampling.vae)
        crop, size = whole(image)
        if settings.only_masked:
            around = box.padded(settings.padding).within(*image.size)
            crop = to_proportions(around, *image.size, *image.size)
            size = _enlarged(crop, image.size, _LARGE * model.native_size)
        job = Repaint(
            mask,
            settings.mask_blur,
            settings.denoising_strength,
            crop,
            size,
            settings.masked_content,
            settings.soft,
        )
        controls = prepare(sampling.control, image, size, context, frame.journey, crop=crop)
        painted, applied = repaint(model, image, job, sampling, context.step, controls)
        return frame.drawn(painted).with_applied(
            self.name, crop=list(crop.edges), **told, **applied
        )


def _enlarged(crop: Box, picture: tuple[int, int], most: int) -> tuple[int, int]:
    """The size at which a crop of the picture's proportions is drawn: the picture's, or less.

    That of the crop itself at least, but for sides of more than a model can draw.
    """
    longest = max(picture)
    if longest <= most:
        return picture
    scale = min(max(most, crop.width, crop.height), MOST_DRAWN) / longest
    return round(picture[0] * scale) or 1, round(picture[1] * scale) or 1
