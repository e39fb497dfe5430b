"""The sheet: many settings drawn by one widget."""

from widgets.sheet.description import KINDS, Field
from widgets.sheet.sheet import Sheet, Thumbnail

__all__ = ["KINDS", "Field", "Sheet", "Thumbnail"]
