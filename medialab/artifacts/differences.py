"""What differs between the settings of two pictures, or of a picture and a request."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.settings.fields import StageConfig, SwitchedConfig
from medialab.stages import STAGES

# Settings that belong to the file or to this machine, not to the picture.
_BOUND: Final = frozenset({"checkpoint_sha256", "made_for", "models_sha256", "schema_version"})
_TIED: Final = frozenset({"threads", "dtype", "together"})
_NAMES: Final = frozenset(stage.name for stage in STAGES)


class Difference(NamedTuple):
    """A setting by its dotted name, such as "face.steps", with both its values.

    A value is None where the setting is inherited, and where its stage does not run.
    """

    name: str
    one: Any
    other: Any


def settings_in(config: PipelineConfig) -> dict[str, Any]:
    """Return the settings of what runs, by their dotted names, in the form's order.

    A stage that is switched off has only its switch, "face.enabled"; the settings of modes that
    are not in use are left out.
    """
    found: dict[str, Any] = {}
    for name, value in config:
        if name in _BOUND | _TIED:
            continue
        if not isinstance(value, StageConfig):
            found[name] = value
            continue
        is_switch = isinstance(value, SwitchedConfig)
        runs = name in _NAMES and config.runs(name)
        for own, setting in value:
            if runs or (is_switch and own == "enabled"):
                found[f"{name}.{own}"] = setting
    return found


def differences(one: PipelineConfig, other: PipelineConfig) -> list[Difference]:
    """Return the settings in which two requests differ, those of the first in its order."""
    first, second = settings_in(one), settings_in(other)
    names: Mapping[str, None] = dict.fromkeys([*first, *second])
    return [
        Difference(name, first.get(name), second.get(name))
        for name in names
        if first.get(name) != second.get(name)
    ]
