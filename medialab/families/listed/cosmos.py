"""NVIDIA's Cosmos, and Anima that is built on it."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature
from medialab.files.predictions import FLOW

ANIMA = KnownFamily(
    name="anima",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(Signature((("llm_adapter.",),)),),
        written=r"anima\b",
    ),
)

COSMOS = KnownFamily(
    name="cosmos",
    recognition=Recognition(
        signatures=(
            Signature(
                (("t_embedder.1.linear_",), ("time_embed.t_embedder",), ("blocks.block0.",)),
                ("llm_adapter.",),
            ),
        ),
        classes=("CosmosTransformer3DModel",),
        vaes=(Signature((("encoder.conv_in.conv_s.",),)),),
    ),
)
