"""The presets in the settings' column."""

from widgets.preset_menu.preset_menu import PARTS, Changes, PresetMenu

__all__ = ["PARTS", "Changes", "PresetMenu"]
