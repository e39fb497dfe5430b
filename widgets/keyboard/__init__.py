"""The keys of the panel."""

from widgets.keyboard.keyboard import Keyboard

__all__ = ["Keyboard"]
