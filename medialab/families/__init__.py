"""Model families: one folder each, and one line in the table below."""

from medialab.families.base import Family, KnownFamily
from medialab.families.paperdoll import PAPERDOLL
from medialab.families.sd import SD2, SD15
from medialab.families.sdxl import SDXL, SDXL_REFINER
from medialab.families.z_image import Z_IMAGE

__all__ = ["FAMILIES", "Family", "KnownFamily", "running"]

# Those that run, in the order in which messages list them; those that are recognised only.
_TABLE: tuple[KnownFamily, ...] = (
    PAPERDOLL,
    SD15,
    SD2,
    SDXL,
    SDXL_REFINER,
    Z_IMAGE,
)
FAMILIES = {one.name: one for one in _TABLE}


def running() -> dict[str, Family]:
    """Return the families that run, by name."""
    return {name: one for name, one in FAMILIES.items() if isinstance(one, Family)}
