"""Files of the real classes, with their real sizes, are told as what they are, and as nothing else.

The networks are made without weights (torch's meta device), so that all names and shapes are the
libraries' own: each row of the table is one class of diffusers or transformers.
"""

from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from medialab.families import FAMILIES
from medialab.families.encoders import ENCODERS as KNOWN_ENCODERS
from medialab.families.kinds import classify
from medialab.files.headers import Header
from medialab.process.installation import configs_folder

pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")

KLEIN_4B = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24}
KLEIN_9B = {"num_layers": 8, "num_single_layers": 24, "num_attention_heads": 32}
SD3 = {
    "caption_projection_dim": 1536,
    "num_attention_heads": 24,
    "num_layers": 24,
    "pooled_projection_dim": 2048,
    "pos_embed_max_size": 192,
}
HIDREAM = {
    "caption_channels": [4096, 4096],
    "in_channels": 16,
    "out_channels": 16,
    "num_layers": 4,
    "num_single_layers": 4,
    "llama_layers": [0, 1, 2, 3, 4, 5, 6, 7],
    "text_emb_dim": 2048,
    "num_routed_experts": 4,
    "num_activated_experts": 2,
    "max_resolution": (128, 128),
    "axes_dims_rope": (32, 16, 16),
    "patch_size": 2,
}
LONGCAT = {"num_layers": 10, "num_single_layers": 20}
# Family -> the class in diffusers, and the settings that differ from its defaults.
DENOISERS = {
    "sd3": ("SD3Transformer2DModel", SD3),
    "chroma": ("ChromaTransformer2DModel", {}),
    "flux3": ("Flux3Transformer2DModel", {}),
    "flux2-klein-4b": ("Flux2Transformer2DModel", {**KLEIN_4B, "joint_attention_dim": 7680}),
    "flux2-klein-9b": ("Flux2Transformer2DModel", {**KLEIN_9B, "joint_attention_dim": 12288}),
    "flux2-dev": ("Flux2Transformer2DModel", {}),
    "flux": ("FluxTransformer2DModel", {"guidance_embeds": True}),
    "z-image": ("ZImageTransformer2DModel", {}),
    "qwen-image-2.1": ("QwenImage21Transformer2DModel", {}),
    "qwen-image": ("QwenImageTransformer2DModel", {}),
    "krea2": ("Krea2Transformer2DModel", {}),
    "lumina2": ("Lumina2Transformer2DModel", {}),
    "cosmos": ("CosmosTransformer3DModel", {}),
    "hunyuan-image": ("HunyuanImageTransformer2DModel", {}),
    "hunyuan-video": ("HunyuanVideoTransformer3DModel", {}),
    "hidream": ("HiDreamImageTransformer2DModel", HIDREAM),
    "longcat": ("LongCatImageTransformer2DModel", LONGCAT),
    "ovis": ("OvisImageTransformer2DModel", {}),
    "auraflow": ("AuraFlowTransformer2DModel", {}),
    "ideogram4": ("Ideogram4Transformer2DModel", {}),
    "ernie": ("ErnieImageTransformer2DModel", {}),
    "wan": ("WanTransformer3DModel", {}),
    "ltx-video": ("LTXVideoTransformer3DModel", {}),
    "sana": ("SanaTransformer2DModel", {}),
    "pixart": ("PixArtTransformer2DModel", {"cross_attention_dim": 1152}),
}
UNETS = ("sd15", "sd2", "sdxl", "sdxl-refiner")
# Families that are no family of this project: whatever they look like, they are told as unknown.
STRANGERS = (
    *("AllegroTransformer3DModel", "BriaFibo2Transformer2DModel", "BriaFiboTransformer2DModel"),
    *("BriaTransformer2DModel", "CogVideoXTransformer3DModel", "CogView3PlusTransformer2DModel"),
    *("CogView4Transformer2DModel", "DiTTransformer2DModel", "GlmImageTransformer2DModel"),
    *("HunyuanVideo15Transformer3DModel", "JoyImageEditTransformer3DModel", "Kandinsky3UNet"),
    *("Kandinsky5Transformer3DModel", "MochiTransformer3DModel", "PRXTransformer2DModel"),
    *("NucleusMoEImageTransformer2DModel", "SanaWMTransformer3DModel", "UNet3DConditionModel"),
)
# Those of them that resemble a family most.
RESEMBLING = (
    *("AllegroTransformer3DModel", "BriaFibo2Transformer2DModel", "JoyImageEditTransformer3DModel"),
    *("Kandinsky3UNet", "SanaWMTransformer3DModel"),
)
CONTROLNETS = {
    "flux": "FluxControlNetModel",
    "sd3": "SD3ControlNetModel",
    "qwen-image": "QwenImageControlNetModel",
    "sana": "SanaControlNetModel",
    "cosmos": "CosmosControlNetModel",
}
VAES = {
    "AutoencoderKL": "unknown",  # SD1.5's, SDXL's, Flux.1's: the same layers
    "AutoencoderKLFlux2": "flux2",
    "AutoencoderKLQwenImage": "unknown",  # Wan's, too
    "AutoencoderKLQwenImage21": "qwen-image-2.1",
    "AutoencoderKLHunyuanVideo": "hunyuan-video",
    "AutoencoderKLLTXVideo": "ltx-video",
    "AutoencoderKLCosmos": "cosmos",
    "AutoencoderDC": "sana",
    "AutoencoderTiny": "unknown",
}
SMALL = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "head_dim": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
# Class and config of transformers, settings, kind and family.
ENCODERS = [
    ("CLIPTextModelWithProjection", "CLIPTextConfig", {"hidden_size": 1280}, "clip-g"),
    ("CLIPTextModelWithProjection", "CLIPTextConfig", {"hidden_size": 768}, "clip-l"),
    ("T5EncoderModel", "T5Config", {"num_layers": 2}, "t5"),
    ("UMT5EncoderModel", "UMT5Config", {"num_layers": 2}, "umt5"),
    ("Qwen3Model", "Qwen3Config", SMALL, "qwen3"),
    ("Qwen3ForCausalLM", "Qwen3Config", SMALL, "qwen3"),
    ("Qwen2Model", "Qwen2Config", {"num_hidden_layers": 2}, "qwen2.5"),
    ("Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLConfig", {}, "qwen2.5-vl"),
    ("Qwen3VLForConditionalGeneration", "Qwen3VLConfig", {}, "qwen3-vl"),
    ("Gemma2Model", "Gemma2Config", {"num_hidden_layers": 2}, "gemma2"),
    ("Gemma3TextModel", "Gemma3TextConfig", {"num_hidden_layers": 2}, "gemma3"),
    ("LlamaModel", "LlamaConfig", {"num_hidden_layers": 2, "vocab_size": 128256}, "llama"),
    ("MistralModel", "MistralConfig", {"num_hidden_layers": 2, "vocab_size": 131072}, "mistral"),
    ("MistralModel", "MistralConfig", {"num_hidden_layers": 2}, "unknown"),
]


