"""The models in the models folder as cards with a picture, and as a picker of one."""

from widgets.models_shelf.models_shelf import (
    OF_ALL,
    OF_BIN,
    Action,
    Binned,
    Card,
    Details,
    ModelsShelf,
)

__all__ = ["OF_ALL", "OF_BIN", "Action", "Binned", "Card", "Details", "ModelsShelf"]
