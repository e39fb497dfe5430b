"""What kind of model a header describes, and of which family: told by tensor names and shapes.

File names lie and metadata is often missing, but a LoRA cannot hide what it multiplies. The one
number that separates the Stable Diffusion families is the width of the text that cross-attention
reads. What no rule knows is "unknown", never a guess.

Source: the key names that kohya's sd-scripts, diffusers, peft, ComfyUI and spandrel read and write.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from medialab.headers import Header

UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """What a model is (`kind`), which models it fits (`family`), how it is written (`format`)."""

    kind: str
    family: str
    format: str


# Width of the text that cross-attention reads -> family.
FAMILY_OF_WIDTH = {768: "sd15", 1024: "sd2", 1280: "sdxl-refiner", 2048: "sdxl"}
# Families that another one finishes the pictures of, in the same latents.
FINISHED_BY = {"sdxl": "sdxl-refiner"}
# Families whose latents are another one's, and so their VAEs.
LATENTS_OF = {"sd2": "sd15", **{other: base for base, other in FINISHED_BY.items()}}
# No published family is narrower than CLIP-L's 768; ours reads 128 or 160 (models/paperdoll).
WIDEST_PAPERDOLL = 256

# Channels that a UNet's first layer reads -> what it is made for; latents alone are 4.
VARIANT_OF_CHANNELS = {4: "", 5: "depth", 7: "upscale", 8: "instruct", 9: "inpaint"}
REFINER = "refiner"
_FIRST_LAYERS = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "input_blocks.0.0.weight",
    "conv_in.weight",
)

# Names that only one family of transformers has. More special names stand first.
FAMILY_OF_NAME = (
    ("double_stream_modulation", "flux2"),
    ("single_stream_modulation", "flux2"),
    ("single_transformer_blocks", "flux"),
    ("double_blocks", "flux"),
    ("single_blocks", "flux"),
    ("joint_blocks", "sd3"),
    ("lora_te2_", "sdxl"),
    ("conditioner.embedders.1.", "sdxl"),
)
FAMILY_OF_TRANSFORMER = {
    "FluxTransformer2DModel": "flux",
    "Flux2Transformer2DModel": "flux2",
    "SD3Transformer2DModel": "sd3",
    "QwenImageTransformer2DModel": "qwen-image",
    "ZImageTransformer2DModel": "z-image",
}
# What trainers write of the base model, in ss_base_model_version or modelspec.architecture.
FAMILY_OF_METADATA = (
    ("stable-diffusion-xl", "sdxl"),
    ("sdxl", "sdxl"),
    ("stable-diffusion-v1", "sd15"),
    ("sd_v1", "sd15"),
    ("stable-diffusion-v2", "sd2"),
    ("sd_v2", "sd2"),
    ("stable-diffusion-3", "sd3"),
    ("sd3", "sd3"),
    ("flux", "flux"),
)

# Sought in all names at once, one a line: "\n" is where a name begins. Plain strings, since ten
# thousand headers may be looked at in a row and expressions take twenty times as long.
LORA_MARKS = (
    *(".lora_down.", ".lora_A.", ".lora.down.", "_lora.down.", ".lora_linear_layer.down."),
    *(".hada_w1_a", ".lokr_w1", ".oft_", ".on_input\n", ".diff\n", ".diff_b\n", ".w_norm\n"),
)
LORA_FORMATS = (
    (".hada_w1_a", "loha"),
    (".lokr_w1", "lokr"),
    (".oft_", "oft"),
    (".on_input", "ia3"),
    (".dora_scale", "dora"),
    ("lora_magnitude_vector", "dora"),
    ("\nlora_unet_", "kohya"),
    ("\nlora_te", "kohya"),
    ("\nlora_transformer_", "kohya"),
    ("\nbase_model.model.", "peft"),
    ("\ndiffusion_model.", "original"),
    ("\nunet.", "diffusers"),
    ("\ntransformer.", "diffusers"),
    ("\ntext_encoder", "diffusers"),
    ("\ndown_blocks.", "diffusers"),
    ("\nmid_block.", "diffusers"),
    ("\nup_blocks.", "diffusers"),
)
# The tensor whose last side is as wide as the text: a full weight, or a LoRA's way down.
TEXT_READER = re.compile(
    r"attn2(\.processor)?[._]to_k[._](weight|lora_down\.weight|lora_A\.weight"
    r"|lora_A\.default\.weight|lora\.down\.weight|hada_w1_b|diff)$"
)


def classify(header: Header) -> Verdict:
    """Kind, family and format of one safetensors file. Cost: one pass over its tensor names."""
    names = "\n" + "\n".join(header.shapes) + "\n"
    for rule in (_lora, _controlnet, _checkpoint, _vae, _embedding, _adapter, _upscaler, _part):
        if verdict := rule(names, header):
            return verdict
    return Verdict(UNKNOWN, UNKNOWN, UNKNOWN)


def family_of_width(width: int) -> str:
    """The family whose cross-attention reads text of this width."""
    if width <= WIDEST_PAPERDOLL:
        return "paperdoll"
    return FAMILY_OF_WIDTH.get(width, UNKNOWN)


def latents_of(family: str) -> str:
    """The family whose latents, and VAEs, are this one's."""
    return LATENTS_OF.get(family, family)


