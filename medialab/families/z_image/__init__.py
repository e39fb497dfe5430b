"""Z-Image: a transformer that matches flows, and a Qwen3 for its text; recognised, not yet run."""

from medialab.families.base import KnownFamily
from medialab.families.z_image.recognition import RECOGNITION

Z_IMAGE = KnownFamily(name="z-image", recognition=RECOGNITION)
