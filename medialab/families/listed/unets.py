"""Families of a UNet that read other text than CLIP's, or pictures."""

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
