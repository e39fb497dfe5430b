"""LoRAs for Flux.2 Klein: its layers' names in the original code.

Source: diffusers loaders/single_file_utils.py convert_flux2_transformer_checkpoint_to_diffusers;
lora_conversion_utils.py _convert_kohya_flux2_lora_to_diffusers and its neighbours. diffusers 0.42
swaps the halves of the last modulation in checkpoints and not in LoRAs; here both are swapped.
"""

from dataclasses import replace

from medialab.families.flow.lora import TransformerLoRAs
from medialab.families.flow.lora_names import FLUX_BARE

_DOUBLE, _SINGLE, _TIME = (
    "transformer_blocks.N",
    "single_transformer_blocks.N",
    "time_guidance_embed",
)
_SIDES = (("img", "ff", "to_out.0"), ("txt", "ff_context", "to_add_out"))

_OF_4B = TransformerLoRAs(
    names={
        "img_in": "x_embedder",
        "txt_in": "context_embedder",
        "time_in.in_layer": f"{_TIME}.timestep_embedder.linear_1",
        "time_in.out_layer": f"{_TIME}.timestep_embedder.linear_2",
        "guidance_in.in_layer": f"{_TIME}.guidance_embedder.linear_1",
        "guidance_in.out_layer": f"{_TIME}.guidance_embedder.linear_2",
        **{
            f"{one}.lin": f"{one}.linear"
            for one in (
                "single_stream_modulation",
                "double_stream_modulation_img",
                "double_stream_modulation_txt",
            )
        },
        **{f"double_blocks.N.{side}_mlp.0": f"{_DOUBLE}.{ff}.linear_in" for side, ff, _ in _SIDES},
        **{f"double_blocks.N.{side}_mlp.2": f"{_DOUBLE}.{ff}.linear_out" for side, ff, _ in _SIDES},
        **{f"double_blocks.N.{side}_attn.proj": f"{_DOUBLE}.attn.{out}" for side, _, out in _SIDES},
        "single_blocks.N.linear1": f"{_SINGLE}.attn.to_qkv_mlp_proj",
        "single_blocks.N.linear2": f"{_SINGLE}.attn.to_out",
        "final_layer.linear": "proj_out",
    },
    joined={
        "double_blocks.N.img_attn.qkv": tuple(f"{_DOUBLE}.attn.to_{one}" for one in "qkv"),
        "double_blocks.N.txt_attn.qkv": tuple(f"{_DOUBLE}.attn.add_{one}_proj" for one in "qkv"),
    },
    halved={"final_layer.adaLN_modulation.1": "norm_out.linear"},
    texts={"lora_te_": "text_encoder", "text_encoder.": "text_encoder"},
    bare=(*FLUX_BARE, "single_stream_modulation.", "double_stream_modulation_"),
    blocks=({"transformer_blocks": 5, "single_transformer_blocks": 20},),
    # Some exports of diffusers' names begin in the middle.
    beginnings={"sformer_blocks.": "transformer_blocks."},
)
_BLOCKS_OF_9B = {"transformer_blocks": 8, "single_transformer_blocks": 24}
# By family.
LORAS = {"flux2-klein-4b": _OF_4B, "flux2-klein-9b": replace(_OF_4B, blocks=(_BLOCKS_OF_9B,))}
