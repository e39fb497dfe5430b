"""Lumina 2, whose layers Z-Image took over."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into
from medialab.files.predictions import FLOW

# Layers of a "next DiT" transformer, and those of it that neither Lumina 2 nor Z-Image has.
NEXT_DIT = (("layers.N.attention.qkv",), ("layers.N.feed_forward.w",))
NO_NEXT_DIT = ("adaLN_sa_ln", "llm_cond_proj", "embed_image_indicator", "ref_image_refiner")

LUMINA2 = KnownFamily(
    name="lumina2",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (("layers.N.adaLN_modulation.1",), ("time_caption_embed", "noise_refiner.N.")),
                (*NO_NEXT_DIT, "layers.N.adaLN_modulation.0", "image_index_embedding"),
            ),
            Signature(
                (*NEXT_DIT, ("cap_embedder",)),
                (*NO_NEXT_DIT, "layers.N.adaLN_modulation.0", "x_pad_token"),
                needs=(
                    into("cap_embedder", 2304),
                    into("^layers.N.attention.qkv", 2304),
                    into("^layers.N.feed_forward.w", 2304),
                ),
            ),
            Signature(
                (("^layers.N.attn.to_",), ("^layers.N.feed_forward.linear_1",)),
                needs=(
                    into("^layers.N.attn.to_q", 2304),
                    into("^layers.N.feed_forward.linear_", 2304),
                ),
            ),
        ),
        classes=("Lumina2Transformer2DModel",),
        written=r"lumina[-_ ]?2|lumina-image-2",
    ),
)
