"""Presets: named parts of a request, kept as readable JSON and used on any other request."""

from medialab.presets.preset import Measured, Preset
from medialab.presets.presets import Presets

__all__ = ["Measured", "Preset", "Presets"]
