"""Stage 8: the picture enlarged."""

from collections.abc import Sequence
from dataclasses import replace

from medialab.enlarging import enlarged
from medialab.settings import PIXEL_UPSCALERS, UpscalerConfig
from medialab.stages.base import Frame, Model, PipelineStage, StageContext


class UpscalerStage(PipelineStage[UpscalerConfig]):
    """Enlarge the picture by a model (ESRGAN and its kin), tile by tile, or by a filter.

    Reads `image`, writes one `scale` times larger.
    """

    name = "upscaler"
    title = "Upscaler"
    settings = UpscalerConfig

    def models(self, settings: UpscalerConfig) -> Sequence[Model]:
        """The upscaler, where it is a model."""
        if settings.upscaler in PIXEL_UPSCALERS:
            return []
        return [Model("upscaler", settings.upscaler)]

    def run(self, frame: Frame, settings: UpscalerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        size = (
            round(frame.image.width * settings.scale),
            round(frame.image.height * settings.scale),
        )
        name = settings.upscaler
        image = enlarged(
            frame.image,
            size,
            name if name in PIXEL_UPSCALERS else context.upscaler(name),
            tile=settings.tile,
            overlap=settings.overlap,
            on_tile=context.step,
        )
        return replace(frame, image=image).with_applied(
            self.name, upscaler=name, width=size[0], height=size[1]
        )
