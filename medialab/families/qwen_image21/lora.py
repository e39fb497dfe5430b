"""LoRAs for Qwen-Image 2.1: diffusers' names but for a layer that ComfyUI joins.

Source: diffusers loaders/single_file_utils.py
convert_qwen_image21_transformer_checkpoint_to_diffusers.
"""

from medialab.families.flow.lora import TransformerLoRAs

_MLP = "transformer_blocks.N.img_mlp"

LORAS = TransformerLoRAs(
    names={},
    joined={
        f"{_MLP}.gate_up": (f"{_MLP}.gate_layer", f"{_MLP}.proj"),
    },
    halved={},
    texts={"lora_te_": "text_encoder", "text_encoder.": "text_encoder"},
    bare=(
        *("transformer_blocks.", "img_in", "txt_in", "time_text_embed.", "modulation."),
        *("norm_out.", "proj_out"),
    ),
    blocks=({"transformer_blocks": 32},),
)
