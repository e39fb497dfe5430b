"""LoRAs for Flux.1: its layers' names in the original code, XLabs' included."""

from medialab.families.flow.lora import TransformerLoRAs
from medialab.families.flow.lora_names import CLIP_AND_T5, FLUX_BARE, FLUX_BLOCKS, FLUX_JOINED

_TIME = "time_text_embed"

LORAS = TransformerLoRAs(
    names={
        **FLUX_BLOCKS,
        "img_in": "x_embedder",
        "txt_in": "context_embedder",
        "time_in.in_layer": f"{_TIME}.timestep_embedder.linear_1",
        "time_in.out_layer": f"{_TIME}.timestep_embedder.linear_2",
        "vector_in.in_layer": f"{_TIME}.text_embedder.linear_1",
        "vector_in.out_layer": f"{_TIME}.text_embedder.linear_2",
        "guidance_in.in_layer": f"{_TIME}.guidance_embedder.linear_1",
        "guidance_in.out_layer": f"{_TIME}.guidance_embedder.linear_2",
        "double_blocks.N.img_mod.lin": "transformer_blocks.N.norm1.linear",
        "double_blocks.N.txt_mod.lin": "transformer_blocks.N.norm1_context.linear",
        "single_blocks.N.modulation.lin": "single_transformer_blocks.N.norm.linear",
        "final_layer.linear": "proj_out",
    },
    joined=FLUX_JOINED,
    halved={"final_layer.adaLN_modulation.1": "norm_out.linear"},
    texts=CLIP_AND_T5,
    bare=FLUX_BARE,
    blocks=({"transformer_blocks": 19, "single_transformer_blocks": 38},),
)