@cache
def network(name, settings=()):
    """A network of diffusers, without weights."""
    import diffusers

    with torch.device("meta"):
        return getattr(diffusers, name)(**dict(settings))


def denoiser(family):
    name, settings = DENOISERS[family]
    frozen = tuple(
        (key, tuple(value) if isinstance(value, list) else value) for key, value in settings.items()
    )
    return network(name, frozen)


def shapes_of(model):
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def lora_of(model, only=""):
    """A LoRA as peft saves it, of all linear layers, or of those whose names end so."""
    shapes = {}
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear) and name.endswith(only or name):
            shapes[f"transformer.{name}.lora_A.weight"] = (16, layer.in_features)
            shapes[f"transformer.{name}.lora_B.weight"] = (layer.out_features, 16)
    return shapes


@pytest.mark.thorough
@pytest.mark.parametrize("family", DENOISERS)
def test_a_denoiser_and_a_lora_of_it_are_told_by_the_real_layers(family):
    model = denoiser(family)
    shapes = shapes_of(model)
    assert classify(Header(shapes, {}))[:2] == ("denoiser", family)
    prefixed = {f"model.diffusion_model.{name}": shape for name, shape in shapes.items()}
    assert classify(Header(prefixed, {}))[:2] == ("denoiser", family)
    if family != "pixart":  # the layers of the smaller Sana
        assert classify(Header(lora_of(model), {}))[:2] == ("lora", family)


