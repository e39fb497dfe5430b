"""Families with a UNet that reads pictures or the embeddings of another text encoder than CLIP."""

from medialab.families.base import KnownFamily, Recognition

KOLORS = KnownFamily(
    name="kolors",
    recognition=Recognition(
        unet_mark="encoder_hid_proj.",
    ),
)

ZERO123 = KnownFamily(
    name="zero123",
    recognition=Recognition(
        unet_mark="cc_projection",
    ),
)
