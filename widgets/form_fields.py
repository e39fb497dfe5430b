"""The fields of the form's sheets."""

from collections.abc import Sequence
from typing import Any

from medialab.stages import MODES, STAGES, TITLES
from widgets.arrangement import MORE, SIGHT, TEXTS, arrangement_of
from widgets.catalogue import Catalogue
from widgets.descriptors import field_of, fields_of, titles_of
from widgets.form_limits import FormLimits, can_any
from widgets.form_shapes import OF_STAGES, REFERENCES, SHAPES, SIDES, SIZE, START_SIZE, WHOLE
from widgets.form_values import (
    CUSTOM,
    FROM_NOISE,
    KEEP,
    MODEL,
    OF_THE_CHECKPOINT,
    REPAIR,
    FormValues,
)
from widgets.lora_fields import info_of_loras, places_of_loras
from widgets.size_choice import size_value, sizes_offered

USES = {
    REPAIR: "Picture to repair",
    "img2img": "Repaint (image to image)",
    "inpaint": "Repaint a part (inpaint)",
    "outpaint": "Extend (outpaint)",
    "instruct": "Edit in words",
}
_FITS = [["Model's size", MODEL], ["Keep its size", KEEP], ["Custom…", CUSTOM]]
GROUPS: list[dict[str, Any]] = [
    {"name": "negative", "title": "Negative prompt", "folded": True},
    {"name": "picture", "title": "Picture"},
]


class FormFields:
    """Makes the fields of the form's sheets from its values and the names that are here.

    Args:
        values: the form's state.
        catalogue: the names of models.
        limits: what the chosen checkpoints cannot do.
    """

    def __init__(self, values: FormValues, catalogue: Catalogue, limits: FormLimits) -> None:
        self._values, self._catalogue, self._limits = values, catalogue, limits
        self.native: int | None = None  # the checkpoint's side in pixels

    def start(self) -> list[dict[str, Any]]:
        """Return the fields of the start picture; without one there is only its slot."""
        picture = self._field("image", "")
        picture |= {"label": "Start from", "help": "The picture to start from, or none."}
        if self._values.value("image") is None:
            return [picture]
        use = {
            "name": "use",
            "label": "Use it as",
            "kind": "choice",
            "help": "What is done with the start picture.",
            "wide": True,
            "choices": [[title, mode] for mode, title in _uses().items() if self._is_offered(mode)],
        }
        return [picture, use, *self._references(), *self._fit()]

    def _is_offered(self, mode: str) -> bool:
        """Return whether a use of the start picture is one that any checkpoint here has."""
        return mode == self._values.mode or can_any(mode, self._catalogue.infos)

    def _references(self) -> list[dict[str, Any]]:
        """Return the field of the further pictures that an instruction may speak of."""
        if self._values.mode != "instruct":
            return []
        return [field_of(OF_STAGES["instruct"]["references"], self._names, name=REFERENCES)]

    def _fit(self) -> list[dict[str, Any]]:
        if self._values.mode == REPAIR:  # its parts are drawn at the model's size, never the whole
            return []
        fit = {
            "name": "fit",
            "label": "Fit",
            "kind": "choice",
            "help": "The size at which it is drawn.",
            "choices": _FITS,
        }
        if self._values.value("fit") != CUSTOM:
            return [fit]
        size = {
            "name": START_SIZE,
            "label": "Size",
            "kind": "size",
            "help": "The width and height to which it is brought; none: its own.",
            "choices": [["Its own size", None]],
            "step": 1,
        }
        return [fit, size, self._field("resize_mode", "")]

    def basics(self) -> list[dict[str, Any]]:
        """Return the fields of the whole picture that are always in sight."""
        fields = [
            self._field(name, "negative" if name == "negative_prompt" else "") for name in TEXTS
        ]
        for name in SIGHT:
            if name == "width":
                fields += [self._size()] if self._values.mode == FROM_NOISE else []
            elif name != "height":
                fields.append(self._field(name, "picture"))
        for field in fields:
            if field["name"] == "checkpoint":
                refresh = {"name": "refresh", "label": "↻", "help": "Look for new models"}
                field["actions"] = [refresh]
            elif field["name"] == "sampler":
                self._limits.limit_samplers(field)
            elif field["name"] == "seed":
                field |= {"kind": "seed", "optional": False, "slider": False}
                field.pop("default", None)
        return self._with_loras(fields)

    def _with_loras(self, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the fields with what is known of the LoRAs in their lists."""
        stages = [stage.name for stage in STAGES if "loras" in OF_STAGES.get(stage.name, ())]
        for field in fields:
            if field["kind"] == "loras":
                own = self._values.value(field["name"]) or ()
                field["info"] = info_of_loras(self._catalogue, [one["name"] for one in own])
                field["also"] = places_of_loras(self._values, TITLES, stages, field["name"])
        return fields

    def _size(self) -> dict[str, Any]:
        return {
            "name": SIZE,
            "label": "Size",
            "kind": "size",
            "group": "picture",
            "help": "A model works best near the number of pixels it was trained with.",
            "choices": sizes_offered(self.native),
        }

    def sizes(self) -> dict[str, Any]:
        """Return the values of the fields that stand for width and height."""
        found = {}
        for name, sides in SIDES.items():
            width, height = map(self._values.value, sides)
            found[name] = size_value(width, height, self.native if name == SIZE else None)
        return found

    def of(self, part: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """Return the fields and groups of a stage's sheet, or of the `WHOLE` picture's rest."""
        names = self._names
        if part == WHOLE:
            fields = self._limits.without_untold(fields_of(SHAPES, MORE.groups, names))
            for field in fields:
                if field["name"] in {*OF_THE_CHECKPOINT, "variation_seed"}:
                    field["optional"] = True
                    field.pop("default", None)
            self._limits.limit_schedules(fields)
            self._limits.limit_successors(fields)
            return fields, titles_of(MORE)
        arrangement = arrangement_of(part, OF_STAGES.get(part, ()))
        if part not in OF_STAGES:
            return fields_of(SHAPES, arrangement.groups, names), titles_of(arrangement)
        fields = fields_of(OF_STAGES[part], arrangement.groups, names, stage=part)
        return self._with_loras(self._limits.without_untold(fields)), titles_of(arrangement)

    def main(self, part: str) -> dict[str, Any] | None:
        """Return the field whose slider stands in a stage's row."""
        arrangement = arrangement_of(part, OF_STAGES.get(part, ()))
        if not arrangement.main:
            return None
        if part not in OF_STAGES:
            return self._field(arrangement.main, "")
        shape = OF_STAGES[part][arrangement.main]
        return field_of(shape, self._names, name=f"{part}.{arrangement.main}")

    def _field(self, name: str, group: str) -> dict[str, Any]:
        field = field_of(SHAPES[name], self._names, group=group)
        if name in OF_THE_CHECKPOINT:
            field["optional"] = True
            field.pop("default", None)
        return field

    def _names(self, kind: str) -> Sequence[str]:
        return self._catalogue.of(kind).names


def _uses() -> dict[str, str]:
    """Return the modes that start from a picture, with what they are called; new ones come last."""
    others = {mode: TITLES[mode] for mode in MODES if mode not in {FROM_NOISE, *USES}}
    return {**USES, **others}
