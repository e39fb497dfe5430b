"""Stage 4: the picture enlarged and drawn again (hires fix)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from medialab.diffusion.denoising import denoise
from medialab.diffusion.enlarging import enlarged, upscaler_as_record
from medialab.diffusion.latents import stretched
from medialab.diffusion.options import DenoisingOptions
from medialab.loading.upscalers import OVERLAP, TILE
from medialab.pixels.geometry import (
    SIDE_STEP,
    Box,
    Placement,
    cover,
    covering_size,
    has_blocks,
    hires_size,
    placement,
)
from medialab.pixels.resizing import resized
from medialab.settings.choices import LATENT_UPSCALERS, PIXEL_UPSCALERS
from medialab.settings.fields import Foremost, Fraction, Length, NameOf, SwitchedConfig, Times
from medialab.settings.sampling import Sampling, SamplingConfig
from medialab.settings.steps import planned
from medialab.stage import Frame, Model, PipelineStage, Request, StageContext, StageSize

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing

# Latent upscaler -> torch's name for the filter.
_FILTERS = dict(zip(LATENT_UPSCALERS, ("bilinear", "nearest", "bicubic"), strict=True))

RefinerUpscalerName = Annotated[str, NameOf("upscaler", also=(*LATENT_UPSCALERS, *PIXEL_UPSCALERS))]


class RefinerConfig(SwitchedConfig, SamplingConfig):
    """Stage 4: the picture enlarged and drawn again (hires fix)."""

    scale: Annotated[Times, Foremost()] = Field(
        2.0, ge=1.0, le=4.0, description="Enlargement factor."
    )
    width: Length | None = Field(None, description="Exact width in place of the scale.")
    height: Length | None = Field(None, description="Exact height in place of the scale.")
    upscaler: Annotated[RefinerUpscalerName, Foremost()] = Field(
        "latent", description="latent, latent nearest, lanczos…, or a model in models/upscalers."
    )
    denoising_strength: Annotated[Fraction, Foremost()] = Field(
        0.7, description="How much to repaint; 1 keeps nothing but the size."
    )

    def check_steps(self, sampling: Sampling) -> None:
        """Refuse steps whose schedule is too long: all that are set run, whatever the strength."""
        strength = self.denoising_strength
        planned(sampling.sampler, sampling.schedule, sampling.steps, strength, exact=True)


class RefinerStage(PipelineStage[RefinerConfig]):
    """Enlarge, then draw again with new noise of the same seed.

    Reads `image`, writes a larger one. A latent upscaler stretches the latents, any other the
    picture. If both sides are set it is enlarged to cover them, and cropped evenly. All steps are
    run, whatever the strength. Source: A1111's hires fix (modules/processing.py).
    """

    name = "refiner"
    title = "Hires fix"
    version = 5
    settings = RefinerConfig

    def models(self, settings: RefinerConfig) -> Sequence[Model]:
        """Return its checkpoint, and its upscaler if that is a model."""
        checkpoints = super().models(settings)
        if settings.upscaler in {*LATENT_UPSCALERS, *PIXEL_UPSCALERS}:
            return checkpoints
        return [*checkpoints, Model("upscaler", settings.upscaler)]

    def size_after(
        self,
        size: tuple[int, int],
        settings: RefinerConfig,
        request: Request,
    ) -> StageSize:
        """Return the enlarged size: in whole blocks where stage 3 drew the picture in such."""
        exact = not request.starts_from_noise or not has_blocks(size, SIDE_STEP)
        larger = hires_size(*size, settings.scale, settings.width, settings.height, exact=exact)
        return StageSize(self.name, larger, settings.draws, f"{self.name}.scale")

    def run(self, frame: Frame, settings: RefinerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        image = frame.image
        if image is None:
            return frame
        size = hires_size(
            *image.size,
            settings.scale,
            settings.width,
            settings.height,
            exact=frame.is_given or not has_blocks(image.size, SIDE_STEP),
        )
        step = _enlargement(image.size, size, is_cut=bool(settings.width and settings.height))
        covering = step.inside.width, step.inside.height
        frame = frame.moved(step)
        upscaler = settings.upscaler
        if not settings.draws and upscaler in _FILTERS:
            # Nothing drawn anew needs no latents: a filter of pixels stands in for one of theirs.
            upscaler = PIXEL_UPSCALERS[0]
        facts = {"size": list(size), **upscaler_as_record(upscaler, image.size, covering)}
        if not settings.draws:
            larger = self._enlarge(image, step, upscaler, context)
            return replace(frame, image=larger).with_applied(self.name, **facts)
        sampling = settings.sampling()
        start: torch.Tensor | Image.Image
        with context.opened(sampling) as drawing:
            if upscaler in _FILTERS:
                start = self._stretch(image, step, _FILTERS[upscaler], drawing)
            else:
                start = self._enlarge(image, step, upscaler, context)
            cut = resized(image, *size, "crop and resize")
            image, applied = denoise(
                drawing,
                "image-to-image",
                sampling,
                context.step,
                controls=drawing.controls(sampling.control, cut, size, frame.journey),
                options=DenoisingOptions(exact_steps=True),
                size=size,
                image=start,
                strength=settings.denoising_strength,
            )
        return replace(frame, image=image).with_applied(self.name, **facts, **applied)

    def _stretch(
        self, image: "Image.Image", step: Placement, method: str, drawing: "Drawing"
    ) -> "torch.Tensor":
        """Return the picture's latents, resized and cropped as `step` does it to pixels."""
        left, top = _cut_off(step)
        if has_blocks(step.to, drawing.block) and has_blocks(image.size, drawing.block):
            larger = stretched(drawing, image, (step.inside.width, step.inside.height), method)
            x, y = left // drawing.reduction, top // drawing.reduction
            columns, rows = (side // drawing.reduction for side in step.to)
            return larger[..., y : y + rows, x : x + columns]
        # Latents are cut by whole blocks only, so the picture is.
        across, down = step.inside.width / image.width, step.inside.height / image.height
        seen = Box(
            round(left / across),
            round(top / down),
            round((left + step.to[0]) / across),
            round((top + step.to[1]) / down),
        )
        return stretched(drawing, image.crop(seen.edges), step.to, method)

    def _enlarge(
        self, image: "Image.Image", step: Placement, name: str, context: StageContext
    ) -> "Image.Image":
        """Return the picture enlarged and cropped as `step` says, by an upscaler of pixels."""
        larger = enlarged(
            image,
            (step.inside.width, step.inside.height),
            name if name in PIXEL_UPSCALERS else context.upscaler(name),
            tile=TILE,
            overlap=OVERLAP,
            on_tile=context.step,
            retries=context.retries,
        )
        left, top = _cut_off(step)
        return larger.crop((left, top, left + step.to[0], top + step.to[1]))


def _enlargement(of: tuple[int, int], to: tuple[int, int], *, is_cut: bool) -> Placement:
    """Return how a picture is enlarged: stretched, or made to cover the size and cropped evenly."""
    if not is_cut:
        return placement(of, to, "just resize")
    covers = covering_size if has_blocks(to, SIDE_STEP) else cover
    width, height = covers(*of, *to)
    left, top = (width - to[0]) // 2, (height - to[1]) // 2
    return Placement(of, to, Box(-left, -top, width - left, height - top))


def _cut_off(step: Placement) -> tuple[int, int]:
    """Return the pixels of the enlarged picture that are cropped on the left and at the top."""
    return -step.inside.left, -step.inside.top
