"""The Generate button, whose menu makes more than one picture, and Cancel beside it."""

from widgets.generate.generate import MODES, Fault, Generate

__all__ = ["MODES", "Fault", "Generate"]
