"""Transformers of Flux.1's kind in the names of their makers, turned into those of diffusers.

diffusers has the same table for the published width alone; this one is for any.
Source: black-forest-labs/flux src/flux/model.py and modules/layers.py; lodestone-rock/flow for
Chroma's guidance layers; diffusers 0.42, loaders/single_file_utils.py, for what becomes what.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

_RENAMED = (
    (r"^time_in\.in_layer", "time_text_embed.timestep_embedder.linear_1"),
    (r"^time_in\.out_layer", "time_text_embed.timestep_embedder.linear_2"),
    (r"^vector_in\.in_layer", "time_text_embed.text_embedder.linear_1"),
    (r"^vector_in\.out_layer", "time_text_embed.text_embedder.linear_2"),
    (r"^guidance_in\.in_layer", "time_text_embed.guidance_embedder.linear_1"),
    (r"^guidance_in\.out_layer", "time_text_embed.guidance_embedder.linear_2"),
    (r"^txt_in\.", "context_embedder."),
    (r"^img_in\.", "x_embedder."),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.in_layer", r"\1.linear_1"),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.out_layer", r"\1.linear_2"),
    (r"^final_layer\.linear", "proj_out"),
    (r"^final_layer\.adaLN_modulation\.1", "norm_out.linear"),
    (r"^double_blocks\.", "transformer_blocks."),
    (r"^single_blocks\.", "single_transformer_blocks."),
    (r"\.img_mod\.lin\.", ".norm1.linear."),
    (r"\.txt_mod\.lin\.", ".norm1_context.linear."),
    (r"\.modulation\.lin\.", ".norm.linear."),
    (r"\.img_mlp\.0\.", ".ff.net.0.proj."),
    (r"\.img_mlp\.2\.", ".ff.net.2."),
    (r"\.txt_mlp\.0\.", ".ff_context.net.0.proj."),
    (r"\.txt_mlp\.2\.", ".ff_context.net.2."),
    (r"\.img_attn\.norm\.(query|key)_norm\.", r".attn.norm_\1."),
    (r"\.txt_attn\.norm\.(query|key)_norm\.", r".attn.norm_added_\1."),
    (r"(blocks\.\d+)\.norm\.(query|key)_norm\.", r"\1.attn.norm_\2."),
    (r"norm_(added_)?query\.", r"norm_\1q."),
    (r"norm_(added_)?key\.", r"norm_\1k."),
    (r"\.img_attn\.proj\.", ".attn.to_out.0."),
    (r"\.txt_attn\.proj\.", ".attn.to_add_out."),
    (r"\.linear2\.", ".proj_out."),
    (r"\.scale$", ".weight"),
)
_JOINED = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
}
_LAYER = re.compile(r"(.+\.)(img_attn\.qkv|txt_attn\.qkv|linear1)\.(weight|bias)")


def as_in_diffusers(tensors: "Tensors") -> "Tensors":
    """Return the weights of a Flux.1 or a Chroma in diffusers' names and pieces.

    Args:
        tensors: The weights in the names of their makers; the function empties it.
    """
    import torch

    # All blocks have one width; q, k and v are the first rows of `linear1`.
    joined = (one for name, one in tensors.items() if name.endswith("img_attn.qkv.weight"))
    width = next((one.shape[0] // 3 for one in joined), 0)
    found: Tensors = {}
    while tensors:
        name, value = tensors.popitem()
        if layer := _LAYER.fullmatch(name):
            pieces = _JOINED[layer[2]]
            rows = [width] * 3 + [value.shape[0] - 3 * width] * (len(pieces) - 3)
            for piece, part in zip(pieces, torch.split(value, rows), strict=True):
                found[_renamed(f"{layer[1]}{piece}.{layer[3]}")] = part
        elif "final_layer.adaLN_modulation" in name:
            # The makers' first half is the shift, diffusers' the scale.
            shift, scale = value.chunk(2, dim=0)
            found[_renamed(name)] = torch.cat([scale, shift])
        else:
            found[_renamed(name)] = value
    return found


def _renamed(name: str) -> str:
    for pattern, ours in _RENAMED:
        name = re.sub(pattern, ours, name)
    return name
