"""What kind of model a header describes, and of which family: told by tensor names and shapes.

File names lie and metadata is often missing, but a LoRA cannot hide what it multiplies. Stable
Diffusion's families are told by the width of the text that cross-attention reads, all others by
the table of `medialab.families.signatures`. What no rule knows is "unknown", never a guess.

Source: the key names that kohya's sd-scripts, diffusers, peft, ComfyUI and spandrel read and write.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from medialab.families.signatures import told_families
from medialab.files.headers import Header
from medialab.files.token_vectors import layout_of

UNKNOWN = "unknown"
WITHOUT_VAE = "checkpoint without VAE"  # a kind: all of a checkpoint but that


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
DISTILLED = "distilled"
UNCLIP = "unclip"  # of SD2: it reads a picture's embedding, too
_UNCLIP_LAYER = "label_emb."
_FIRST_LAYERS = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "input_blocks.0.0.weight",
    "conv_in.weight",
)

# What a UNet's blocks are called, in the original names and in diffusers'. Only there is a text's
# width that of the families above.
ORIGINAL_BLOCKS = ("input_blocks", "middle_block", "output_blocks")
UNET_BLOCKS = (*ORIGINAL_BLOCKS, "down_blocks", "mid_block", "up_blocks")
# Names that no UNet of these families has, and the family of those that have them.
FAMILY_OF_FOREIGN_UNET = (
    ("time_stack", "svd"),
    ("encoder_hid_proj.", "kolors"),
    ("cc_projection", "zero123"),
    ("roberta.", UNKNOWN),  # AltDiffusion
    ("temporal_transformer", UNKNOWN),
    ("lora_te3_", UNKNOWN),
    ("joint_blocks", UNKNOWN),
)
FAMILY_OF_DENOISER = {
    "UNet2DConditionModel": UNKNOWN,  # told by the text's width
    "FluxTransformer2DModel": "flux",
    "ChromaTransformer2DModel": "chroma",
    "Flux2Transformer2DModel": "flux2",
    "Flux3Transformer2DModel": "flux3",
    "SD3Transformer2DModel": "sd3",
    "QwenImageTransformer2DModel": "qwen-image",
    "QwenImage21Transformer2DModel": "qwen-image-2.1",
    "ZImageTransformer2DModel": "z-image",
    "Krea2Transformer2DModel": "krea2",
    "Lumina2Transformer2DModel": "lumina2",
    "HiDreamImageTransformer2DModel": "hidream",
    "SanaTransformer2DModel": "sana",
    "PixArtTransformer2DModel": "pixart",
    "AuraFlowTransformer2DModel": "auraflow",
    "ErnieImageTransformer2DModel": "ernie",
    "Ideogram4Transformer2DModel": "ideogram4",
    "CosmosTransformer3DModel": "cosmos",
    "LongCatImageTransformer2DModel": "longcat",
    "HunyuanImageTransformer2DModel": "hunyuan-image",
    "HunyuanVideoTransformer3DModel": "hunyuan-video",
    "OvisImageTransformer2DModel": "ovis",
    "WanTransformer3DModel": "wan",
    "LTXVideoTransformer3DModel": "ltx-video",
    "FluxControlNetModel": "flux",
    "SD3ControlNetModel": "sd3",
    "QwenImageControlNetModel": "qwen-image",
    "ZImageControlNetModel": "z-image",
    "SanaControlNetModel": "sana",
}
# Flux.2's sizes, by their attention heads.
_FLUX2_OF_HEADS = {24: "flux2-klein-4b", 32: "flux2-klein-9b", 48: "flux2-dev"}
# What trainers write of the base model, in ss_base_model_version or modelspec.architecture, in
# lower case; the first that fits counts.
FAMILY_OF_METADATA = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"(sd_?xl|stable-diffusion-xl).*refiner", "sdxl-refiner"),
        (r"stable-diffusion-xl|sd_?xl", "sdxl"),
        (r"stable-diffusion-v?1\b|stable-diffusion-v1|sd_?v?1|sd-?1\.5", "sd15"),
        (r"stable-diffusion-v?2\b|stable-diffusion-v2|sd_?v2|sd-?2\.[01]", "sd2"),
        (r"stable-diffusion-(v?3|3\.5)|sd_?3", "sd3"),
        (r"chroma", "chroma"),
        (r"flux[-_. ]?3", "flux3"),
        (r"flux[-_. ]?2.*klein.*4b|klein[-_. ]?4b", "flux2-klein-4b"),
        (r"flux[-_. ]?2.*klein.*9b|klein[-_. ]?9b", "flux2-klein-9b"),
        (r"flux[-_. ]?2[-_. ]?dev", "flux2-dev"),
        (r"flux[-_. ]?2", "flux2"),
        (r"flux", "flux"),
        (r"z[-_ ]?image", "z-image"),
        (r"qwen[-_ ]?image[-_ ]?2", "qwen-image-2.1"),
        (r"qwen[-_ ]?image", "qwen-image"),
        (r"krea[-_ ]?2", "krea2"),
        (r"lumina[-_ ]?2|lumina-image-2", "lumina2"),
        (r"anima\b", "anima"),
        (r"hunyuan[-_]?image", "hunyuan-image"),
        (r"hunyuan[-_]?video", "hunyuan-video"),
        (r"hidream", "hidream"),
        (r"longcat", "longcat"),
        (r"aura[-_]?flow", "auraflow"),
        (r"ideogram", "ideogram4"),
        (r"ernie", "ernie"),
        (r"\bwan[-_ ]?\d|^wan\b", "wan"),
    )
)
MOST_WORDS = 200  # characters that are looked at; a family's name has some thirty
# Families whose LoRAs name the same layers of the same sizes: here the trainer's word decides.
LOOKALIKES = {"flux": frozenset({"chroma", "longcat", "ovis"})}

# Sought in all names at once, one a line: "\n" is where a name begins. Plain strings, since ten
# thousand headers may be looked at in a row and expressions take twenty times as long.
LORA_MARKS = (
    *(".lora_down.", ".lora_A.", ".lora.down.", "_lora.down.", ".lora_linear_layer.down."),
    *(".hada_w1_a", ".lokr_w1", ".oft_", ".on_input\n", ".diff\n", ".diff_b\n", ".w_norm\n"),
    *("_lora1.down.", "_lora2.down.", ".boft_", ".vera_lambda_", ".ia3_l"),
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
    ("\nlycoris_", "kohya"),
    ("\nbase_model.model.", "peft"),
    ("\ndiffusion_model.", "original"),
    ("\nunet.", "diffusers"),
    ("\ntransformer.", "diffusers"),
    ("\ntext_encoder", "diffusers"),
    ("\ndown_blocks.", "diffusers"),
    ("\nmid_block.", "diffusers"),
    ("\nup_blocks.", "diffusers"),
)
# What tells a kind of LoRA that exists and cannot be used here -> its name.
UNUSABLE_LORAS = {
    ".oft_diag": "an OFT of LyCORIS before 2.0",
    ".oft_R.": "an OFT of PEFT",
    ".boft_R.": "a BOFT of PEFT",
    ".vera_lambda_": "a VeRA",
    ".a1.weight": "a GLoRA",
    ".ia3_l": "an IA3 of PEFT",
}
BOFT = "a BOFT"  # of LyCORIS: an OFT's name, and a stack of blocks
# Other files that add to a model: kind, and names of which all are there. They are looked for
# before LoRAs, since some of them bring LoRAs along.
ADAPTERS = (
    ("control-lora", ("lora_controlnet\n",)),
    ("ip-adapter", ("image_proj.", "ip_adapter.")),
    ("ip-adapter", (".ip_adapter_double_stream_",)),
    ("ip-adapter", ("ip_adapter_proj_model.",)),
    ("motion module", ("motion_modules.",)),
    ("t2i-adapter", ("adapter.body.",)),
    ("t2i-adapter", ("\nbody.0.resnets.0.block1.",)),
    ("t2i-adapter", ("\nbody.0.block1.", "\nconv_in.")),
    ("photomaker", ("fuse_module.", "qformer_perceiver.")),
    *(("hypernetwork", (f"\n{width}.0.linear",)) for width in (320, 640, 768, 1024, 1280, 2048)),
)
CONTROLNETS = (
    ("control_model.", "original"),
    ("lllite_", "lllite"),
    ("task_embedding", "union"),
    ("control_all_x_embedder.", "original"),
    ("controlnet_cond_embedding.", "diffusers"),
    ("controlnet_x_embedder.", "diffusers"),
    ("controlnet_blocks.", "diffusers"),
    ("controlnet_down_blocks.", "diffusers"),
    ("input_hint_block.", "original"),
)
# What lies among upscalers and is none: it restores faces, or fills holes.
OTHERS_THAN_UPSCALERS = (
    ("face restorer", ("toRGB.0.", "stylegan_decoder.")),
    ("face restorer", ("stylegan_decoder.style_mlp.",)),
    ("face restorer", ("quantize.embedding.", "position_emb")),
    ("face restorer", ("vqvae.quantize.embedding.",)),
    ("face restorer", ("encoder.conv_in.", "quantize.embedding.weight", "decoder.mid.attn_1.")),
    ("hole filler", ("generator.model.", ".ffc.")),
    ("hole filler", ("model.model.1.bn_l.",)),
    ("hole filler", ("model.1.ffc.convl2l.",)),
    ("hole filler", ("synthesis.first_stage.",)),
)
# Text and image encoders: name, and names of which all are there.
ENCODERS = (
    ("text encoder", "t5", ("encoder.block.0.layer.0.SelfAttention.",)),
    ("text encoder", "t5", ("encoder.block.0.layer.0.",)),
    ("text encoder", "qwen-vl", ("model.layers.", ".self_attn.q_proj.", "visual.")),
    ("text encoder", "qwen3", ("model.layers.", ".self_attn.q_norm.", ".mlp.gate_proj.")),
    ("text encoder", "qwen3", ("\nlayers.", ".self_attn.q_norm.", ".mlp.gate_proj.")),
    ("text encoder", "gemma2", ("model.layers.", ".pre_feedforward_layernorm.")),
    ("text encoder", "gemma2", ("\nlayers.", ".pre_feedforward_layernorm.")),
    ("text encoder", "llm", ("model.layers.", ".self_attn.q_proj.", ".mlp.gate_proj.")),
    ("text encoder", "llm", ("\nlayers.", ".self_attn.q_proj.", ".mlp.gate_proj.")),
    ("text encoder", "clip", ("text_model.embeddings.token_embedding.",)),
    ("text encoder", "clip", ("token_embedding.weight", "transformer.resblocks.0.")),
    ("text encoder", "clip", ("\nembeddings.token_embedding.", "\nencoder.layers.0.")),
    ("image encoder", "clip", ("vision_model.embeddings.",)),
    ("image encoder", "clip", ("visual.transformer.resblocks.",)),
)
# How wide the tokens of SDXL's two text encoders are.
SDXL_WIDTHS = (768, 1280)
CLIP_OF_WIDTH = {768: "clip-l", 1024: "clip-h", 1280: "clip-g"}
# The tensor whose last side is as wide as the text: a full weight, or a LoRA's way down.
TEXT_READER = re.compile(
    r"attn2(\.processor)?[._]to_k[._](weight|lora_down\.weight|lora_A\.weight"
    r"|lora_A\.default\.weight|lora\.down\.weight|hada_w1_b|diff)$"
)
# Only SDXL has so many transformer blocks in one place of its UNet.
_DEEP_UNET = re.compile(r"transformer_blocks[._][4-9][._]")
_DEEPEST = "input_blocks.7.1.transformer_blocks."
_DENOISER = "model.diffusion_model."


def classify(header: Header) -> Verdict:
    """Kind, family and format of one safetensors file. Cost: one pass over its tensor names."""
    names = "\n" + "\n".join(header.shapes) + "\n"
    for rule in (
        _adapter,
        _lora,
        _controlnet,
        _checkpoint,
        _other_than_upscaler,
        _vae,
        _embedding,
        _upscaler,
        _part,
    ):
        if verdict := rule(names, header):
            return verdict
    return Verdict(UNKNOWN, UNKNOWN, UNKNOWN)


def family_of_width(width: int) -> str:
    """The family whose cross-attention reads text of this width."""
    if 0 < width <= WIDEST_PAPERDOLL:
        return "paperdoll"
    return FAMILY_OF_WIDTH.get(width, UNKNOWN)


def latents_of(family: str) -> str:
    """The family whose latents, and VAEs, are this one's."""
    return LATENTS_OF.get(family, family)


