"""Stage 3, by an instruction: "make the shirt red", "the person of picture 2 sits on the chair"."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from medialab.diffusion.denoising import Asked, denoise_all
from medialab.diffusion.together import Places
from medialab.settings.fields import Foremost, Picture
from medialab.settings.sampling import SamplingConfig
from medialab.stage import Frame, JointStage, Work, opened_for

if TYPE_CHECKING:
    from PIL import Image

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


class InstructStage(JointStage[InstructConfig]):
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

    def run_together(
        self, pictures: Sequence[Work[InstructConfig]], places: Places | None = None
    ) -> list[Frame]:
        """Read `image` of each picture; write it."""
        context, settings = pictures[0].context, pictures[0].settings
        # Before the checkpoint is opened: a picture may be damaged.
        references = [context.picture(name).convert("RGB") for name in settings.references]
        with opened_for(pictures, settings.sampling()) as drawing:
            asked = [_asked_of(one, references) for one in pictures]
            denoised = denoise_all(drawing, asked, places)
            notes = _notes(drawing, settings)
        told: list[dict[str, Any]] = [
            {"size": list(one.size), "changes": list(context.picture_changes(name))}
            for name, one in zip(settings.references, references, strict=True)
        ]
        more: dict[str, Any] = {"references": told} if told else {}
        found = []
        for one, (image, applied) in zip(pictures, denoised, strict=True):
            noted = {"notes": [*applied.get("notes", ()), *notes]} if notes else {}
            drawn = one.frame.drawn(image)
            found.append(drawn.with_applied(self.name, **applied | more | noted))
        return found


def _asked_of(picture: Work[InstructConfig], references: "Sequence[Image.Image]") -> Asked:
    return Asked(
        "instruct",
        picture.settings.sampling(),
        picture.context.step,
        size=picture.image.size,
        inputs={
            "pictures": [picture.image, *references],
            "image_guidance_scale": picture.settings.image_guidance_scale,
        },
        retries=picture.context.retries,
    )


def _notes(drawing: "Drawing", settings: InstructConfig) -> list[str]:
    """Return notes for the record on settings without effect."""
    editing, default = drawing.family.editing, InstructConfig().image_guidance_scale
    if editing is None or editing.reads_scale or settings.image_guidance_scale == default:
        return []
    return [f"image_guidance_scale has no effect with checkpoints of family {drawing.family}"]
