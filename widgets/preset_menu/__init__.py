"""The presets in the settings' column."""

from widgets.preset_menu.preset_menu import PARTS, PresetMenu

__all__ = ["PARTS", "PresetMenu"]