def family_of_denoiser(config: Mapping[str, Any]) -> str:
    """The family of a diffusers UNet or transformer, from its config.json."""
    name = str(config.get("_class_name"))
    if name == "Flux2Transformer2DModel":
        return _FLUX2_OF_HEADS.get(_number(config.get("num_attention_heads")), "flux2")
    if (family := FAMILY_OF_DENOISER.get(name, UNKNOWN)) != UNKNOWN:
        return family
    if config.get("encoder_hid_dim_type") is not None:
        return "kolors" if config.get("encoder_hid_dim_type") == "text_proj" else UNKNOWN
    width = config.get("cross_attention_dim")
    if type(width) is not int or not name.startswith(("UNet2DCondition", "ControlNet", "None")):
        return UNKNOWN
    return family_of_width(width)


def variant_of_denoiser(config: Mapping[str, Any]) -> str:
    """The variant of a diffusers UNet, from its config.json; "" for what is no UNet."""
    if "cross_attention_dim" not in config:
        return ""
    family = family_of_denoiser(config)
    if family == "sd2" and config.get("class_embed_type") is not None:
        return UNCLIP
    return _variant(family, config.get("in_channels"))


def variant_of_header(family: str, header: Header) -> str:
    """The variant of a UNet in one file, from the channels that its first layer reads."""
    if family == "sdxl" and _is_distilled(header):
        return DISTILLED
    if family == "sd2" and any(_UNCLIP_LAYER in name for name in header.shapes):
        return UNCLIP
    for name in _FIRST_LAYERS:
        if len(shape := header.shapes.get(name, ())) == 4:
            return _variant(family, shape[1])
    return _variant(family, 4)


