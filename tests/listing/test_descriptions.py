"""A model is described by its header or configs; one that cannot be used has a way out."""

import json
import math

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
        ("checkpoints", "flux"): (
            {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale": [4]},
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
        ("loras", "flux-lora"): (
            {"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": [4, 3072]},
            "is made for flux, and no checkpoint of that family runs here",
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
            "holds a text encoder, not a vae; it is a part of a checkpoint",
        ),
    }
    for (folder, name), (shapes, _) in expected.items():
        write(root / folder / f"{name}.safetensors", shapes)
    refused = {info.name: info.refused for info in ModelRegistry(root).models()}
    for (_, name), (_, reason) in expected.items():
        assert reason in (refused[name] or "usable"), name
