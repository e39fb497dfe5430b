"""The stages of a run in a row."""

from widgets.stage_strip.stage_strip import StageStrip

__all__ = ["StageStrip"]
