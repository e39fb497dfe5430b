"""What has no use with the form's checkpoints or file format: left out, or greyed with why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medialab.listing.runnable import why_not_in
from medialab.loading.registry import ModelInfo
from medialab.settings.samplers import SAMPLERS
from medialab.settings.sampling import DISTILLED
from medialab.stages import MODES
from widgets.descriptors import offered
from widgets.form_shapes import KEEPING, OF_STAGES, REFERENCES, SHAPES
from widgets.form_values import FROM_NOISE, FormValues
from widgets.model_defaults import ModelDefaults

_GUIDANCE = "guidance_scale"  # it has a number at all times, so that it is greyed as it is


class FormLimits:
    """Tells what has no use with the checkpoints, or the file format, that are chosen.

    Args:
        values: the form's state.
        defaults: what is known of checkpoints.
    """

    def __init__(self, values: FormValues, defaults: ModelDefaults) -> None:
        self._values, self._defaults = values, defaults

    def reasons(self, names: Sequence[str]) -> dict[str, str]:
        """Return why those of these fields that have no use as the form is now cannot be set.

        References, ControlNets and models that are set can be removed.
        """
        untold = (name for name in names if self._is_untold(name))
        found = dict.fromkeys(untold, "This checkpoint is told no guidance.")
        scales = (name for name in names if name.rpartition(".")[2] == _GUIDANCE)
        found |= {name: why for name in scales if (why := self._why_not(name))}
        found |= {name: why for name, why in self._of_the_file().items() if name in names}
        if {REFERENCES, KEEPING} & {*names}:
            unread = self._defaults.editing(self._checkpoint(REFERENCES))
            found |= {f"instruct.{name}": why for name, why in unread.items()}
            if self._is_set(REFERENCES):
                found.pop(REFERENCES, None)
        unused = {name: self._why_not(name) for name in names if not self._is_set(name)}
        return found | {name: why for name, why in unused.items() if why}

    def in_vain(self) -> dict[str, str]:
        """Return why settings that are set cannot be used, by name; of stages that are on."""
        parts = ["", *(stage for stage in OF_STAGES if self._is_on(stage))]
        names = ("control", "vae", "text_encoder", "negative_prompt", "step_cache", "weight_dtype")
        places = [f"{part}.{name}" if part else name for part in parts for name in names]
        return {
            place: why
            for place in places
            if place in self._values and self._is_set(place) and (why := self._why_not(place))
        }

    def why_no_mode(self) -> str:
        """Return why the checkpoint does not draw in the form's mode; "" if it does."""
        mode = self._values.mode
        return self._defaults.why_not_in(mode, self._checkpoint(f"{mode}."))

    def has(self, stage: str) -> bool:
        """Return whether a stage of the whole picture has any use with its checkpoint."""
        return self._is_set(stage) or not self._why_not(stage)

    def without_untold(self, fields: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the fields without a distilled guidance that the checkpoint is not told.

        One that is set stays, so that it can be seen and set back.
        """
        return [
            field
            for field in fields
            if self._is_set(field["name"]) or not self._is_untold(field["name"])
        ]

    def limit_samplers(self, field: dict[str, Any]) -> None:
        """Offer only the samplers that run the checkpoint, and the one that is set."""
        can = self._defaults.samplers(self._values.in_force("checkpoint") or "")
        now = self._values.value("sampler")
        if can:
            field["choices"] = [one for one in field["choices"] if one[1] in {*can, now}]

    def limit_successors(self, fields: Sequence[dict[str, Any]]) -> None:
        """Offer only the checkpoints that can finish what the chosen one began, and the set one."""
        first = str(self._values.value("checkpoint") or "")
        for field in fields:
            if field["name"] == "handover_checkpoint":
                now = self._values.value("handover_checkpoint")
                field["choices"] = [
                    one
                    for one in field["choices"]
                    if one[1] in {None, "", now} or not self._defaults.why_not_after(first, one[1])
                ]

    def limit_schedules(self, fields: Sequence[dict[str, Any]]) -> None:
        """Offer only the schedules that the sampler has with the checkpoint."""
        can = self.schedules()
        for field in fields:
            if field["name"] == "schedule":
                field["choices"] = [one for one in field["choices"] if one[1] in can]

    def schedules(self) -> Sequence[str]:
        """Return the schedules that the sampler has with the checkpoint; all if it is unknown."""
        sampler = str(self._values.in_force("sampler"))
        run = self._defaults.samplers(self._values.in_force("checkpoint") or "")
        return run.get(sampler) or schedules_of(sampler)

    def _of_the_file(self) -> dict[str, str]:
        """Return why settings of the file have no use in its format."""
        now, lossless = self._values.value("format"), self._values.value("lossless")
        found = {}
        if now == "png" or (now == "webp" and lossless):
            found["quality"] = f"A {'PNG' if now == 'png' else 'lossless WebP'} loses nothing."
        if now != "webp":
            often = "always" if now == "png" else "never"
            found["lossless"] = f"A {now.upper()} is {often} lossless."
        return found

    def _why_not(self, name: str) -> str:
        """Return why a setting has no use with its stage's checkpoint; "" if it has one."""
        why: Mapping[str, str] = self._defaults.limits(self._checkpoint(name))
        return why.get(name.rpartition(".")[2], "")

    def _is_untold(self, name: str) -> bool:
        """Return whether a setting is a distilled guidance that its checkpoint is not told."""
        return name.endswith(DISTILLED) and self._defaults.is_untold(self._checkpoint(name))

    def _is_set(self, name: str) -> bool:
        if name not in self._values:
            return False
        value, shape = self._values.value(name), SHAPES.get(name)
        return bool(value) and (shape is None or value != shape.default)

    def _is_on(self, stage: str) -> bool:
        if stage in MODES:
            return stage == self._values.mode != FROM_NOISE
        return self._is_set(f"{stage}.enabled")

    def _checkpoint(self, name: str) -> str:
        """Return the checkpoint of the stage that a field is of."""
        stage, _, _ = name.rpartition(".")
        place = f"{stage}.checkpoint"
        own = self._values.value(place) if stage and place in self._values else None
        return str(own or self._values.value("checkpoint") or "")


def can_any(mode: str, listed: Iterable[ModelInfo]) -> bool:
    """Return whether a checkpoint among these models draws in a mode, or one of its editions."""
    usable = (one for one in listed if one.kind == "checkpoint" and one.refused is None)
    return any(
        why_not_in(mode, one.family, one.variant, edition) is None
        for one in usable
        for edition in ((one.edition,) if one.edition else ("", *one.editions))
    )


def schedules_of(sampler: Any) -> tuple[str, ...]:
    """Return the schedules that a sampler supports; of an unknown one all are offered."""
    known = SAMPLERS.get(str(sampler))
    every = tuple(value for _, value in offered(SHAPES["schedule"], lambda _: ()))
    if known is None:
        return every
    return tuple(name for name in every if name == "automatic" or name in known.schedules)