def family_of_denoiser(config: Mapping[str, Any]) -> str:
    """The family of a diffusers UNet or transformer, from its config.json."""
    if (width := config.get("cross_attention_dim")) is not None and isinstance(width, int):
        return family_of_width(width)
    return FAMILY_OF_TRANSFORMER.get(str(config.get("_class_name")), UNKNOWN)


def variant_of_denoiser(config: Mapping[str, Any]) -> str:
    """The variant of a diffusers UNet, from its config.json; "" for what is no UNet."""
    if "cross_attention_dim" not in config:
        return ""
    return _variant(family_of_denoiser(config), config.get("in_channels"))


def variant_of_header(family: str, header: Header) -> str:
    """The variant of a UNet in one file, from the channels that its first layer reads."""
    for name in _FIRST_LAYERS:
        if len(shape := header.shapes.get(name, ())) == 4:
            return _variant(family, shape[1])
    return _variant(family, 4)


def _variant(family: str, channels: object) -> str:
    if not isinstance(channels, int):
        return ""
    variant = VARIANT_OF_CHANNELS.get(channels, f"{channels} channels")
    return variant or (REFINER if family in FINISHED_BY.values() else "")


def _lora(names: str, header: Header) -> Verdict | None:
    if not any(mark in names for mark in LORA_MARKS):
        return None
    written = next((name for mark, name in LORA_FORMATS if mark in names), UNKNOWN)
    return Verdict("lora", _family(names, header), written)


def _controlnet(names: str, header: Header) -> Verdict | None:
    for mark, written in (
        ("control_model.", "original"),
        ("lllite_", "lllite"),
        ("task_embedding", "union"),
        ("controlnet_cond_embedding.", "diffusers"),
        ("controlnet_x_embedder.", "diffusers"),
    ):
        if mark in names:
            return Verdict("controlnet", _family(names, header), written)
    return None


def _checkpoint(names: str, header: Header) -> Verdict | None:
    """A whole model in one file: denoiser, VAE and text encoder."""
    if "model.diffusion_model." not in names:
        return None
    reads = any(mark in names for mark in ("cond_stage_model.", "conditioner.", "text_encoders."))
    decodes = "first_stage_model." in names or "vae.decoder." in names
    whole = reads and decodes
    return Verdict("checkpoint" if whole else "denoiser", _family(names, header), "original")


def _vae(names: str, _header: Header) -> Verdict | None:
    """Families share VAE shapes, so the shape names none of them."""
    if "encoder.layers." in names and "decoder.layers." in names:
        return Verdict("vae", UNKNOWN, "tiny")
    if "encoder.conv_in." not in names or "decoder.conv_in." not in names:
        return None
    written = "diffusers" if "encoder.down_blocks." in names else "original"
    return Verdict("vae", UNKNOWN, written)


def _embedding(_names: str, header: Header) -> Verdict | None:
    """A textual inversion: a few token vectors as wide as the text encoder."""
    if {"clip_l", "clip_g"} <= header.shapes.keys():
        return Verdict("embedding", "sdxl", "original")
    if shape := header.shapes.get("emb_params"):
        return Verdict("embedding", family_of_width(shape[-1]), "original")
    return None


def _adapter(names: str, header: Header) -> Verdict | None:
    if "image_proj." in names and "ip_adapter." in names:
        return Verdict("ip-adapter", _family(names, header), "original")
    return None


def _upscaler(names: str, _header: Header) -> Verdict | None:
    """The family of an upscaler is its architecture."""
    if "model.1.sub.0.RDB1." in names or "body.0.rdb1." in names:
        return Verdict("upscaler", "esrgan", "original")
    if "conv_first." in names and "layers.0." in names:  # SwinIR, HAT, DAT and their kin
        return Verdict("upscaler", UNKNOWN, "original")
    if any(f"\n{prefix}body.0.weight\n" in names for prefix in ("", "params.", "params_ema.")):
        return Verdict("upscaler", "compact", "original")
    return None


def _part(names: str, header: Header) -> Verdict | None:
    """One part of a model, as diffusers folders and ComfyUI keep them."""
    if "text_model.embeddings.token_embedding." in names or "encoder.block.0.layer.0." in names:
        return Verdict("text encoder", UNKNOWN, "original")
    if (family := _family(names, header)) != UNKNOWN:
        written = "original" if "double_blocks" in names or "joint_blocks" in names else "diffusers"
        return Verdict("denoiser", family, written)
    return None


def _family(names: str, header: Header) -> str:
    """By the text's width; else by a family's own names; else by what the trainer wrote."""
    # An IA3 has one number for each output or input there: no side of it is a text's width.
    for name, shape in header.shapes.items() if ".on_input\n" not in names else ():
        if shape and TEXT_READER.search(name):
            return family_of_width(shape[-1])
    for mark, family in FAMILY_OF_NAME:
        if mark in names:
            return family
    if "layers.0.attention" in names and "adaLN" in names:
        return "z-image"
    written = " ".join(
        header.metadata.get(key, "") for key in ("ss_base_model_version", "modelspec.architecture")
    ).casefold()
    return next((family for mark, family in FAMILY_OF_METADATA if mark in written), UNKNOWN)
