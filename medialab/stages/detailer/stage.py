"""Stages 5 to 7: parts of the picture are detected, and repainted at a higher resolution.

The loop is ADetailer's, the crop Impact Pack's: detect once in the stage's input, filter, sort,
then repaint one detection after another, each on the result of the one before. Later detailers look
for smaller parts, so that an earlier one does not paint over them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.repainting import Repaint, facts_of, packed, repaint, unpacked
from medialab.errors import NotFiniteError
from medialab.pixels.geometry import Box
from medialab.settings.fields import LARGEST_SEED
from medialab.settings.loras import asked_loras
from medialab.stage import Frame, Model, PipelineStage, Request, StageContext, StageSize
from medialab.stages.detailer.plan import BY_HAND_OUT, NO_STRENGTH, Plan, planned, view_of
from medialab.stages.detailer.search import Search, detectors_of
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import Detection, as_record

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing


class DetailerStage(PipelineStage[DetailerConfig]):
    """Detect every `label`, and repaint each at a size that suits the model.

    Reads and writes `image`, same size; writes `detections`. Pixels outside the grown and softened
    masks keep every byte. Detection j is drawn with seed + j, in its cycle c with seed + j + c. A
    detection that cannot be drawn is left as it was; those drawn before a cancel are cached.
    """

    version = 5
    settings = DetailerConfig

    def __init__(self, label: str) -> None:
        self.name = self.label = label
        self.title = label.capitalize()

    def models(self, settings: DetailerConfig) -> Sequence[Model]:
        """Return its checkpoint and LoRAs, its detectors and its mask refiner."""
        models = [*super().models(settings), *_loras_of_edits(settings)]
        if settings.detects:
            models += [Model("detector", name) for name in detectors_of(settings)]
        if settings.detections is None and settings.mask_refiner:
            models.append(Model("detector", settings.mask_refiner))
        return models

    def models_used(self, settings: DetailerConfig, applied: Mapping[str, Any]) -> Sequence[Model]:
        """Return `models` without detectors that did not run, and others if nothing was drawn."""
        drew = any(not row.get("skipped") for row in applied.get("drawn", ()))
        drawing = [*super().models(settings), *_loras_of_edits(settings)]
        unused = {} if drew else dict.fromkeys(drawing)
        if settings.detects:
            looked = {row["name"] for row in applied.get("detectors", ())}
            unused |= {
                Model("detector", name): None
                for name in detectors_of(settings)
                if name not in looked
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
        detections, facts = Search(self.label, frame, image, settings, context).detections()
        for number, detection in enumerate(detections):
            turn = _Turn(context, number, len(detections), settings.cycles)
            edit = settings.detections[number] if settings.detections is not None else None
            if not settings.draws:
                reason = BY_HAND_OUT if edit and not edit.enabled else NO_STRENGTH
                rows.append(as_record(detection, skipped=True, reason=reason))
                continue
            with context.opened(settings.sampling()) as drawing:
                habits = drawing.family.habits
                own = habits.of("" if settings.words else self.label)
                plan = planned(detection, edit, frame, settings, own)
                if isinstance(plan, str):
                    rows.append(as_record(detection, skipped=True, reason=plan))
                    continue
                view = view_of(image, detection, settings, drawing.native_size, habits)
                try:
                    image, applied = self._detailed(
                        drawing, frame, image, detection, plan, view, settings, turn
                    )
                except NotFiniteError as error:
                    applied = {"failed": str(error)}
            rows.append(as_record(detection, **applied))
        every = {**frame.detections, self.name: tuple(detections)}
        return replace(frame, image=image, detections=every).with_applied(
            self.name, found=len(detections), drawn=rows, **facts
        )

    def _detailed(
        self,
        drawing: "Drawing",
        frame: Frame,
        image: "Image.Image",
        detection: Detection,
        plan: Plan,
        view: tuple[Box, tuple[int, int]],
        settings: DetailerConfig,
        turn: "_Turn",
    ) -> "tuple[Image.Image, dict[str, Any]]":
        """Return the picture with one detection repainted, and facts about it for the record."""
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
                controls = drawing.controls(own.control, painted, size, frame.journey, crop=crop)
                painted, applied = repaint(
                    drawing, painted, job, own, partial(turn.step, cycle), controls
                )
            return packed(painted.crop(crop.edges), applied)

        facts = {**facts_of(image, job, plan.sampling), "cycles": settings.cycles}
        if plan.sampling.control:  # whose pictures go the way that the picture went
            facts["journey"] = [str(one) for one in frame.journey]
        content, was_kept = turn.context.remembered(facts, paint)
        patch, applied = unpacked(content)
        result = image.copy()
        result.paste(patch, (crop.left, crop.top))
        kept = {"kept": True} if was_kept else {}
        record = {"crop": list(crop.edges), "size": list(size), **plan.as_record}
        return result, {**record, **applied, **kept}


class _Turn(NamedTuple):
    """One detection's turn among all: reports its steps as if each detection had as many."""

    context: StageContext
    number: int
    among: int
    cycles: int

    def step(self, cycle: int, step: int, steps: int, latents: "torch.Tensor") -> None:
        """Report a step of a cycle of this detection."""
        before = self.number * self.cycles + cycle
        self.context.step(before * steps + step, self.among * self.cycles * steps, latents)


def _loras_of_edits(settings: DetailerConfig) -> list[Model]:
    """Return the LoRAs in the prompts of edited detections."""
    prompts = [edit.prompt or "" for edit in settings.drawn_edits]
    return [Model("lora", one.name) for text in prompts for one in asked_loras(text, ())]
