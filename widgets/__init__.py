"""Notebook panels over `medialab`; never torch."""

from widgets.batch_grid import BatchGrid
from widgets.studio import Studio

__all__ = ["BatchGrid", "Studio"]
