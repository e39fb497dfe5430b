"""Stage 8: the picture is enlarged, and repainted in tiles if its strength is above 0."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from medialab.diffusion.denoising import denoise
from medialab.diffusion.enlarging import enlarged, upscaler_as_record
from medialab.diffusion.latents import encode_image
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.tiling import Tiles, vae_for
from medialab.pixels.geometry import SIDE_STEP, drawn_size, to_multiple
from medialab.settings.choices import AUTOMATIC_UPSCALER, PIXEL_UPSCALERS
from medialab.settings.fields import Foremost, Fraction, NameOf, Pixels, Side, SwitchedConfig, Times
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, Model, PipelineStage, Request, StageContext, StageSize

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing

# Overlap of drawn tiles where none is set, as a share of a tile.
_SHARED = 0.25

UpscalerName = Annotated[str, NameOf("upscaler", also=(AUTOMATIC_UPSCALER, *PIXEL_UPSCALERS))]
TileOverlap = Annotated[Pixels, Field(ge=0, le=2048, multiple_of=SIDE_STEP)]
# Pixels by which each tile reaches beyond the one before, at least.
LEAST_STRIDE = SIDE_STEP


class UpscalerConfig(SwitchedConfig, SamplingConfig):
    """Stage 8: the picture enlarged, and drawn again in tiles if its strength is above 0."""

    upscaler: Annotated[UpscalerName, Foremost()] = Field(
        "lanczos",
        description="automatic (made for such pictures), lanczos, or a model in models/upscalers.",
    )
    scale: Annotated[Times, Foremost()] = Field(
        2.0, ge=1.0, le=8.0, description="Enlargement factor."
    )
    tile: Pixels = Field(
        192, ge=0, le=2048, description="Side of an upscaler tile in pixels; 0: no tiles."
    )
    overlap: Pixels = Field(16, ge=0, le=256, description="Pixels that neighbouring tiles share.")
    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.0,
        description="How much to repaint afterwards, in tiles; above 0.3 tiles may invent objects.",
    )
    diffusion_tile: Side | None = Field(
        None, description="Side of a repainted tile in pixels; empty: the model's own size."
    )
    diffusion_overlap: TileOverlap | None = Field(
        None, description="Pixels that repainted tiles share; empty: a quarter of a tile."
    )

    @model_validator(mode="after")
    def _tiles_go_forward(self) -> Self:
        if self.tile and self.tile < self.overlap + LEAST_STRIDE:
            message = (
                f"tile {self.tile} is too small for overlap {self.overlap}: give tiles at least "
                f"{self.overlap + LEAST_STRIDE} pixels, or 0 for none"
            )
            raise ValueError(message)
        return self


class UpscalerStage(PipelineStage[UpscalerConfig]):
    """Enlarge the picture by a model (ESRGAN and its kin), tile by tile, or by a filter.

    Reads `image`, writes one `scale` times larger. With a denoising strength above 0 it is then
    repainted in tiles that blend into each other at every step, from one noise for the whole
    picture (medialab/diffusion/tiling.py). A picture that fits into one tile is repainted as in
    image to image.
    """

    name = "upscaler"
    title = "Upscaler"
    version = 4
    settings = UpscalerConfig

    def models(self, settings: UpscalerConfig) -> Sequence[Model]:
        """Return the upscaler if it is a model, and what repaints if the strength is above 0."""
        drawing = super().models(settings)
        if settings.upscaler in {AUTOMATIC_UPSCALER, *PIXEL_UPSCALERS}:
            return drawing
        return [*drawing, Model("upscaler", settings.upscaler)]

    def size_after(
        self,
        size: tuple[int, int],
        settings: UpscalerConfig,
        request: Request,  # noqa: ARG002 - as all stages
    ) -> StageSize:
        """Return the enlarged size, which is drawn in tiles, if at all."""
        width, height = (round(side * settings.scale) for side in size)
        return StageSize(self.name, (width, height), draws=False, setting=f"{self.name}.scale")

    def drawn_at_once(
        self, size: tuple[int, int], settings: UpscalerConfig, native: int
    ) -> tuple[int, int] | None:
        """Return the size of a tile; None where nothing is drawn."""
        side = settings.diffusion_tile or native
        return super().drawn_at_once(size, settings, side)

    def run(self, frame: Frame, settings: UpscalerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        draws = settings.denoising_strength > 0
        width, height = (round(side * settings.scale) for side in frame.image.size)
        name = settings.upscaler
        image = enlarged(
            frame.image,
            (width, height),
            name if name in PIXEL_UPSCALERS else context.upscaler(name),
            tile=settings.tile,
            overlap=settings.overlap,
            on_tile=context.step,
            retries=context.retries,
        )
        applied: dict[str, Any] = {
            **upscaler_as_record(name, frame.image.size, (width, height)),
            "scale": settings.scale,
            "width": width,
            "height": height,
        }
        if draws:
            image, drawn = self._draw(frame, image, settings, context)
            applied |= drawn
        return replace(frame, image=image).with_applied(self.name, **applied)

    def _draw(
        self, frame: Frame, image: "Image.Image", settings: UpscalerConfig, context: StageContext
    ) -> "tuple[Image.Image, dict[str, Any]]":
        """Return the enlarged picture repainted in tiles, and facts about it for the record."""
        sampling = settings.sampling()
        with context.opened(sampling) as drawing:
            drawn = drawn_size(*image.size, drawing.block)
            tiles = _tiles(drawn, settings, drawing, context)
            count = len(tiles.boxes)

            def on_step(step: int, steps: int, latents: "torch.Tensor") -> None:
                context.step(step * count, steps * count, latents)

            with vae_for(drawing.vae, *drawn):
                painted, applied = denoise(
                    drawing,
                    "image-to-image",
                    sampling,
                    on_step,
                    controls=drawing.controls(sampling.control, image, image.size, frame.journey),
                    options=DenoisingOptions(tiles=tiles),
                    size=image.size,
                    image=encode_image(drawing, image),
                    strength=settings.denoising_strength,
                )
        return painted, applied


def _tiles(
    drawn: tuple[int, int], settings: UpscalerConfig, drawing: "Drawing", context: StageContext
) -> Tiles:
    """Return the tiles in which a picture of that size, in pixels, is denoised."""
    tile = settings.diffusion_tile or drawing.native_size
    overlap = settings.diffusion_overlap
    shared = to_multiple(tile * _SHARED) if overlap is None else overlap
    of, block = drawing.reduction, drawing.block
    side = max(tile // block, 1) * block // of  # whole blocks, as the picture
    return Tiles(drawn[0] // of, drawn[1] // of, side, shared // of, of, context.step)