def _is_distilled(header: Header) -> bool:
    """Whether a UNet has SDXL's places and not their ten transformer blocks, as SSD-1B and Vega."""
    names = header.shapes.keys()
    first = {f"{prefix}{_DEEPEST}0.attn1.to_q.weight" for prefix in ("", _DENOISER)}
    tenth = {f"{prefix}{_DEEPEST}9.attn1.to_q.weight" for prefix in ("", _DENOISER)}
    return bool(first & names) and not tenth & names


def _variant(family: str, channels: object) -> str:
    if not isinstance(channels, int):
        return ""
    variant = VARIANT_OF_CHANNELS.get(channels, f"{channels} channels")
    return variant or (REFINER if family in FINISHED_BY.values() else "")


def _number(value: object) -> int:
    return value if type(value) is int else 0


def _has(names: str, marks: tuple[str, ...]) -> bool:
    return all(mark in names for mark in marks)


def _adapter(names: str, header: Header) -> Verdict | None:
    for kind, marks in ADAPTERS:
        if _has(names, marks):
            return Verdict(kind, _family(names, header), "original")
    return None


def _lora(names: str, header: Header) -> Verdict | None:
    is_glora = ".a1.weight\n" in names and "\nlora_" in names
    if (not is_glora and not any(mark in names for mark in LORA_MARKS)) or ".qweight\n" in names:
        return None
    formats = (*UNUSABLE_LORAS.items(), *LORA_FORMATS)
    written = next((name for mark, name in formats if mark in names), UNKNOWN)
    if written == "oft" and any(
        len(shape) != 3 for name, shape in header.shapes.items() if name.endswith(".oft_blocks")
    ):
        written = BOFT
    return Verdict("lora", _family(names, header), written)


