"""Stage 9: the last touch before a picture is kept."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from medialab.pixels.colours import balanced, matched
from medialab.pixels.geometry import size_from_start
from medialab.pixels.resizing import lanczos
from medialab.settings import filenames
from medialab.settings.fields import FITS, FitConfig, Fraction, OneOf
from medialab.stage import Frame, PipelineStage, StageContext

# Unsharp mask: radius in pixels, and the percentage that a setting of 1 stands for. Levels that
# differ by fewer than three are left alone, so that flat areas stay clean.
_RADIUS, _PERCENT, _THRESHOLD = 1.2, 100, 3

FILE_FORMATS = ("png", "jpeg", "webp")
FileFormat = Annotated[str, AfterValidator(OneOf(FILE_FORMATS))]
FileName = Annotated[str, AfterValidator(filenames.checked)]


class FinishConfig(FitConfig):
    """Stage 9: the last touch before a picture is kept."""

    sharpen: float = Field(
        0.0, ge=0.0, le=2.0, description="How much to sharpen edges; 0: not at all."
    )
    colour_match: Fraction = Field(
        0.0, description="How far to bring colours back to those of stage 3; 0: not at all."
    )
    colour_balance: Fraction = Field(
        0.0,
        description="How far to stretch each colour to its full range, against haze and a colour "
        "cast; 0: not at all.",
    )
    format: FileFormat = Field("png", description="File format: png, jpeg or webp.")
    quality: int = Field(
        90, ge=1, le=100, description="For jpeg and webp: higher is better, and a larger file."
    )
    lossless: bool = Field(True, description="Whether a webp keeps every pixel's value.")
    file_name: FileName = Field(
        filenames.DEFAULT,
        min_length=1,
        max_length=200,
        description="Name after the file's number: text, and tokens like [seed] or [date].",
    )


class FinishStage(PipelineStage[FinishConfig]):
    """Match the colours to those of stage 3, balance them, sharpen, each if its setting is above 0.

    A start picture that was fitted to the model is first enlarged to its own size again.

    Reads `base`; reads and writes `image`, same size. The settings of its file are used by
    medialab/artifacts, which saves it.
    """

    name = "finish"
    title = "Output"
    settings = FinishConfig

    def run(self, frame: Frame, settings: FinishConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        image, applied = frame.image, dict[str, Any]()
        if settings.fit != FITS[0] and frame.is_given:
            size = size_from_start(frame.journey, image.size)
            if size[0] > image.width or size[1] > image.height:
                context.step(1, 1)
                image = lanczos(image, *size)
                applied["enlarged"] = list(size)
        if settings.colour_match > 0 and frame.base is not None:
            context.step(1, 1)
            image = matched(image, frame.base, settings.colour_match)
            applied["colour_match"] = settings.colour_match
        if settings.colour_balance > 0:
            context.step(1, 1)
            image = balanced(image, settings.colour_balance)
            applied["colour_balance"] = settings.colour_balance
        if settings.sharpen > 0:
            from PIL import ImageFilter

            context.step(1, 1)
            mask = ImageFilter.UnsharpMask(_RADIUS, round(_PERCENT * settings.sharpen), _THRESHOLD)
            image = image.filter(mask)
            applied["sharpen"] = settings.sharpen
        return replace(frame, image=image).with_applied(self.name, **applied) if applied else frame
