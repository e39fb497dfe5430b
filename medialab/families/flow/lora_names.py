"""Layer names of the original code that several families of transformers have.

Source: diffusers loaders/single_file_utils.py convert_flux_transformer_checkpoint_to_diffusers and
convert_chroma_transformer_checkpoint_to_diffusers; lora_conversion_utils.py
_convert_kohya_flux_lora_to_diffusers, _convert_xlabs_flux_lora_to_diffusers and
_convert_fal_kontext_lora_to_diffusers.
"""

from collections.abc import Mapping

_DOUBLE, _SINGLE = "transformer_blocks.N", "single_transformer_blocks.N"
_IMAGE = tuple(f"{_DOUBLE}.attn.to_{one}" for one in "qkv")
_TEXT = tuple(f"{_DOUBLE}.attn.add_{one}_proj" for one in "qkv")
_QKV = tuple(f"{_SINGLE}.attn.to_{one}" for one in "qkv")

# Of Flux.1's blocks, in the names of Black Forest Labs.
FLUX_BLOCKS: Mapping[str, str] = {
    "double_blocks.N.img_attn.proj": f"{_DOUBLE}.attn.to_out.0",
    "double_blocks.N.img_attn.norm.query_norm": f"{_DOUBLE}.attn.norm_q",
    "double_blocks.N.img_attn.norm.key_norm": f"{_DOUBLE}.attn.norm_k",
    "double_blocks.N.img_mlp.0": f"{_DOUBLE}.ff.net.0.proj",
    "double_blocks.N.img_mlp.2": f"{_DOUBLE}.ff.net.2",
    "double_blocks.N.txt_attn.proj": f"{_DOUBLE}.attn.to_add_out",
    "double_blocks.N.txt_attn.norm.query_norm": f"{_DOUBLE}.attn.norm_added_q",
    "double_blocks.N.txt_attn.norm.key_norm": f"{_DOUBLE}.attn.norm_added_k",
    "double_blocks.N.txt_mlp.0": f"{_DOUBLE}.ff_context.net.0.proj",
    "double_blocks.N.txt_mlp.2": f"{_DOUBLE}.ff_context.net.2",
    "single_blocks.N.linear2": f"{_SINGLE}.proj_out",
    "single_blocks.N.norm.query_norm": f"{_SINGLE}.attn.norm_q",
    "single_blocks.N.norm.key_norm": f"{_SINGLE}.attn.norm_k",
    # XLabs' names of attention processors.
    "double_blocks.N.proj_lora1": f"{_DOUBLE}.attn.to_out.0",
    "double_blocks.N.proj_lora2": f"{_DOUBLE}.attn.to_add_out",
    "single_blocks.N.proj": f"{_SINGLE}.proj_out",
}
FLUX_JOINED: Mapping[str, tuple[str, ...]] = {
    "double_blocks.N.img_attn.qkv": _IMAGE,
    "double_blocks.N.txt_attn.qkv": _TEXT,
    "single_blocks.N.linear1": (*_QKV, f"{_SINGLE}.proj_mlp"),
    # XLabs'
    "double_blocks.N.qkv_lora1": _IMAGE,
    "double_blocks.N.qkv_lora2": _TEXT,
    "single_blocks.N.qkv": _QKV,
}
FLUX_BARE = (
    "double_blocks.",
    "single_blocks.",
    "transformer_blocks.",
    "single_transformer_blocks.",
)
# In kohya's and ComfyUI's names, the first CLIP and T5.
CLIP_AND_T5: Mapping[str, str] = {
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "lora_te3_": "text_encoder_2",
    "lora_te_": "text_encoder",
    "text_encoder_2.": "text_encoder_2",
    "text_encoder.": "text_encoder",
    "text_encoders.clip_l.transformer.": "text_encoder",
    "text_encoders.t5xxl.transformer.": "text_encoder_2",
}
T5_ALONE: Mapping[str, str] = {
    "lora_te3_": "text_encoder",
    "lora_te1_": "text_encoder",
    "lora_te_": "text_encoder",
    "text_encoder.": "text_encoder",
    "text_encoders.t5xxl.transformer.": "text_encoder",
}
