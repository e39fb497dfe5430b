"""Recognition of a model's kind and format by the tensor names and shapes in its header.

File names mislead and metadata is often missing, but a LoRA's tensors show the layers that it
changes. `medialab.families.recognition` determines the family. A file that no rule matches is
"unknown", never a guess.

Source: the key names that kohya's sd-scripts, diffusers, peft, ComfyUI and spandrel read and write.
"""

from typing import NamedTuple

from medialab.families.base import UNKNOWN
from medialab.families.encoders import encoder_of
from medialab.families.recognition import family_of_layers, family_of_vae, family_of_vectors
from medialab.families.token_vectors import layout_of
from medialab.families.unet_clip.recognition import ORIGINAL_BLOCKS
from medialab.files.headers import Header

WITHOUT_VAE = "checkpoint without VAE"  # a kind of model


class Verdict(NamedTuple):
    """A recognised model.

    Attributes:
        kind: Such as "checkpoint", "lora", "vae" or "unknown".
        family: The name of its family, or "unknown".
        format: The naming scheme of its tensors, such as "kohya" or "diffusers".
    """

    kind: str
    family: str
    format: str


# Looked for in all names at once, one a line, so that "\n" marks a name's beginning. Plain strings,
# since a scan may read ten thousand headers and regular expressions take twenty times as long.
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
# Marks of LoRA formats that are not supported -> the format's name.
UNUSABLE_LORAS = {
    ".oft_diag": "an OFT of LyCORIS before 2.0",
    ".oft_R.": "an OFT of PEFT",
    ".boft_R.": "a BOFT of PEFT",
    ".vera_lambda_": "a VeRA",
    ".a1.weight": "a GLoRA",
    ".ia3_l": "an IA3 of PEFT",
    ".query_norm.scale": "a control LoRA of Black Forest Labs, which widens the denoiser's input",
}
BOFT = "a BOFT"  # of LyCORIS: an OFT's names with a stack of blocks
# Other adapters: their kind and the marks, all of which must be there. They come before LoRAs,
# since some of them contain LoRA layers.
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
    ("\ncontrol_blocks.", "diffusers"),
    ("input_hint_block.", "original"),
)
# Models often stored among upscalers that are none: they restore faces or fill holes.
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
# Parts of a diffusers class's name -> its kind; the first that matches is taken.
_KIND_OF_CLASS = (
    (("ControlNet",), "controlnet"),
    (("Autoencoder", "ConsistencyDecoder", "VQModel"), "vae"),
    (("T2IAdapter", "MultiAdapter"), "t2i-adapter"),
    (("MotionAdapter",), "motion module"),
    (("Transformer2DModel", "Transformer3DModel", "UNet"), "denoiser"),
)
_DENOISER = "model.diffusion_model."


def classify(header: Header) -> Verdict:
    """Return a safetensors file's kind, family and format. Cost: one pass over tensor names."""
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


def kind_of_class(name: str) -> str | None:
    """Return the kind of a diffusers class by its name; None if it is no pipeline component."""
    return next(
        (kind for words, kind in _KIND_OF_CLASS if any(word in name for word in words)), None
    )


def _has(names: str, marks: tuple[str, ...]) -> bool:
    return all(mark in names for mark in marks)


def _adapter(names: str, header: Header) -> Verdict | None:
    for kind, marks in ADAPTERS:
        if _has(names, marks):
            return Verdict(kind, family_of_layers(names, header), "original")
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
    return Verdict("lora", family_of_layers(names, header), written)


def _controlnet(names: str, header: Header) -> Verdict | None:
    for mark, written in CONTROLNETS:
        if mark in names:
            return Verdict("controlnet", family_of_layers(names, header), written)
    return None


def _checkpoint(names: str, header: Header) -> Verdict | None:
    """Recognise a whole model in one file: denoiser, text encoder and often a VAE."""
    if _DENOISER not in names:
        return None
    reads = any(mark in names for mark in ("cond_stage_model.", "conditioner.", "text_encoders."))
    decodes = "first_stage_model." in names or "vae.decoder." in names
    kind = "checkpoint" if decodes else WITHOUT_VAE
    return Verdict(kind if reads else "denoiser", family_of_layers(names, header), "original")


def _other_than_upscaler(names: str, _header: Header) -> Verdict | None:
    for kind, marks in OTHERS_THAN_UPSCALERS:
        if _has(names, marks):
            return Verdict(kind, UNKNOWN, "original")
    return None


def _vae(names: str, header: Header) -> Verdict | None:
    """Recognise a VAE by the names of its encoder and decoder."""
    if "encoder.layers." in names and "decoder.layers." in names:
        return Verdict("vae", UNKNOWN, "tiny")
    if "decoder.middle.0.residual.0.gamma" in names or "decoder.stages." in names:
        return Verdict("vae", family_of_vae(header), "original")
    if "encoder.conv_in." not in names or "decoder.conv_in." not in names:
        return None
    written = "diffusers" if "encoder.down_blocks." in names else "original"
    return Verdict("vae", family_of_vae(header), written)


def _embedding(_names: str, header: Header) -> Verdict | None:
    """Recognise a textual inversion: a few token vectors as wide as the text encoder."""
    if (layout := layout_of(header.shapes)) is None:
        return None
    written = "diffusers" if layout.tokens else "original"
    return Verdict("embedding", family_of_vectors(layout.widths(header.shapes)), written)


def _upscaler(names: str, _header: Header) -> Verdict | None:
    """Recognise an upscaler, whose family is its architecture."""
    if "model.1.sub.0.RDB1." in names or "body.0.rdb1." in names:
        return Verdict("upscaler", "esrgan", "original")
    if "conv_first." in names and "layers.0." in names:  # SwinIR, HAT, DAT and their kin
        return Verdict("upscaler", UNKNOWN, "original")
    if any(f"\n{prefix}body.0.weight\n" in names for prefix in ("", "params.", "params_ema.")):
        return Verdict("upscaler", "compact", "original")
    return None


def _part(names: str, header: Header) -> Verdict | None:
    """Recognise one component of a model, as diffusers folders and ComfyUI store them."""
    if (encoder := encoder_of(names, header)) is not None:
        return Verdict(*encoder, "original")
    if (family := family_of_layers(names, header)) != UNKNOWN:
        originals = (*ORIGINAL_BLOCKS, "double_blocks", "joint_blocks")
        in_diffusers = "down_blocks." in names or ".to_q." in names or ".to_k." in names
        written = any(f"{one}." in names for one in originals) or not in_diffusers
        return Verdict("denoiser", family, "original" if written else "diffusers")
    return None
