"""The type and limits of a setting, with its label in the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from medialab.settings import shapes
from medialab.settings.fields import StageConfig

# Settings whose name is no word.
_LABELS = {"vae": "VAE"}


@dataclass(frozen=True)
class Shape(shapes.Shape):
    """One setting's type and limits, with its label in the form."""

    @property
    def label(self) -> str:
        """The setting's name as a person reads it: "Guidance scale"."""
        return _LABELS.get(self.name) or self.name.replace("_", " ").capitalize()

    @property
    def is_fixed(self) -> bool:
        """Whether there is only one possible value, as for a file format's version."""
        return len(self.choices) == 1


def shapes_of(model: type[StageConfig]) -> Mapping[str, Shape]:
    """Return the shapes of all settings of a config model, in its order."""
    return {name: Shape.of(name, field) for name, field in model.model_fields.items()}
