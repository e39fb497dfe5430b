"""Notebook panels over `medialab`; never torch."""

from widgets.studio import Studio

__all__ = ["Studio"]
