"""Between stages 1 and 2: the start picture."""

from dataclasses import replace
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from medialab.pixels.geometry import placement
from medialab.pixels.resizing import placed
from medialab.settings.choices import CONTROL_RESIZE_MODES, LATENT_RESIZE, RESIZE_MODES
from medialab.settings.fields import FitConfig, OneOf, Picture, SizeConfig, reads
from medialab.stage import Frame, PipelineStage, Request, StageContext

ResizeMode = Annotated[str, AfterValidator(OneOf(RESIZE_MODES))]


class SourceConfig(FitConfig, SizeConfig):
    """Before stage 2: the picture that others start from."""

    mode: str = Field(
        "txt2img",
        description="What stage 3 does; enhance skips it and works on a given picture.",
    )
    image: Picture | None = Field(
        None, description="The picture to start from, by the name that Workbench.keep returns."
    )
    resize_mode: ResizeMode = Field("just resize", description="How the picture is resized.")

    @model_validator(mode="after")
    @reads("mode", "resize_mode")
    def _latents_are_stretched_where_there_are_some(self) -> Self:
        if self.resize_mode == LATENT_RESIZE and self.mode not in {"txt2img", "img2img"}:
            message = (
                f"resize_mode {LATENT_RESIZE!r} is for mode 'img2img'; for mode {self.mode!r} "
                f"choose one of {', '.join(CONTROL_RESIZE_MODES)}"
            )
            raise ValueError(message)
        return self


class SourceStage(PipelineStage[SourceConfig]):
    """Put the given picture into the frame, resized to the run's size.

    Writes `image`, 8-bit RGB, and to `journey` how it was resized. If its latents are to be resized
    instead, it keeps its own size, and the run's is written to `stretch`. A picture of the run's
    size keeps every byte.
    """

    name = "source"
    title = "Picture"
    version = 3
    settings = SourceConfig

    def runs(self, request: Request) -> bool:
        """Return whether stage 3, or a stage after it, starts from a given picture."""
        return not request.starts_from_noise

    def run(self, frame: Frame, settings: SourceConfig, context: StageContext) -> Frame:
        """Read nothing; write `image`."""
        if settings.image is None or settings.width is None or settings.height is None:
            return frame
        given = context.picture(settings.image).convert("RGB")
        size, stretch = (settings.width, settings.height), None
        if settings.resize_mode == LATENT_RESIZE:
            stretch = size if size != given.size else None
            size = given.size
        step = placement(given.size, size, settings.resize_mode)
        frame = frame.drawn(placed(given, step)).moved(step)
        words = context.picture_changes(settings.image)
        return replace(frame, stretch=stretch).with_applied(
            self.name,
            width=size[0],
            height=size[1],
            **({"picture": list(words)} if words else {}),
        )
