"""Stage 4: the picture enlarged and drawn again (hires fix)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medialab.control import prepare
from medialab.denoising import How, denoise
from medialab.enlarging import enlarged
from medialab.geometry import BLOCK, covering_size, hires_size
from medialab.latents import stretched
from medialab.resizing import resized
from medialab.settings import LATENT_UPSCALERS, PIXEL_UPSCALERS, RefinerConfig
from medialab.stages.base import Frame, Model, PipelineStage, StageContext
from medialab.upscalers import OVERLAP, TILE

if TYPE_CHECKING:
    from PIL import Image

# Latent upscaler -> torch's name for the filter.
_FILTERS = dict(zip(LATENT_UPSCALERS, ("bilinear", "nearest", "bicubic"), strict=True))


class RefinerStage(PipelineStage[RefinerConfig]):
    """Enlarge, then draw again with new noise of the same seed.

    Reads `image`, writes a larger one. A latent upscaler stretches the latents, any other the
    picture. Where both sides are set it is made to cover them, and cut evenly. As many steps are
    run as are set, whatever the strength. Source: A1111's hires fix (modules/processing.py).
    """

    name = "refiner"
    title = "Refiner"
    version = 3
    settings = RefinerConfig

    def models(self, settings: RefinerConfig) -> Sequence[Model]:
        """Its checkpoint, and its upscaler where that is a model."""
        checkpoints = super().models(settings)
        if settings.upscaler in {*LATENT_UPSCALERS, *PIXEL_UPSCALERS}:
            return checkpoints
        return [*checkpoints, Model("upscaler", settings.upscaler)]

    def run(self, frame: Frame, settings: RefinerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        start: Any
        size = hires_size(*frame.image.size, settings.scale, settings.width, settings.height)
        sampling = settings.sampling()
        model = context.checkpoint(sampling.checkpoint, sampling.vae)
        is_cut = settings.width and settings.height
        covering = covering_size(*frame.image.size, *size) if is_cut else size
        left, top = (covering[0] - size[0]) // 2, (covering[1] - size[1]) // 2
        if settings.denoising_strength > 0 and settings.upscaler in _FILTERS:
            start = stretched(model, frame.image, covering, _FILTERS[settings.upscaler])
            x, y = left // BLOCK, top // BLOCK
            start = start[..., y : y + size[1] // BLOCK, x : x + size[0] // BLOCK]
        else:
            start = self._enlarge(frame.image, covering, settings.upscaler, context)
            start = start.crop((left, top, left + size[0], top + size[1]))
        if settings.denoising_strength == 0:
            return replace(frame, image=start).with_applied(self.name, size=list(size))
        cut = resized(frame.image, *size, "crop and resize")
        image, applied = denoise(
            model,
            "image-to-image",
            sampling,
            context.step,
            controls=prepare(sampling.control, cut, size, context),
            how=How(exact_steps=True),
            image=start,
            strength=settings.denoising_strength,
        )
        return replace(frame, image=image).with_applied(self.name, size=list(size), **applied)

    def _enlarge(
        self, image: "Image.Image", size: tuple[int, int], name: str, context: StageContext
    ) -> Any:
        """The picture larger; nothing drawn anew needs no latents, so Lanczos stands in there."""
        if name in _FILTERS:
            name = PIXEL_UPSCALERS[0]
        return enlarged(
            image,
            size,
            name if name in PIXEL_UPSCALERS else context.upscaler(name),
            tile=TILE,
            overlap=OVERLAP,
            on_tile=context.step,
        )
