"""How one detection is repainted: with which prompt, seed and strength, and how large."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.repainting import whole
from medialab.families.habits import DetailerHabits
from medialab.pixels import masks
from medialab.pixels.geometry import (
    MOST_DRAWN,
    Box,
    matched_size,
    surroundings,
    to_proportions,
    working_size,
)
from medialab.prompts import without_tags
from medialab.settings.fields import LARGEST_SEED
from medialab.settings.sampling import Sampling
from medialab.stage import Frame
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.prompts import prompt_for
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import Detection

if TYPE_CHECKING:
    from PIL import Image

# Times what suits a model, beyond which a part is made smaller to be drawn.
_LARGE = 2
# Why a detection is not repainted.
BY_HAND_OUT, NO_STRENGTH = "switched off by hand", "its strength is 0"


class Plan(NamedTuple):
    """How one detection is repainted."""

    sampling: Sampling
    strength: float

    @property
    def as_record(self) -> dict[str, Any]:
        """The plan for the record."""
        return {
            "prompt": self.sampling.prompt,
            "negative_prompt": self.sampling.negative_prompt,
            "seed": self.sampling.seed,
            "strength": round(self.strength, 4),
        }


def planned(
    detection: Detection,
    edit: DetectionEdit | None,
    frame: Frame,
    settings: DetailerConfig,
    habits: DetailerHabits,
) -> Plan | str:
    """Return prompt, seed and strength for one detection; or why it is not repainted."""
    base, sampling = frame.prompts, settings.sampling()
    strength = _dynamic(settings, detection, frame, habits)
    text = sampling.prompt
    if edit is not None:
        if not edit.enabled:
            return BY_HAND_OUT
        strength = strength if edit.denoising_strength is None else edit.denoising_strength
        text = edit.prompt or text
    # Of a prompt of its own it takes the first part, of the stage's the part of its number.
    part = 0 if edit and edit.prompt else detection.index
    prompt = prompt_for(text, base.prompt, index=part, label=detection.label)
    if prompt is not None and _words(prompt) == _words(base.prompt):
        prompt = habits.framed(prompt)
    negative = prompt_for(
        sampling.negative_prompt, base.negative_prompt, index=detection.index, label=detection.label
    )
    if prompt is None:
        return "its prompt says [SKIP]"
    if strength == 0:
        return NO_STRENGTH
    moved = 0 if settings.same_seed else detection.index
    seed = (sampling.seed + moved) % (LARGEST_SEED + 1)
    own = replace(sampling, prompt=prompt, negative_prompt=negative or "", seed=seed)
    return Plan(own, strength)


def _words(prompt: str) -> str:
    """Return a prompt without its tags: LoRAs do not change its description."""
    return without_tags(prompt).strip()


def _dynamic(
    settings: DetailerConfig, detection: Detection, frame: Frame, habits: DetailerHabits
) -> float:
    """Return the strength by the share of the picture: s · (1 - share)^power, 0 to 1.

    Source: ADetailer's dynamic_denoise_strength.
    """
    asked, power = settings.denoising_strength, settings.dynamic_power
    strength = habits.strength if asked is None else asked
    if power == 0 or strength == 0 or frame.image is None:
        return strength
    share = detection.box.area / (frame.image.width * frame.image.height)
    if share >= 1:
        return 0.0 if power > 0 else 1.0
    return min(1.0, max(0.0, strength * math.pow(1 - share, power)))


def view_of(
    image: "Image.Image",
    detection: Detection,
    settings: DetailerConfig,
    native: int,
    habits: DetailerHabits,
) -> tuple[Box, tuple[int, int]]:
    """Return the crop of the picture that is repainted, and the size in pixels for that."""
    box = masks.bounding_box(detection.mask) or detection.box
    if not settings.only_masked:
        crop, size = whole(image)
        return crop, (settings.width or size[0], settings.height or size[1])
    if settings.crop == "padding":
        # A crop that cuts the softened edge off has a seam there.
        reach = masks.blur_radius(settings.mask_blur)
        crop = box.padded(max(settings.padding, reach)).within(*image.size)
    else:
        crop = surroundings(box, settings.crop_factor or habits.crop_factor, *image.size)
    if settings.width or settings.height or settings.match_size != "off":
        asked = settings.width or native, settings.height or native
        size = matched_size(box, *asked, settings.match_size, native)
        return to_proportions(crop, *size, *image.size), size
    largest = habits.largest(native)
    most = settings.max_size or largest
    # A part of a large photo is drawn no larger than twice what suits the model.
    return crop, working_size(
        crop, box, settings.guide_size or native, most, min(MOST_DRAWN, _LARGE * max(most, largest))
    )
