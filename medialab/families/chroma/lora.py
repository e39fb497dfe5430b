"""LoRAs for Chroma: the layers of Flux.1's blocks, and those that make its modulation."""

from medialab.families.flow.lora import TransformerLoRAs
from medialab.families.flow.lora_names import FLUX_BARE, FLUX_BLOCKS, FLUX_JOINED, T5_ALONE

_GUIDANCE = "distilled_guidance_layer"

LORAS = TransformerLoRAs(
    names={
        **FLUX_BLOCKS,
        "img_in": "x_embedder",
        "txt_in": "context_embedder",
        "final_layer.linear": "proj_out",
        f"{_GUIDANCE}.layers.N.in_layer": f"{_GUIDANCE}.layers.N.linear_1",
        f"{_GUIDANCE}.layers.N.out_layer": f"{_GUIDANCE}.layers.N.linear_2",
    },
    joined=FLUX_JOINED,
    halved={},
    texts=T5_ALONE,
    bare=(*FLUX_BARE, f"{_GUIDANCE}."),
    blocks=({"transformer_blocks": 19, "single_transformer_blocks": 38},),
)
