"""Stages 5 to 7: parts of the picture found, and drawn again larger.

The loop is ADetailer's, the crop Impact Pack's: detect once on the picture that comes in, filter,
sort, then repaint one find after another on the picture as it is by then. Later detailers look for
smaller parts, so that none is painted over by an earlier one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medialab import masks
from medialab.control import prepare
from medialab.detectors import Detection, centre_crop, given_mask
from medialab.geometry import Box, around, working_size
from medialab.repainting import Repaint, repaint
from medialab.settings import LARGEST_SEED, DetailerConfig, Sampling, asked_loras
from medialab.stages.base import Frame, Model, PipelineStage, StageContext

if TYPE_CHECKING:
    from PIL import Image

SEPARATOR, SKIP = "[SEP]", "[SKIP]"
EMBEDDED = "paperdoll"  # the detector that this project brings
AUTOMATIC, CENTRE = "automatic", "centre"


class DetailerStage(PipelineStage[DetailerConfig]):
    """Find every `label`, and draw each again at the size at which the model knows such parts.

    Reads and writes `image`, same size; writes `detections`. Pixels outside the grown and softened
    masks keep every byte. Find j is drawn with seed + j.
    """

    settings = DetailerConfig

    def __init__(self, label: str) -> None:
        self.name = self.label = label
        self.title = f"Detailer: {label}"

    def models(self, settings: DetailerConfig) -> Sequence[Model]:
        """Its checkpoint and its detector."""
        checkpoints = [*super().models(settings), *_loras_of_finds(settings)]
        if settings.detections is not None or settings.mask or settings.detector == CENTRE:
            return checkpoints
        return [*checkpoints, Model("detector", _detector_of(settings))]

    def run(self, frame: Frame, settings: DetailerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image` and `detections`."""
        if frame.image is None:
            return frame
        sampling = settings.sampling()
        prompts = (settings.prompt or "").split(SEPARATOR)
        image, drawn = frame.image, []
        finds = self._finds(image, settings, context)
        for number, (found, prompt, strength) in enumerate(
            _with_own_settings(finds, prompts, settings)
        ):
            if prompt.strip() == SKIP or strength == 0:
                drawn.append(_told(found, skipped=True))
                continue
            own = replace(
                sampling,
                prompt=prompt.strip(),
                seed=(sampling.seed + number) % (LARGEST_SEED + 1),
            )
            image, applied = self._repaint(image, found, strength, own, settings, context)
            drawn.append(_told(found, **applied))
        detections = {**frame.detections, self.name: tuple(finds)}
        return replace(frame, image=image, detections=detections).with_applied(
            self.name, found=len(finds), drawn=drawn
        )

    def _finds(
        self, image: "Image.Image", settings: DetailerConfig, context: StageContext
    ) -> list[Detection]:
        """What is drawn again, in its order."""
        if settings.detections is not None:
            return [_edited(edit, image, context) for edit in settings.detections]
        if settings.mask is not None:
            finds = given_mask(context.picture(settings.mask).resize(image.size), self.label)
        elif settings.detector == CENTRE:
            finds = [centre_crop(image, self.label)]
        else:
            detector = context.detector(_detector_of(settings))
            finds = [
                found
                for found in detector.find(image, self.label)
                if found.confidence >= settings.confidence
            ]
        return _shaped(_sorted(_filtered(finds, image, settings), image, settings), settings)

    def _repaint(
        self,
        image: "Image.Image",
        found: Detection,
        strength: float,
        sampling: Sampling,
        settings: DetailerConfig,
        context: StageContext,
    ) -> "tuple[Image.Image, dict[str, Any]]":
        """One find drawn again on the picture as it is now."""
        model = context.checkpoint(sampling.checkpoint)
        native = model.native_size
        box = masks.box_of(found.mask) or found.box
        if settings.crop == "padding":
            crop = box.padded(settings.padding).within(*image.size)
        else:
            crop = around(box, settings.crop_factor, *image.size)
        # At its own size a model knows how one face is drawn; at twice that it draws two.
        size = working_size(crop, box, settings.guide_size or native, settings.max_size or native)
        job = Repaint(found.mask, settings.mask_blur, strength, crop, size)
        controls = prepare(sampling.control, image, size, context, crop=crop)
        painted, applied = repaint(model, image, job, sampling, context.step, controls)
        return painted, {"crop": list(crop.edges), "size": list(size), **applied}


