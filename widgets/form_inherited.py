"""What is in force where the form leaves a setting open."""

import re
from collections.abc import Sequence
from typing import Any

from medialab.settings.sampling import SAMPLING_NAMES
from medialab.stages.detailer.settings import DetailerConfig
from widgets.form_shapes import OF_STAGES, SHAPES, SIZE
from widgets.form_values import OF_THE_CHECKPOINT, FormValues
from widgets.model_defaults import ModelDefaults
from widgets.shapes import Shape

_AS_PICTURE = "as the picture"
# In a help text: what is in force where the setting is left empty.
_EMPTY = re.compile(r"(?:empty|unset): ([^.;]+)")


class FormInherited:
    """Tells what is in force for values that are None.

    Args:
        values: the form's state.
        defaults: the settings that checkpoints begin with.
    """

    def __init__(self, values: FormValues, defaults: ModelDefaults) -> None:
        self._values, self._defaults = values, defaults
        self.last_seed: int | None = None  # of the last picture

    def of(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what is in force for these values where they are None."""
        found = {}
        for name in names:
            stage, _, setting = name.rpartition(".")
            own = self._of_stage(stage, setting) if stage else self._of_picture(name)
            if own is not None:
                found[name] = own
        return found

    def _of_picture(self, name: str) -> Any:
        if name in OF_THE_CHECKPOINT and name in self._values.defaults:
            return self._values.defaults[name]
        if name == "seed":
            return self.last_seed
        if name == SIZE:
            native = self._defaults.native_size(str(self._values.value("checkpoint") or ""))
            return None if native is None else {"width": native, "height": native}
        if name == "variation_seed":
            return "random"
        if name not in SHAPES:
            return None
        return _when_empty(SHAPES[name]) if SHAPES[name].default is None else SHAPES[name].default

    def _of_stage(self, stage: str, setting: str) -> Any:
        if stage == "start":
            return None
        shape = OF_STAGES[stage][setting]
        if setting in SAMPLING_NAMES:
            own = self._of_base(setting)
            # A menu has no room for more than the value.
            return own if shape.choices or shape.named else {"value": own, "note": _AS_PICTURE}
        if SHAPES[stage].kind is DetailerConfig:
            checkpoint = self._values.value(f"{stage}.checkpoint")
            own = self._defaults.detailer(str(checkpoint or self._values.value("checkpoint") or ""))
            if setting in own:
                return {"value": own[setting], "note": "the model's usual"}
        return _when_empty(shape)

    def _of_base(self, setting: str) -> Any:
        value = self._values.in_force(setting)
        if setting == "seed" and value is None:
            return "random"
        if setting == "loras":
            return value
        if isinstance(value, list):
            return ", ".join(str(one.get("name") or one.get("model")) for one in value) or "none"
        if setting in {"vae", "text_encoder"} and value == "":
            return "the checkpoint's own"
        return value


def _when_empty(shape: Shape) -> str | None:
    """Return what the help text says of a setting that is left empty; None if it says nothing."""
    found = _EMPTY.search(shape.help) if shape.optional else None
    if found is None:
        return None
    return found[1] if shape.kind is str else "auto"  # a number's box is narrow
