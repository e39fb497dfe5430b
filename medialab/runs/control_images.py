"""The control image that a ControlNet would be shown, before any run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import shown_of
from medialab.errors import ConfigError
from medialab.pictures.store import PictureStore, Use
from medialab.pixels.preprocessors import check_library

if TYPE_CHECKING:
    from PIL import Image

    from medialab.loading.registry import ModelRegistry
    from medialab.settings.control_units import ControlUnit

# Pixels of the longer side at most: enough to see outlines, and quick.
_LONGEST = 768


class _Here:
    """The pictures and the detectors of this machine, as a unit's preparation takes them."""

    def __init__(self, registry: "ModelRegistry", pictures: PictureStore) -> None:
        self._registry, self._pictures = registry, pictures

    def controlnet(self, name: str) -> Any:
        raise TypeError(name)  # a control image needs none

    def detector(self, name: str) -> Any:
        return self._registry.load(self._registry.find(name, "detector"))

    def picture(self, name: str, use: Use = "photo") -> "Image.Image":
        return self._pictures.load(name, use)

    def picture_changes(self, name: str, use: Use = "photo") -> Sequence[str]:
        return self._pictures.changes(name, use)


def control_image(
    unit: "ControlUnit", registry: "ModelRegistry", pictures: PictureStore
) -> "Image.Image":
    """Return a unit's own picture as its preprocessor prepares it; see `Workbench.control_image`.

    Raises:
        ConfigError: the unit has no picture of its own.
    """
    if unit.image is None:
        message = f"the ControlNet {unit.model!r} has no picture of its own; choose one for it"
        raise ConfigError(message).in_code("set its image to bench.keep(picture)").about("control")
    check_library(unit.preprocessor)
    width, height = pictures.size(unit.image)
    scale = min(1.0, _LONGEST / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return shown_of(unit, None, size, _Here(registry, pictures))
