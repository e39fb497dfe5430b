"""The detections that a detailer repaints: edited by hand, of a given mask, or of its detectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError, MissingLibraryError, ModelRefusedError
from medialab.pixels import masks
from medialab.pixels.geometry import Box
from medialab.pixels.resizing import follow_mask
from medialab.stage import Frame, StageContext
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.selection import Dropped, selected, sifted
from medialab.stages.detailer.settings import AUTOMATIC, CENTRE, WORDS, DetailerConfig
from medialab.vision.detections import Detection, as_record
from medialab.vision.finders.given import GivenMask, Middle
from medialab.vision.roles import Refiner, find_by

if TYPE_CHECKING:
    from PIL import Image

# Where detections came from if neither a detector nor the middle was used.
BY_HAND, BY_MASK = "edited boxes", "a given mask"
# The most dropped detections that the record lists.
_MOST_RECORDED = 50


def detectors_of(settings: DetailerConfig) -> list[str]:
    """Return the names of the detector models in a detailer's chain."""
    return [name for name in settings.chain if name not in {AUTOMATIC, CENTRE}]


@dataclass(frozen=True)
class Search:
    """Looks for the parts of one picture that a detailer repaints.

    Attributes:
        label: The part that the detailer is for.
        frame: The stage's input; masks follow its picture's journey.
        image: The picture that is searched, 8-bit RGB.
        settings: The detailer's.
        context: Gives detectors and pictures.
    """

    label: str
    frame: Frame
    image: "Image.Image"
    settings: DetailerConfig
    context: StageContext

    def detections(self) -> tuple[list[Detection], dict[str, Any]]:
        """Return the detections to repaint, in order, and facts for the record."""
        settings = self.settings
        if settings.detections is not None:
            edited = (self._edited(edit, n) for n, edit in enumerate(settings.detections))
            detections = [replace(one, label=one.label or self.label) for one in edited]
            return detections, {"found_by": BY_HAND}
        detections, facts, dropped = self._found()
        if settings.mask_refiner:
            detections = self._refined(detections, settings.mask_refiner)
            facts["mask_refiner"] = settings.mask_refiner
        is_given = settings.mask is not None
        kept, more = selected(detections, self.image, settings, is_given=is_given)
        if every := [*dropped, *more]:
            recorded = every[:_MOST_RECORDED]
            facts["dropped"] = [as_record(one.detection, reason=one.reason) for one in recorded]
            facts["dropped_count"] = len(every)
        return kept, facts

    def _refined(self, detections: list[Detection], name: str) -> list[Detection]:
        """Return the detections with the shapes that a SAM model gives them."""
        refiner = self.context.detector(name)
        if not isinstance(refiner, Refiner):
            message = f"mask_refiner {name!r} is no SAM model; it refines none"
            raise ConfigError(message)
        # Only drawn detections are refined: a shape costs more than a box.
        if self.settings.detects:
            detections = sifted(detections, self.image, self.settings).kept
        return [refiner.refine(self.image, one) for one in detections]

    def _found(self) -> tuple[list[Detection], dict[str, Any], list[Dropped]]:
        """Return detections by a given mask, the detectors or the middle; facts; those dropped."""
        settings = self.settings
        if settings.mask is not None:
            facts: dict[str, Any] = {"found_by": BY_MASK}
            if words := self.context.picture_changes(settings.mask, "mask"):
                facts["mask"] = list(words)
            return GivenMask(self._mask(settings.mask)).find(self.image, self.label), facts, []
        middle = Middle()
        if settings.chain == (CENTRE,):
            return middle.find(self.image, self.label), {"found_by": CENTRE}, []
        detections, rows, dropped = self._detected()
        facts = {"detectors": rows, "found_by": _found_by(rows)}
        in_chain = CENTRE in settings.chain
        if not detections and (in_chain or settings.fallback == CENTRE):
            detections, facts["found_by"] = middle.find(self.image, self.label), CENTRE
            facts |= {} if in_chain else {"fallback": CENTRE}
        return detections, facts, dropped

    def _detected(self) -> tuple[list[Detection], list[dict[str, Any]], list[Dropped]]:
        """Return the detections of the first detector that has any.

        A detector that cannot be used is skipped if there are others.

        Returns:
            The detections, a row for the record of each detector that was tried, and the
            detections that were dropped.
        """
        settings = self.settings
        words = settings.words or WORDS.get(self.label, (self.label,))
        rows: list[dict[str, Any]] = []
        dropped: list[Dropped] = []
        for name in detectors_of(settings):
            try:
                found = find_by(self.context.detector(name), name, self.image, *words)
            except (MissingLibraryError, ModelRefusedError) as error:
                if len(settings.chain) == 1:
                    raise
                rows.append({"name": name, "skipped": str(error)})
                continue
            kept, lost = sifted(found, self.image, settings)
            rows.append({"name": name, "found": len(found), "kept": len(kept)})
            dropped += lost
            if kept:
                return kept, rows, dropped
        return [], rows, dropped

    def _edited(self, edit: DetectionEdit, number: int) -> Detection:
        """Return an edited detection; its mask is moved and resized with its box.

        Of one that is switched off outside the picture, nothing is masked.

        Raises:
            ConfigError: it is to be repainted outside the picture.
        """
        width, height = self.image.size
        whole = Box(*edit.box)
        box = whole.within(width, height)
        if not box.area and edit.enabled:
            message = f"the box {edit.box} lies outside the picture of {width} × {height}"
            raise ConfigError(message)
        shape = masks.box_mask(box, width, height)
        if edit.mask is not None:
            given = self._mask(edit.mask)
            if (inside := masks.bounding_box(given)) is not None:
                shape = masks.fitted(given, inside, whole)
        index = number if edit.index is None else edit.index
        return Detection(edit.label, edit.confidence, box if box.area else whole, shape, index)

    def _mask(self, name: str) -> "Image.Image":
        """Return a stored mask, moved and resized as the picture was."""
        given = self.context.picture(name, "mask")
        return follow_mask(given, self.frame.journey, self.image.size)


def _found_by(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the detector whose detections are repainted; if there are none, all that ran."""
    looked = [row for row in rows if "found" in row]
    return ", ".join(row["name"] for row in looked[-1:] if row["kept"]) or ", ".join(
        row["name"] for row in looked
    )
