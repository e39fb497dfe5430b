"""The items of ControlNet's units in an infotext, converted to and from control units.

Source: ControlNet's internal_controlnet/external_code.py.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from medialab.config.resolved import ResolvedConfig
from medialab.infotext.shown_names import plain_name, with_hash
from medialab.settings.choices import USUAL_RESIZE

_CONTROL = re.compile(r"\s{0,3}([\w /]{1,60}): (\([^)]*\)|[^,]+)(?:,|$)")
_MODULES = {"soft edge": "softedge_hed", "scribble": "scribble_hed", "pose": "openpose"}
_CONTROL_READ = {"Module", "Model", "Weight", "Resize Mode", "Guidance Start", "Guidance End"}
# Values that always apply here.
_CONTROL_IDLE = {"Pixel Perfect": "True", "Control Mode": "Balanced", "Hr Option": "Both"}
_PREPROCESSORS = {module: name for name, module in _MODULES.items()} | {
    "openpose_full": "pose",
    "softedge_pidinet": "soft edge",
    "scribble_pidinet": "scribble",
    "hed": "soft edge",
    "tile_resample": "tile",
}


def write_control(number_of: int) -> Callable[[ResolvedConfig], str | None]:
    """Return the function that writes the item of a unit; it returns None without so many."""

    def write(config: ResolvedConfig) -> str | None:
        units = [unit for unit in config.control if unit.counts]
        if number_of >= len(units):
            return None
        unit = units[number_of]
        module = _MODULES.get(unit.preprocessor, unit.preprocessor)
        parts = {
            "Module": module,
            "Model": with_hash(config, "controlnet", unit.model),
            "Weight": repr(unit.weight),
            "Resize Mode": (unit.resize_mode or USUAL_RESIZE).title().replace("And", "and"),
            "Guidance Start": repr(unit.start),
            "Guidance End": repr(unit.end),
        }
        return ", ".join(f"{name}: {value}" for name, value in parts.items())

    return write


def read_control(value: str, _items: Mapping[str, str]) -> dict[str, Any]:
    """Read a control unit, switched off, since an infotext does not contain its control image."""
    parts = {match[1].strip(): match[2].strip() for match in _CONTROL.finditer(value)}
    if "Model" not in parts:
        raise ValueError(value)
    module = parts.get("Module", "none").casefold()
    found = {
        "model": plain_name(parts["Model"]),
        "preprocessor": _PREPROCESSORS.get(module, module),
        "weight": float(parts.get("Weight", 1.0)),
        "start": float(parts.get("Guidance Start", 0.0)),
        "end": float(parts.get("Guidance End", 1.0)),
        "enabled": False,
    }
    if "Resize Mode" in parts:
        found["resize_mode"] = parts["Resize Mode"]
    return {"control": (found,)}


def unread_parts(value: str) -> list[str]:
    """Return the parts of a control unit that matter but have no setting here."""
    parts = [(found[1].strip(), found[2].strip()) for found in _CONTROL.finditer(value)]
    return [f"{name} {text}" for name, text in parts if not _is_idle(name, text)]


def _is_idle(name: str, value: str) -> bool:
    return name in _CONTROL_READ or _CONTROL_IDLE.get(name, "") == value
