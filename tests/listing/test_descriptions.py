"""A model is described by its header or configs; one that cannot be used has a way out."""

import json
import math

import pytest

from medialab.families import FAMILIES, RUNNING
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


def test_a_diffusers_folder_is_one_checkpoint(tiny_models):
    (info,) = ModelRegistry(tiny_models).models("checkpoint")
    assert (info.name, info.family, info.format) == ("paperdoll", "paperdoll", "diffusers")
    assert info.refused is None
    assert info.size_bytes > 100_000


def test_a_transformers_folder_is_a_detector_of_its_type(root):
    folder = root / "detectors" / "faces"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "yolos"}')
    (info,) = ModelRegistry(root).models("detector")
    assert (info.name, info.family, info.format) == ("faces", "yolos", "transformers")


def test_a_model_of_another_kind_is_refused_with_its_place(root):
    write_lora(root / "checkpoints" / "ink.safetensors")
    (info,) = ModelRegistry(root).models()
    assert info.refused == "ink.safetensors holds a lora, not a checkpoint; move it to loras"


def test_what_is_no_model_of_its_own_is_listed_with_the_way_out(root):
    def write(path, shapes):
        entries, at = {}, 0
        for name, shape in shapes.items():
            size = 2 * math.prod(shape)
            entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
        text = json.dumps(entries).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))

    expected = {
        ("checkpoints", "hidream"): (
            {"model.diffusion_model.double_stream_blocks.0.block.adaLN_modulation.1.bias": [4]},
            "holds a denoiser of family hidream, which does not run here yet",
        ),
        ("checkpoints", "unet"): (
            {"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [4, 768]},
            "holds a denoiser, not a checkpoint; it lacks its text encoder and VAE",
        ),
        ("upscalers", "gfpgan"): (
            {"toRGB.0.weight": [3, 8], "stylegan_decoder.style_mlp.1.weight": [4, 4]},
            "use the face detailer",
        ),
        ("upscalers", "lama"): ({"model.model.1.bn_l.running_mean": [4]}, "mode inpaint"),
        ("embeddings", "hyper"): (
            {"768.0.linear.0.weight": [8, 768]},
            "holds a hypernetwork, not an embedding",
        ),
        ("loras", "hidream-lora"): (
            {"lora_unet_double_stream_blocks_0_block_x.lora_down.weight": [4, 3072]},
            "is made for hidream, and no checkpoint of that family runs here",
        ),
        ("loras", "vera"): ({"unet.x.vera_lambda_b": [4]}, "is a VeRA, which is not supported"),
        ("loras", "nothing"): ({"x": [4]}, "holds no known layers of a lora"),
        ("controlnet", "adapter"): (
            {"body.0.block1.weight": [4, 4], "conv_in.weight": [4, 4]},
            "holds a t2i-adapter, not a controlnet; it is not supported yet",
        ),
        ("controlnet", "control-lora"): ({"lora_controlnet": [0]}, "is not supported yet"),
        ("vae", "clip"): (
            {"text_model.embeddings.token_embedding.weight": [4, 768]},
            "holds a text encoder, not a vae; move it to text_encoders",
        ),
    }
    for (folder, name), (shapes, _) in expected.items():
        write(root / folder / f"{name}.safetensors", shapes)
    refused = {info.name: info.refused for info in ModelRegistry(root).models()}
    for (_, name), (_, reason) in expected.items():
        assert reason in (refused[name] or "usable"), name


KLEIN = {"num_attention_heads": 24}
QWEN_EDIT = {"_class_name": "QwenImageEditPipeline"}
QWEN_EDIT_PLUS = {"_class_name": "QwenImageEditPlusPipeline"}


def write_folder(place, name, config, *, part="transformer", **index):
    """Write a folder without weights, which is enough to tell what it is."""
    for folder in (part, "scheduler"):
        (place / folder).mkdir(parents=True)
    (place / "model_index.json").write_text(json.dumps({"_class_name": "SomePipeline", **index}))
    (place / part / "config.json").write_text(json.dumps({"_class_name": name, **config}))
    scheduler = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
    (place / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))


@pytest.mark.parametrize(
    ("family", "name"),
    [
        (family.name, name)
        for family in FAMILIES.values()
        for name in family.recognition.classes
        if "ControlNet" not in name
    ],
)
def test_a_folder_of_every_class_is_named_by_its_family(root, family, name):
    part = "unet" if name.startswith("UNet") else "transformer"
    config = FAMILIES[family].recognition.config
    write_folder(root / "checkpoints" / "x", name, config, part=part)
    (info,) = ModelRegistry(root).models()
    assert (info.holds, info.family) == ("checkpoint", family)
    assert info.prediction_type == "flow_prediction"
    assert f"is of family {family}" in info.refused or family in RUNNING


@pytest.mark.parametrize(
    ("name", "config", "index", "variant", "edition"),
    [
        ("FluxTransformer2DModel", {"guidance_embeds": True}, {}, "", ""),
        ("FluxTransformer2DModel", {"guidance_embeds": False}, {}, "schnell", ""),
        ("FluxTransformer2DModel", {"in_channels": 384}, {}, "fill", ""),
        ("FluxTransformer2DModel", {}, {"_class_name": "FluxKontextPipeline"}, "", "kontext"),
        ("Flux2Transformer2DModel", KLEIN, {"is_distilled": True}, "", "distilled"),
        ("Flux2Transformer2DModel", KLEIN, {"is_distilled": False}, "", "base"),
        ("Krea2Transformer2DModel", {}, {"is_distilled": True}, "", "turbo"),
        ("QwenImageTransformer2DModel", {}, QWEN_EDIT, "", "first edit"),
        ("QwenImageTransformer2DModel", {}, QWEN_EDIT_PLUS, "", "edit"),
        ("ZImageTransformer2DModel", {}, {"is_distilled": True}, "", ""),
        ("ZImageTransformer2DModel", {}, {"_edition": "base"}, "", "base"),
    ],
)
def test_a_folder_tells_its_variant_and_edition(root, name, config, index, variant, edition):
    write_folder(root / "checkpoints" / "x", name, config, **index)
    (info,) = ModelRegistry(root).models()
    assert (info.variant, info.edition) == (variant, edition)
    assert (edition in info.editions) if edition else True
