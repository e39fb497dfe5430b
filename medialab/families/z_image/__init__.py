"""Z-Image: a transformer that matches flows, and a Qwen3 for its text; recognised, not yet run."""

from medialab.families.base import KnownFamily, Recognition

Z_IMAGE = KnownFamily(
    name="z-image",
    recognition=Recognition(classes=("ZImageTransformer2DModel", "ZImageControlNetModel")),
)
