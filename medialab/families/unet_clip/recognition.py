"""Recognition of UNets, whose families have the same layer names with other sizes.

Source: the key names that kohya's sd-scripts, diffusers and ComfyUI read and write.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from medialab.families.base import DISTILLED, REFINER, UNCLIP, UNKNOWN, Family, KnownFamily
from medialab.families.unet_clip.denoiser import VARIANT_OF_CHANNELS
from medialab.files.headers import Header

# Names of a UNet's blocks, original and diffusers'. Only there is the text's width the family's.
ORIGINAL_BLOCKS = ("input_blocks", "middle_block", "output_blocks")
UNET_BLOCKS = (*ORIGINAL_BLOCKS, "down_blocks", "mid_block", "up_blocks")
# Layers of UNets of no family here: AltDiffusion, Kandinsky 3, video models, a third text encoder,
# transformers.
_OF_NO_FAMILY = (
    *("roberta.", "encoder_hid_proj.projection_linear", "temporal_transformer", "temp_convs."),
    *("temp_attentions.", "lora_te3_", "joint_blocks"),
)
# The tensor whose last side is the text's width: a full weight, or a LoRA's down matrix.
TEXT_READER = re.compile(
    r"attn2(\.processor)?[._]to_k[._](weight|lora_down\.weight|lora_A\.weight"
    r"|lora_A\.default\.weight|lora\.down\.weight|hada_w1_b|diff)$"
)
# Only a UNet with two text encoders has so many transformer blocks in one layer.
_DEEP = re.compile(r"transformer_blocks[._][4-9][._]")
_SECOND_ENCODER = ("\nlora_te2_", "conditioner.embedders.1.")
_DEEPEST = "input_blocks.7.1.transformer_blocks."
_DENOISER = "model.diffusion_model."
_UNCLIP_LAYER = "label_emb."
_FIRST_LAYERS = (f"{_DENOISER}input_blocks.0.0.weight", "input_blocks.0.0.weight", "conv_in.weight")
# Classes whose config.json has the text's width; "None" stands for a config without a class.
_CLASSES = ("UNet2DCondition", "ControlNet", "None")
_TEXT_PROJECTION = "text_proj"

Families = Iterable[KnownFamily]


def is_unet(names: str) -> bool:
    """Return whether these names, one a line, are of a UNet's layers."""
    return any(block in names for block in UNET_BLOCKS)


def family_of_layers(names: str, header: Header, families: Families) -> str | None:
    """Return the family of a UNet's layers, or "unknown"; None if they do not determine it."""
    families = tuple(families)
    marks = [(one.recognition.unet_mark, one.name) for one in families if one.recognition.unet_mark]
    for mark, family in (*((mark, UNKNOWN) for mark in _OF_NO_FAMILY), *marks):
        if mark in names:
            return family
    # An IA3 has one number for each output or input there: none of its sides is the text's width.
    for name, shape in header.shapes.items() if ".on_input\n" not in names else ():
        if len(shape) >= 2 and TEXT_READER.search(name) and any(one in name for one in UNET_BLOCKS):
            return family_of_width(shape[-1], families) or UNKNOWN
    if _DEEP.search(names) or any(mark in names for mark in _SECOND_ENCODER):
        return next(one.name for one in families if _has_two_encoders(one))
    return None


def family_of_width(width: int, families: Families) -> str | None:
    """Return the family whose cross-attention reads text embeddings of this width."""
    return next((one.name for one in families if width in one.recognition.text_widths), None)


def family_of_config(name: str, config: Mapping[str, Any], families: Families) -> str | None:
    """Return the family of a UNet or ControlNet of class `name`, from its config.json."""
    families = tuple(families)
    if (projection := config.get("encoder_hid_dim_type")) is not None:
        marked = (one.name for one in families if one.recognition.unet_mark == "encoder_hid_proj.")
        return next(marked, None) if projection == _TEXT_PROJECTION else None
    width = config.get("cross_attention_dim")
    if type(width) is not int or not name.startswith(_CLASSES):
        return None
    return family_of_width(width, families)


def variant_of_config(family: KnownFamily | None, config: Mapping[str, Any]) -> str:
    """Return the variant of a UNet, from its config.json; "" for any other network."""
    if "cross_attention_dim" not in config:
        return ""
    if _exists(UNCLIP, family) and config.get("class_embed_type") is not None:
        return UNCLIP
    return _variant(family, config.get("in_channels"))


def variant_of_header(family: KnownFamily | None, header: Header) -> str:
    """Return the variant of a UNet in a single file, from its layers and input channels."""
    if _exists(DISTILLED, family) and _is_distilled(header):
        return DISTILLED
    if _exists(UNCLIP, family) and any(_UNCLIP_LAYER in name for name in header.shapes):
        return UNCLIP
    for name in _FIRST_LAYERS:
        if len(shape := header.shapes.get(name, ())) == 4:
            return _variant(family, shape[1])
    return _variant(family, 4)


def _has_two_encoders(family: KnownFamily | None) -> bool:
    return isinstance(family, Family) and len(family.denoiser.text_encoders) > 1


def _exists(variant: str, family: KnownFamily | None) -> bool:
    return isinstance(family, Family) and variant in family.other_variants


def _is_distilled(header: Header) -> bool:
    """Return whether a UNet lacks the tenth transformer block at its deepest, as SSD-1B, Vega."""
    names = header.shapes.keys()
    first = {f"{prefix}{_DEEPEST}0.attn1.to_q.weight" for prefix in ("", _DENOISER)}
    tenth = {f"{prefix}{_DEEPEST}9.attn1.to_q.weight" for prefix in ("", _DENOISER)}
    return bool(first & names) and not tenth & names


def _variant(family: KnownFamily | None, channels: object) -> str:
    if not isinstance(channels, int):
        return ""
    variant = VARIANT_OF_CHANNELS.get(channels, f"{channels} channels")
    return variant or (REFINER if isinstance(family, Family) and family.finishes else "")
