"""Rules that recognise Z-Image: original and diffusers' names, LoRAs and ControlNets."""

from medialab.families.base import Recognition
from medialab.families.layers import Signature, into
from medialab.families.listed.lumina import NEXT_DIT, NO_NEXT_DIT

RECOGNITION = Recognition(
    signatures=(
        Signature(
            (
                ("layers.N.adaLN_modulation.0",),
                ("^layers.N.attention.to_",),
                ("control_all_x_embedder",),
                ("control_layers.N.",),
                ("cap_pad_token", "x_pad_token"),
            ),
            (
                *NO_NEXT_DIT,
                *("layers.N.adaLN_modulation.1", "time_caption_embed", "adaln_proj", "perceiver."),
            ),
            # Ideogram 4's width, Lumina 2's and Fibo 2's.
            unlike=(into("cap_embedder", 2304), into("^layers.N.attention", 4608, 2304, 3584)),
        ),
        Signature(
            NEXT_DIT,
            (*NO_NEXT_DIT, "layers.N.adaLN_modulation.1"),
            needs=(
                into("^layers.N.attention.qkv", 3840),
                into("^layers.N.feed_forward.w", 3840),
            ),
        ),
    ),
    classes=("ZImageTransformer2DModel", "ZImageControlNetModel"),
    written=r"z[-_ ]?image",
)
