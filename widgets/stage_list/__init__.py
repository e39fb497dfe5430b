"""The list of stages: a row for each that is on, and a menu of the others."""

from widgets.stage_list.stage_list import StageList

__all__ = ["StageList"]
