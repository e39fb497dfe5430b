"""Z-Image: a transformer that matches flows, and a language model that reads its text."""

from medialab.families.base import KnownFamily
from medialab.families.z_image.recognition import RECOGNITION

Z_IMAGE = KnownFamily(name="z-image", recognition=RECOGNITION)
