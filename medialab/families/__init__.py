"""Model families: one folder each, and one line in the table below."""

from medialab.families.base import Family, KnownFamily
from medialab.families.chroma import CHROMA
from medialab.families.flux import FLUX
from medialab.families.flux2_klein import FLUX2_KLEIN_4B, FLUX2_KLEIN_9B
from medialab.families.listed.cosmos import ANIMA, COSMOS
from medialab.families.listed.flux import LONGCAT, OVIS
from medialab.families.listed.flux2 import FLUX2, FLUX2_DEV, FLUX3
from medialab.families.listed.hunyuan import HUNYUAN_IMAGE, HUNYUAN_VIDEO
from medialab.families.listed.lumina import LUMINA2
from medialab.families.listed.others import AURAFLOW, CASCADE, ERNIE, HIDREAM, IDEOGRAM4, KREA2
from medialab.families.listed.sana import PIXART, SANA
from medialab.families.listed.unets import KOLORS, ZERO123
from medialab.families.listed.videos import LTX_VIDEO, SVD, WAN
from medialab.families.paperdoll import PAPERDOLL
from medialab.families.qwen_image import QWEN_IMAGE
from medialab.families.qwen_image21 import QWEN_IMAGE_21
from medialab.families.sd import SD2, SD15
from medialab.families.sd3 import SD3
from medialab.families.sdxl import SDXL, SDXL_REFINER
from medialab.families.z_image import Z_IMAGE

__all__ = ["DENOISER_PARTS", "FAMILIES", "PART_NAMES", "RUNNING", "Family", "KnownFamily"]

# One line per family. Messages list them in this order; if a trainer's metadata fits several
# families, the first is taken.
_TABLE: tuple[KnownFamily, ...] = (
    PAPERDOLL,
    SD15,
    SD2,
    SDXL,
    SDXL_REFINER,
    SD3,
    CHROMA,
    FLUX3,
    FLUX2_KLEIN_4B,
    FLUX2_KLEIN_9B,
    FLUX2_DEV,
    FLUX2,
    FLUX,
    Z_IMAGE,
    QWEN_IMAGE_21,
    QWEN_IMAGE,
    KREA2,
    LUMINA2,
    ANIMA,
    COSMOS,
    HUNYUAN_IMAGE,
    HUNYUAN_VIDEO,
    HIDREAM,
    LONGCAT,
    OVIS,
    AURAFLOW,
    IDEOGRAM4,
    ERNIE,
    WAN,
    LTX_VIDEO,
    SANA,
    PIXART,
    CASCADE,
    SVD,
    KOLORS,
    ZERO123,
)
FAMILIES = {one.name: one for one in _TABLE}
# The families that run.
RUNNING = {one.name: one for one in _TABLE if isinstance(one, Family)}
# Names of the denoiser's subfolder in a diffusers folder, of all families, those that are only
# recognised included.
DENOISER_PARTS = tuple(
    dict.fromkeys([*(one.denoiser.part for one in RUNNING.values()), "transformer"])
)
# Names of the parts with weights; every checkpoint's folder has at least one of them.
PART_NAMES = frozenset(DENOISER_PARTS).union(*(one.opening.networks for one in RUNNING.values()))
