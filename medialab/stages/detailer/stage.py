"""Stages 5 to 7: parts of the picture found, and drawn again larger.

The loop is ADetailer's, the crop Impact Pack's: detect once on the picture that comes in, filter,
sort, then repaint one detection after another on the picture as it is by then. Later detailers look
for smaller parts, so that none is painted over by an earlier one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import prepare
from medialab.diffusion.repainting import Repaint, facts_of, packed, repaint, unpacked, whole
from medialab.errors import ConfigError, MissingLibraryError, ModelRefusedError, NotFiniteError
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
from medialab.pixels.resizing import follow_mask
from medialab.prompts import without_tags
from medialab.settings.fields import LARGEST_SEED
from medialab.settings.loras import asked_loras
from medialab.settings.sampling import Sampling
from medialab.stage import Frame, Model, PipelineStage, Request, StageContext, StageSize
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.prompts import prompt_for
from medialab.stages.detailer.selection import Dropped, selected, sifted
from medialab.stages.detailer.settings import (
    AUTOMATIC,
    CENTRE,
    WORDS,
    DetailerConfig,
)
from medialab.vision.detections import Detection, as_record
from medialab.vision.finders.given import GivenMask, Middle
from medialab.vision.roles import Refiner, find_by

if TYPE_CHECKING:
    from PIL import Image

    from medialab.diffusion.drawing import Drawing


# Times what suits a model, beyond which a part is made smaller to be drawn.
_LARGE = 2
# What detections came by where no detector, nor the middle, was asked.
BY_HAND, BY_MASK = "edited boxes", "a given mask"
# Why a detection is not repainted.
BY_HAND_OUT, NO_STRENGTH = "switched off by hand", "its strength is 0"
# Detections that were dropped, of which the record tells each.
_MOST_RECORDED = 50


class DetailerStage(PipelineStage[DetailerConfig]):
    """Find every `label`, and repaint each at the size at which the model knows such parts.

    Reads and writes `image`, same size; writes `detections`. Pixels outside the grown and softened
    masks keep every byte. Detection j is drawn with seed + j, in its cycle c with seed + j + c. A
    detection that cannot be drawn is left as it was; those drawn before a cancel are cached.
    """

    version = 4
    settings = DetailerConfig

    def __init__(self, label: str) -> None:
        self.name = self.label = label
        self.title = f"Detailer: {label}"

    def models(self, settings: DetailerConfig) -> Sequence[Model]:
        """Return its checkpoint, its LoRAs, and what finds and shapes the parts."""
        models = [*super().models(settings), *_loras_of_edits(settings)]
        if settings.detects:
            models += [Model("detector", name) for name in _named(settings)]
        if settings.detections is None and settings.mask_refiner:
            models.append(Model("detector", settings.mask_refiner))
        return models

    def models_used(self, settings: DetailerConfig, applied: Mapping[str, Any]) -> Sequence[Model]:
        """Return `models` without detectors that did not look, and without what drew nothing."""
        drew = any(not row.get("skipped") for row in applied.get("drawn", ()))
        drawing = [*super().models(settings), *_loras_of_edits(settings)]
        unused = {} if drew else dict.fromkeys(drawing)
        if settings.detects:
            looked = {row["name"] for row in applied.get("detectors", ())}
            unused |= {
                Model("detector", name): None for name in _named(settings) if name not in looked
            }
        needed = {Model("detector", settings.mask_refiner or "")}
        needed |= {*drawing} if drew else set()
        return [one for one in self.models(settings) if one not in unused or one in needed]

    def size_after(
        self,
        size: tuple[int, int],
        settings: DetailerConfig,
        request: Request,  # noqa: ARG002 - as all stages
    ) -> StageSize | None:
        """Return the same size where the whole picture is drawn for each detection."""
        if settings.only_masked:
            return None
        # A person may set the size at which it is drawn.
        draws = settings.denoising_strength != 0 and not (settings.width and settings.height)
        return StageSize(self.name, size, draws, f"{self.name}.only_masked")

    def drawn_at_once(
        self, size: tuple[int, int], settings: DetailerConfig, native: int
    ) -> tuple[int, int]:
        """Return the size at which a part is drawn, or the whole picture for one."""
        side = settings.guide_size or native
        least = (side, side) if settings.only_masked else size
        return settings.width or least[0], settings.height or least[1]

    def run(self, frame: Frame, settings: DetailerConfig, context: StageContext) -> Frame:
        """Read `image`; write `image` and `detections`."""
        if frame.image is None:
            return frame
        image, rows = frame.image, []
        detections, facts = self._detections(frame, image, settings, context)
        for number, detection in enumerate(detections):
            edit = settings.detections[number] if settings.detections is not None else None
            if not settings.draws:
                reason = BY_HAND_OUT if edit and not edit.enabled else NO_STRENGTH
                rows.append(as_record(detection, skipped=True, reason=reason))
                continue
            with context.opened(settings.sampling()) as drawing:
                habits = drawing.family.habits
                own = habits.of("" if settings.words else self.label)
                plan = _planned(detection, edit, frame, settings, own)
                if isinstance(plan, str):
                    rows.append(as_record(detection, skipped=True, reason=plan))
                    continue
                view = _view(image, detection, settings, drawing.native_size, habits)
                try:
                    image, applied = self._detailed(
                        drawing, frame, image, detection, plan, view, settings, context
                    )
                except NotFiniteError as error:
                    applied = {"failed": str(error)}
            rows.append(as_record(detection, **applied))
        every = {**frame.detections, self.name: tuple(detections)}
        return replace(frame, image=image, detections=every).with_applied(
            self.name, found=len(detections), drawn=rows, **facts
        )

    def _detections(
        self, frame: Frame, image: "Image.Image", settings: DetailerConfig, context: StageContext
    ) -> tuple[list[Detection], dict[str, Any]]:
        """Return what is repainted, in its order, and the record of how it was found."""
        if settings.detections is not None:
            edits = enumerate(settings.detections)
            edited = (_edited(edit, number, frame, image, context) for number, edit in edits)
            detections = [replace(one, label=one.label or self.label) for one in edited]
            return detections, {"found_by": BY_HAND}
        detections, facts, dropped = self._found(frame, image, settings, context)
        if settings.mask_refiner:
            refiner = context.detector(settings.mask_refiner)
            if not isinstance(refiner, Refiner):
                message = f"mask_refiner {settings.mask_refiner!r} is no SAM model; it refines none"
                raise ConfigError(message)
            # Only what is drawn is refined: a shape costs more than a box.
            if settings.detects:
                detections = sifted(detections, image, settings).kept
            detections = [refiner.refine(image, one) for one in detections]
            facts["mask_refiner"] = settings.mask_refiner
        is_given = settings.mask is not None
        kept, more = selected(detections, image, settings, is_given=is_given)
        if every := [*dropped, *more]:
            told = every[:_MOST_RECORDED]
            facts["dropped"] = [as_record(one.detection, reason=one.reason) for one in told]
            facts["dropped_count"] = len(every)
        return kept, facts

    def _found(
        self, frame: Frame, image: "Image.Image", settings: DetailerConfig, context: StageContext
    ) -> tuple[list[Detection], dict[str, Any], list[Dropped]]:
        """Return what a given mask, the detectors or the middle give, the record, and the rest."""
        if settings.mask is not None:
            facts: dict[str, Any] = {"found_by": BY_MASK}
            if words := context.picture_told(settings.mask, "mask"):
                facts["mask"] = list(words)
            mask = follow_mask(context.picture(settings.mask, "mask"), frame.journey, image.size)
            return GivenMask(mask).find(image, self.label), facts, []
        middle = Middle()
        if settings.chain == (CENTRE,):
            return middle.find(image, self.label), {"found_by": CENTRE}, []
        detections, rows, dropped = self._detected(image, settings, context)
        facts = {"detectors": rows, "found_by": _found_by(rows)}
        in_chain = CENTRE in settings.chain
        if not detections and (in_chain or settings.fallback == CENTRE):
            detections, facts["found_by"] = middle.find(image, self.label), CENTRE
            facts |= {} if in_chain else {"fallback": CENTRE}
        return detections, facts, dropped

    def _detected(
        self, image: "Image.Image", settings: DetailerConfig, context: StageContext
    ) -> tuple[list[Detection], list[dict[str, Any]], list[Dropped]]:
        """Return what the first detector with any gives, a row for each that was asked, the rest.

        A detector that cannot be used is passed over if there are others.
        """
        words = settings.words or WORDS.get(self.label, (self.label,))
        rows: list[dict[str, Any]] = []
        dropped: list[Dropped] = []
        for name in _named(settings):
            try:
                found = find_by(context.detector(name), name, image, *words)
            except (MissingLibraryError, ModelRefusedError) as error:
                if len(settings.chain) == 1:
                    raise
                rows.append({"name": name, "skipped": str(error)})
                continue
            kept, lost = sifted(found, image, settings)
            rows.append({"name": name, "found": len(found), "kept": len(kept)})
            dropped += lost
            if kept:
                return kept, rows, dropped
        return [], rows, dropped

    def _detailed(
        self,
        drawing: "Drawing",
        frame: Frame,
        image: "Image.Image",
        detection: Detection,
        plan: "_Plan",
        view: tuple[Box, tuple[int, int]],
        settings: DetailerConfig,
        context: StageContext,
    ) -> "tuple[Image.Image, dict[str, Any]]":
        """Return the picture with one detection repainted, now or before, and what was applied."""
        crop, size = view
        job = Repaint(
            detection.mask,
            settings.mask_blur,
            plan.strength,
            crop,
            size,
            feather=settings.noise_mask_feather,
            noise_multiplier=settings.noise_multiplier,
        )

        def paint() -> bytes:
            painted, applied = image, dict[str, Any]()
            for cycle in range(settings.cycles):
                seed = (plan.sampling.seed + cycle) % (LARGEST_SEED + 1)
                own = replace(plan.sampling, seed=seed)
                controls = prepare(own.control, painted, size, context, frame.journey, crop=crop)
                painted, applied = repaint(drawing, painted, job, own, context.step, controls)
            return packed(painted.crop(crop.edges), applied)

        facts = {**facts_of(image, job, plan.sampling), "cycles": settings.cycles}
        if plan.sampling.control:  # whose pictures go the way that the picture went
            facts["journey"] = [str(one) for one in frame.journey]
        content, was_kept = context.remembered(facts, paint)
        patch, applied = unpacked(content)
        result = image.copy()
        result.paste(patch, (crop.left, crop.top))
        kept = {"kept": True} if was_kept else {}
        record = {"crop": list(crop.edges), "size": list(size), **plan.as_record}
        return result, {**record, **applied, **kept}


class _Plan(NamedTuple):
    """How one detection is repainted."""

    sampling: Sampling
    strength: float

    @property
    def as_record(self) -> dict[str, Any]:
        """Return the plan as the record tells it."""
        return {
            "prompt": self.sampling.prompt,
            "negative_prompt": self.sampling.negative_prompt,
            "seed": self.sampling.seed,
            "strength": round(self.strength, 4),
        }


def _planned(
    detection: Detection,
    edit: DetectionEdit | None,
    frame: Frame,
    settings: DetailerConfig,
    habits: DetailerHabits,
) -> "_Plan | str":
    """Return prompt, seed and strength of one detection; where it is left alone, why."""
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
    return _Plan(own, strength)


def _words(prompt: str) -> str:
    """Return what a prompt says: LoRAs that it brings in, or leaves out, make it no other."""
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


def _view(
    image: "Image.Image",
    detection: Detection,
    settings: DetailerConfig,
    native: int,
    habits: DetailerHabits,
) -> tuple[Box, tuple[int, int]]:
    """Return what the model sees of the picture, and how large."""
    box = masks.bounding_box(detection.mask) or detection.box
    if not settings.only_masked:
        crop, size = whole(image)
        return crop, (settings.width or size[0], settings.height or size[1])
    if settings.crop == "padding":
        crop = box.padded(settings.padding).within(*image.size)
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


def _named(settings: DetailerConfig) -> list[str]:
    """Return the detectors of a chain by their names."""
    return [name for name in settings.chain if name not in {AUTOMATIC, CENTRE}]


def _loras_of_edits(settings: DetailerConfig) -> list[Model]:
    """Return the LoRAs in the prompts of edited detections."""
    prompts = [edit.prompt or "" for edit in settings.drawn_edits]
    return [Model("lora", one.name) for text in prompts for one in asked_loras(text, ())]


def _edited(
    edit: DetectionEdit,
    number: int,
    frame: Frame,
    image: "Image.Image",
    context: StageContext,
) -> Detection:
    """Return a detection as a person left it; its shape goes with its box."""
    box = Box(*edit.box).within(*image.size)
    if not box.area:
        message = f"the box {edit.box} lies outside the picture of {image.width} × {image.height}"
        raise ConfigError(message)
    shape = masks.box_mask(box, *image.size)
    if edit.mask is not None:
        given = follow_mask(context.picture(edit.mask, "mask"), frame.journey, image.size)
        if (inside := masks.bounding_box(given)) is not None:
            shape = masks.fitted(given, inside, box)
    index = number if edit.index is None else edit.index
    return Detection(edit.label, edit.confidence, box, shape, index)


def _found_by(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the detector whose detections are repainted; all that looked if none is."""
    looked = [row for row in rows if "found" in row]
    return ", ".join(row["name"] for row in looked[-1:] if row["kept"]) or ", ".join(
        row["name"] for row in looked
    )