def _controlnet(names: str, header: Header) -> Verdict | None:
    for mark, written in CONTROLNETS:
        if mark in names:
            return Verdict("controlnet", _family(names, header), written)
    return None


def _checkpoint(names: str, header: Header) -> Verdict | None:
    """A whole model in one file: denoiser, VAE and text encoder."""
    if _DENOISER not in names:
        return None
    reads = any(mark in names for mark in ("cond_stage_model.", "conditioner.", "text_encoders."))
    decodes = "first_stage_model." in names or "vae.decoder." in names
    kind = "checkpoint" if decodes else WITHOUT_VAE
    return Verdict(kind if reads else "denoiser", _family(names, header), "original")


def _other_than_upscaler(names: str, _header: Header) -> Verdict | None:
    for kind, marks in OTHERS_THAN_UPSCALERS:
        if _has(names, marks):
            return Verdict(kind, UNKNOWN, "original")
    return None


def _vae(names: str, header: Header) -> Verdict | None:
    """Families share VAE shapes, so the shape names none of them, but for Flux.2."""
    if "encoder.layers." in names and "decoder.layers." in names:
        return Verdict("vae", UNKNOWN, "tiny")
    if "decoder.middle.0.residual.0.gamma" in names or "decoder.stages." in names:
        return Verdict("vae", UNKNOWN, "original")
    if "encoder.conv_in." not in names or "decoder.conv_in." not in names:
        return None
    family = "flux2" if any(name.endswith("bn.running_mean") for name in header.shapes) else UNKNOWN
    written = "diffusers" if "encoder.down_blocks." in names else "original"
    return Verdict("vae", family, written)


