"""Stage 3, by an instruction: "make the shirt red", "the person of picture 2 sits on the chair"."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from medialab.diffusion.denoising import denoise
from medialab.settings.fields import Foremost, Picture
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, PipelineStage, StageContext

if TYPE_CHECKING:
    from medialab.diffusion.drawing import Drawing

MOST_REFERENCES = 15  # no family here reads as many


class InstructConfig(SamplingConfig):
    """Stage 3, by an instruction."""

    references: Annotated[tuple[Picture, ...], Foremost()] = Field(
        (),
        max_length=MOST_REFERENCES,
        description="Further pictures that the instruction may speak of, in order: the start "
        "picture is picture 1, these are picture 2 and so on. Some families read none.",
    )
    image_guidance_scale: Annotated[float, Foremost()] = Field(
        1.5,
        ge=1.0,
        le=10.0,
        description="How closely to follow the start picture; no effect where several are read.",
    )


class InstructStage(PipelineStage[InstructConfig]):
    """Edit the picture as the prompt says, with a checkpoint made for that.

    Reads and writes `image`, same size. Some families read reference pictures too. Source: Brooks
    et al., "InstructPix2Pix", for a UNet of 8 channels; the families' own pipelines for others.
    """

    name = "instruct"
    title = "Edit in words"
    version = 2
    is_mode = True
    fits = True
    settings = InstructConfig

    def run(self, frame: Frame, settings: InstructConfig, context: StageContext) -> Frame:
        """Read `image`; write `image`."""
        if frame.image is None:
            return frame
        sampling = settings.sampling()
        # Before the checkpoint is opened: a picture may be damaged.
        references = [context.picture(name).convert("RGB") for name in settings.references]
        with context.opened(sampling) as drawing:
            image, applied = denoise(
                drawing,
                "instruct",
                sampling,
                context.step,
                size=frame.image.size,
                pictures=[frame.image, *references],
                image_guidance_scale=settings.image_guidance_scale,
            )
            notes = _notes(drawing, settings)
        told: list[dict[str, Any]] = [
            {"size": list(one.size), "changes": list(context.picture_changes(name))}
            for name, one in zip(settings.references, references, strict=True)
        ]
        more: dict[str, Any] = {"references": told} if told else {}
        if notes:
            more["notes"] = [*applied.get("notes", ()), *notes]
        return frame.drawn(image).with_applied(self.name, **applied | more)


def _notes(drawing: "Drawing", settings: InstructConfig) -> list[str]:
    """Return notes for the record on settings without effect."""
    editing, default = drawing.family.editing, InstructConfig().image_guidance_scale
    if editing is None or editing.reads_scale or settings.image_guidance_scale == default:
        return []
    return [f"image_guidance_scale has no effect with checkpoints of family {drawing.family}"]
