"""Presets: named parts of a request, kept as readable JSON and used on any other request."""

from medialab.presets.preset import Measured, Preset
from medialab.presets.presets import Presets, for_photo

__all__ = ["Measured", "Preset", "Presets", "for_photo"]