def _loras_of_finds(settings: DetailerConfig) -> list[Model]:
    """LoRAs in the prompts of edited finds."""
    prompts = [find.prompt or "" for find in settings.detections or ()]
    return [Model("lora", one.name) for text in prompts for one in asked_loras(text, ())]


def _detector_of(settings: DetailerConfig) -> str:
    return EMBEDDED if settings.detector == AUTOMATIC else settings.detector


def _with_own_settings(
    finds: list[Detection], prompts: list[str], settings: DetailerConfig
) -> list[tuple[Detection, str, float]]:
    """Each find with its prompt and strength; of the prompts between [SEP] the last repeats."""
    rows = []
    for number, found in enumerate(finds):
        prompt = prompts[min(number, len(prompts) - 1)]
        strength = settings.denoising_strength
        if settings.detections is not None:
            edit = settings.detections[number]
            prompt = prompt if edit.prompt is None else edit.prompt
            own = strength if edit.denoising_strength is None else edit.denoising_strength
            strength = own if edit.enabled else 0.0
        rows.append((found, prompt, strength))
    return rows


def _edited(edit: Any, image: "Image.Image", context: StageContext) -> Detection:
    """A find as a person left it."""
    box = Box(*edit.box).within(*image.size)
    shape = masks.of_box(box, *image.size)
    if edit.mask is not None:
        shape = context.picture(edit.mask).convert("L").resize(image.size)
    return Detection(edit.label, edit.confidence, box, shape)


def _filtered(
    finds: list[Detection], image: "Image.Image", settings: DetailerConfig
) -> list[Detection]:
    area = image.width * image.height
    kept = [
        found
        for found in finds
        if settings.min_ratio <= found.box.area / area <= settings.max_ratio
    ]
    if not settings.top_k:
        return kept
    by_area = settings.top_k_by == "area"
    best = sorted(kept, key=lambda one: one.box.area if by_area else one.confidence, reverse=True)
    chosen = best[: settings.top_k]
    return [found for found in kept if found in chosen]


def _sorted(
    finds: list[Detection], image: "Image.Image", settings: DetailerConfig
) -> list[Detection]:
    def from_centre(found: Detection) -> float:
        x, y = found.box.centre
        return (x - image.width / 2) ** 2 + (y - image.height / 2) ** 2

    keys: dict[str, Any] = {
        "left to right": lambda found: found.box.left,
        "center to edge": from_centre,
        "large to small": lambda found: -found.box.area,
    }
    return sorted(finds, key=keys[settings.order]) if settings.order in keys else finds


def _shaped(finds: list[Detection], settings: DetailerConfig) -> list[Detection]:
    """Masks moved, grown or shrunk, and made one where that is asked."""
    shaped = []
    for found in finds:
        mask = masks.moved(found.mask, settings.x_offset, settings.y_offset)
        mask = masks.grown(mask, settings.grow)
        if (box := masks.box_of(mask)) is not None:
            shaped.append(replace(found, mask=mask, box=box))
    if settings.merge == "none" or not shaped:
        return shaped
    one = masks.merged([found.mask for found in shaped])
    if settings.merge == "merge and invert":
        one = masks.inverted(one)
    box = masks.box_of(one)
    sure = max(found.confidence for found in shaped)
    return [Detection(shaped[0].label, sure, box, one)] if box else []


def _told(found: Detection, **applied: Any) -> dict[str, Any]:
    return {"box": list(found.box.edges), "confidence": round(found.confidence, 3), **applied}
