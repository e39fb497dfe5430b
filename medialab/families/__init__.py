"""Model families: one folder each, and one line in the table below."""

from medialab.families.base import Family, KnownFamily
from medialab.families.paperdoll import PAPERDOLL
from medialab.families.sd import SD2, SD15
from medialab.families.sdxl import SDXL, SDXL_REFINER
from medialab.families.z_image import Z_IMAGE

__all__ = ["DENOISER_PARTS", "FAMILIES", "PART_NAMES", "RUNNING", "Family", "KnownFamily"]

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
# The families that run.
RUNNING = {one.name: one for one in _TABLE if isinstance(one, Family)}
# What the denoiser is called among the parts of a diffusers folder: of these families, and of those
# that are only recognised.
DENOISER_PARTS = tuple(
    dict.fromkeys([*(one.denoiser.part for one in RUNNING.values()), "transformer"])
)
# The parts with weights, one of which is in every checkpoint's folder.
PART_NAMES = frozenset(DENOISER_PARTS).union(*(one.opening.networks for one in RUNNING.values()))