def _embedding(_names: str, header: Header) -> Verdict | None:
    """A textual inversion: a few token vectors as wide as the text encoder."""
    if (layout := layout_of(header.shapes)) is None:
        return None
    written = "diffusers" if layout.tokens else "original"
    widths = layout.widths(header.shapes)
    if len(widths) > 1:
        return Verdict("embedding", "sdxl" if widths == SDXL_WIDTHS else UNKNOWN, written)
    return Verdict("embedding", family_of_width(widths[0]), written)


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
    for kind, family, marks in ENCODERS:
        if _has(names, marks):
            return Verdict(kind, _of_encoder(family, header), "original")
    if (family := _family(names, header)) != UNKNOWN:
        originals = (*ORIGINAL_BLOCKS, "double_blocks", "joint_blocks")
        in_diffusers = "down_blocks." in names or ".to_q." in names or ".to_k." in names
        written = any(f"{one}." in names for one in originals) or not in_diffusers
        return Verdict("denoiser", family, "original" if written else "diffusers")
    return None


def _of_encoder(family: str, header: Header) -> str:
    """What an encoder is called; CLIPs are told by how wide their tokens are."""
    if family != "clip":
        return family
    for name, shape in header.shapes.items():
        if name.endswith("token_embedding.weight") and len(shape) == 2:
            return CLIP_OF_WIDTH.get(shape[1], UNKNOWN)
    return UNKNOWN


def _family(names: str, header: Header) -> str:
    """Which denoiser the layers are of; the trainer's word counts where they leave it open."""
    written = _written_family(header)
    if any(block in names for block in UNET_BLOCKS):
        return _family_of_unet(names, header) or written
    inside = {name: shape for name, shape in header.shapes.items() if name.startswith(_DENOISER)}
    families = told_families(inside or header.shapes)
    if len(families) > 1:
        return UNKNOWN  # its layers contradict each other
    told = next(iter(families), written)
    return written if written in LOOKALIKES.get(told, ()) else told


def _family_of_unet(names: str, header: Header) -> str | None:
    """The family of a UNet's layers; None where they leave it open."""
    for mark, family in FAMILY_OF_FOREIGN_UNET:
        if mark in names:
            return family
    # An IA3 has one number for each output or input there: no side of it is a text's width.
    for name, shape in header.shapes.items() if ".on_input\n" not in names else ():
        if len(shape) >= 2 and TEXT_READER.search(name) and any(one in name for one in UNET_BLOCKS):
            return family_of_width(shape[-1])
    if _DEEP_UNET.search(names) or "\nlora_te2_" in names or "conditioner.embedders.1." in names:
        return "sdxl"
    return None


def _written_family(header: Header) -> str:
    keys = ("ss_base_model_version", "modelspec.architecture")
    written = " ".join(header.metadata.get(key, "")[:MOST_WORDS] for key in keys).casefold()
    if not written.strip():
        return UNKNOWN
    return next((family for mark, family in FAMILY_OF_METADATA if mark.search(written)), UNKNOWN)
