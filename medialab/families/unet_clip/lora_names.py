"""Layer names in LoRA files for a UNet and CLIP: prefixes, and names in the original code.

Source: diffusers scripts/convert_original_stable_diffusion_to_diffusers.py for the original names.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

UNET, SECOND_ENCODER = "unet", "text_encoder_2"
# Prefix in a file -> its component; the first that matches is taken.
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
# Beginnings of a UNet's paths in diffusers' first files, which had no prefix.
BARE = ("down_blocks.", "mid_block.", "up_blocks.")

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


def other_names(part: str, path: str, network: Any) -> Iterator[str]:
    """Yield the other names that files may give to a module.

    Args:
        part: Its component, such as "unet".
        path: Its path in the component, in diffusers' names.
        network: The component in memory.
    """
    if part == UNET:
        layers = getattr(getattr(network, "config", None), "layers_per_block", 2)
        if isinstance(layers, int) and (name := original_name(path, layers, network)) is not None:
            yield name
    elif part == SECOND_ENCODER:
        # OneTrainer and others use OpenCLIP's names for the layers that both have.
        yield path.replace("mlp.fc1", "mlp.c_fc").replace("mlp.fc2", "mlp.c_proj")


def original_name(path: str, layers: int, network: Any = None) -> str | None:
    """Return a UNet module's name in the original code, such as input_blocks.4.1.proj_in.

    Args:
        path: Its path in diffusers' names.
        layers: `layers_per_block` of the UNet's config.
        network: The UNet, if it is in memory; without it all up blocks count as having attention.

    Returns:
        The name, or None if the original code has no such module.
    """
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
    """Return the original path inside a block, where resnets' layers have other names."""
    if not rest:
        return ""
    return f".{_RESNET.get(rest, rest)}"