# Where only attention is trained, Flux.1's layers are those of its relatives: the metadata tell
# them apart, if there are any.
ALIKE = {"chroma": {"flux"}}


@pytest.mark.parametrize("family", DENOISERS)
def test_a_lora_of_attention_alone_is_of_its_family_or_of_none(family):
    for only in ("to_q", ("to_q", "to_k", "to_v"), ("to_q", "to_k", "to_v", "to_out.0")):
        if shapes := lora_of(denoiser(family), only):
            told = classify(Header(shapes, {})).family
            assert told in {family, "unknown", *ALIKE.get(family, ())}


@pytest.mark.parametrize("family", UNETS)
def test_a_unet_is_told_by_its_real_layers(family):
    with torch.device("meta"):
        config = UNet2DConditionModel.load_config(configs_folder() / family / "unet")
        unet = UNet2DConditionModel.from_config(config)
    assert classify(Header(shapes_of(unet), {}))[:2] == ("denoiser", family)
    shapes = {name.replace("transformer.", "unet."): shape for name, shape in lora_of(unet).items()}
    assert classify(Header(shapes, {}))[:2] == ("lora", family)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in RESEMBLING else [pytest.mark.thorough])
        for name in STRANGERS
    ],
)
def test_a_family_that_is_not_known_here_is_told_as_unknown(name):
    model = network(name)
    assert classify(Header(shapes_of(model), {})).family == "unknown"
    assert classify(Header(lora_of(model), {})).family == "unknown"


@pytest.mark.parametrize("family", CONTROLNETS)
def test_a_controlnet_is_told_by_its_real_layers(family):
    shapes = shapes_of(network(CONTROLNETS[family]))
    assert classify(Header(shapes, {}))[:2] == ("controlnet", family)


@pytest.mark.parametrize("name", VAES)
def test_a_vae_is_told_by_its_real_layers(name):
    assert classify(Header(shapes_of(network(name)), {}))[:2] == ("vae", VAES[name])


@pytest.mark.parametrize(("name", "config", "settings", "family"), ENCODERS)
def test_a_text_encoder_is_told_by_its_real_layers(name, config, settings, family):
    import transformers

    made = getattr(transformers, config)(**settings)
    if hasattr(made, "text_config"):
        made.text_config.num_hidden_layers = 2
        made.text_config.layer_types = ["full_attention"] * 2
    with torch.device("meta"):
        model = getattr(transformers, name)(made)
    assert classify(Header(shapes_of(model), {}))[:2] == ("text encoder", family)


def test_there_are_as_many_signatures_as_families_need():
    """Data, each with layers that must be there; most with layers that must not."""
    every = [one for family in FAMILIES.values() for one in family.recognition.signatures]
    every += [one for family in FAMILIES.values() for one in family.recognition.vaes]
    every += [one.signature for one in KNOWN_ENCODERS]
    assert len(every) >= 45
    assert all(one.marks for one in every)


def test_the_page_about_models_names_every_family():
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text("utf-8")
    missing = [name for name in FAMILIES if f"`{name}`" not in page]
    assert missing == []
    for family in FAMILIES.values():
        for edition in family.editions:
            assert edition in page
