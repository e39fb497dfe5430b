"""Names of layers: from those in LoRA files to those of a checkpoint's modules.

Files write a layer's path with dots or with underscores, in the names of diffusers or of the
original code. A part's modules are listed under every name they may have; nothing is guessed.

Source: diffusers scripts/convert_original_stable_diffusion_to_diffusers.py for the original names.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# Prefix in a file -> the part it speaks of; the first that fits counts.
PREFIXES: Mapping[str, str] = {
    "lora_unet_": "unet",
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "lora_te_": "text_encoder",
    "unet.": "unet",
    "text_encoder_2.": "text_encoder_2",
    "text_encoder.": "text_encoder",
    "model.diffusion_model.": "unet",
    "diffusion_model.": "unet",
    "base_model.model.": "unet",
    "lycoris_": "unet",  # LyCORIS' own, as SimpleTuner writes it
    "text_encoders.clip_l.transformer.": "text_encoder",
    "text_encoders.clip_g.transformer.": "text_encoder_2",
}
# What a UNet's paths begin with in diffusers' first files, which had no prefix.
_BARE = ("down_blocks.", "mid_block.", "up_blocks.")

# How attention layers end -> what diffusers' first files called them.
_OLD_NAMES = {
    ".to_out.0": ".to_out",
    ".self_attn.q_proj": ".self_attn.to_q",
    ".self_attn.k_proj": ".self_attn.to_k",
    ".self_attn.v_proj": ".self_attn.to_v",
    ".self_attn.out_proj": ".self_attn.to_out",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_OTHERS = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_BLOCK = re.compile(
    r"(down|up)_blocks\.(\d+)\.(attentions|resnets|downsamplers|upsamplers)\.(\d+)(?:\.(.+))?"
)


def split_prefix(path: str) -> tuple[str, str]:
    """The part that a layer's path in a file speaks of ("" if unknown), and the path in it."""
    for prefix, part in PREFIXES.items():
        if path.startswith(prefix):
            return part, path.removeprefix(prefix)
    return "unet" if path.startswith(_BARE) else "", path


def plain(path: str) -> str:
    """A path as it is compared: underscores for dots, without what only wraps a text encoder."""
    return path.replace(".", "_").removeprefix("text_model_")


def modules_by_name(part: str, network: Any) -> "dict[str, tuple[str, torch.nn.Module]]":
    """Every module with a weight, under each name that a file may give it."""
    found = {}
    config = getattr(network, "config", None)
    layers = getattr(config, "layers_per_block", 2)
    for path, module in network.named_modules():
        if getattr(module, "weight", None) is None:
            continue
        found[plain(path)] = (path, module)
        for ours, theirs in _OLD_NAMES.items():
            if path.endswith(ours):
                found[plain(path.removesuffix(ours) + theirs)] = (path, module)
        if part == "unet" and isinstance(layers, int):
            if (original := original_name(path, layers, network)) is not None:
                found[plain(original)] = (path, module)
        elif part == "text_encoder_2":
            found.update({plain(name): (path, module) for name in _openclip_names(path)})
    return found


def original_name(path: str, layers: int, network: Any = None) -> str | None:
    """What a UNet's module was called in the original code, such as input_blocks.4.1.proj_in."""
    for ours, theirs in _OTHERS.items():
        if path == ours or path.startswith(f"{ours}."):
            return theirs + _inside(path.removeprefix(ours).removeprefix("."))
    if (match := _BLOCK.fullmatch(path)) is None:
        return None
    side, block, part, number, rest = match.groups()
    begin = int(block) * (layers + 1)
    if part == "downsamplers":
        return f"input_blocks.{begin + layers + 1}.0.op"
    if part == "upsamplers":
        blocks = getattr(network, "up_blocks", None)
        attends = blocks is None or hasattr(blocks[int(block)], "attentions")
        return f"output_blocks.{begin + layers}.{2 if attends else 1}.conv"
    place = int(part == "attentions")
    at = begin + int(number) + (1 if side == "down" else 0)
    return f"{'input' if side == 'down' else 'output'}_blocks.{at}.{place}{_inside(rest or '')}"


def _inside(rest: str) -> str:
    """A path within a block; resnets have other names there."""
    if not rest:
        return ""
    return f".{_RESNET.get(rest, rest)}"


def _openclip_names(path: str) -> list[str]:
    """OneTrainer and others keep OpenCLIP's names for the layers that are the same."""
    return [path.replace("mlp.fc1", "mlp.c_fc").replace("mlp.fc2", "mlp.c_proj")]
