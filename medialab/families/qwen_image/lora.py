"""LoRAs for Qwen-Image, whose original code has diffusers' names.

Source: diffusers loaders/lora_conversion_utils.py _convert_non_diffusers_qwen_lora_to_diffusers.
"""

from medialab.families.flow.lora import TransformerLoRAs

_ATTENTION = "transformer_blocks.N.attn"

LORAS = TransformerLoRAs(
    names={},
    joined={
        f"{_ATTENTION}.add_qkv_proj": tuple(f"{_ATTENTION}.add_{one}_proj" for one in "qkv"),
    },
    halved={},
    texts={"lora_te_": "text_encoder", "text_encoder.": "text_encoder"},
    bare=("transformer_blocks.", "img_in", "txt_in", "time_text_embed.", "norm_out.", "proj_out"),
    blocks=({"transformer_blocks": 60},),
)
