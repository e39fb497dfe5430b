"""Stage 3, on a part of a picture: what the mask shows is painted anew."""

from medialab import masks
from medialab.control import prepare
from medialab.geometry import to_proportions
from medialab.repainting import Repaint, repaint, whole
from medialab.settings import InpaintConfig
from medialab.stages.base import Frame, PipelineStage, StageContext


class InpaintStage(PipelineStage[InpaintConfig]):
    """Paint the masked part anew; outside the mask every byte stays.

    Reads and writes `image`, same size. With `only_masked` the model sees the mask's surroundings
    alone, enlarged to the picture's size, as A1111 does.
    """

    name = "inpaint"
    title = "Inpaint"
    version = 2
    settings = InpaintConfig

    def run(self, frame: Frame, settings: InpaintConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if settings.denoising_strength == 0 or frame.image is None or settings.mask is None:
            return frame
        image = frame.image
        words = context.picture_told(settings.mask, "mask")
        told = {"mask": list(words)} if words else {}
        mask = context.picture(settings.mask, "mask").resize(image.size)
        if settings.inverted:
            mask = masks.inverted(mask)
        if (box := masks.box_of(mask)) is None:
            return frame.with_applied(self.name, empty_mask=True, **told)
        crop, size = whole(image)
        if settings.only_masked:
            around = box.padded(settings.padding).within(*image.size)
            crop = to_proportions(around, *image.size, *image.size)
        sampling = settings.sampling()
        job = Repaint(
            mask,
            settings.mask_blur,
            settings.denoising_strength,
            crop,
            size,
            settings.masked_content,
            settings.soft,
        )
        model = context.checkpoint(sampling.checkpoint, sampling.vae)
        controls = prepare(sampling.control, image, size, context, crop=crop)
        painted, applied = repaint(model, image, job, sampling, context.step, controls)
        return frame.drawn(painted).with_applied(
            self.name, crop=list(crop.edges), **told, **applied
        )
