"""The kind, the family and the format of a file are told by its tensors' names and shapes."""

import pytest

from medialab.families.kinds import classify, kind_of_class
from medialab.files.headers import Header


def shapes(*names, **more):
    return dict.fromkeys(names, (4, 4)) | more


KOHYA_READER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
PEFT_READER = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
UNET = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
VAE = ("first_stage_model.encoder.conv_in.weight", "first_stage_model.decoder.conv_in.weight")
CLIP_L = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
CLIP_G = "conditioner.embedders.1.model.ln_final.weight"

CASES = {
    ("checkpoint", "sd15", "original"): shapes(*VAE, CLIP_L) | {UNET: (320, 768)},
    ("checkpoint", "sd2", "original"): shapes(*VAE, CLIP_L) | {UNET: (320, 1024)},
    ("checkpoint", "sdxl", "original"): shapes(*VAE, CLIP_G) | {UNET: (640, 2048)},
    ("checkpoint", "sdxl-refiner", "original"): shapes(*VAE, CLIP_G) | {UNET: (768, 1280)},
    ("checkpoint", "sd3", "original"): shapes(
        "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
        "text_encoders.clip_l.transformer.text_model.embeddings.token_embedding.weight",
        *VAE,
    ),
    ("denoiser", "sd15", "original"): {UNET: (320, 768)},
    ("denoiser", "flux", "original"): shapes("double_blocks.0.img_attn.qkv.weight"),
    ("denoiser", "flux2", "original"): shapes(
        "double_blocks.0.img_attn.qkv.weight", "double_stream_modulation_img.lin.weight"
    ),
    ("denoiser", "sdxl", "diffusers"): {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048)
    },
    ("lora", "sd15", "kohya"): {f"{KOHYA_READER}.lora_down.weight": (8, 768)},
    ("lora", "sdxl", "kohya"): {f"{KOHYA_READER}.lora_down.weight": (8, 2048)},
    ("lora", "paperdoll", "diffusers"): {f"{PEFT_READER}.lora_A.weight": (8, 128)},
    ("lora", "sd15", "diffusers"): {f"{PEFT_READER}.lora.down.weight": (8, 768)},
    ("lora", "sd15", "dora"): {
        f"{KOHYA_READER}.lora_down.weight": (8, 768),
        f"{KOHYA_READER}.dora_scale": (1, 320),
    },
    ("lora", "sdxl", "loha"): {
        f"{KOHYA_READER}.hada_w1_a": (640, 8),
        f"{KOHYA_READER}.hada_w1_b": (8, 2048),
    },
    ("lora", "unknown", "lokr"): {f"{KOHYA_READER}.lokr_w1": (8, 8)},
    ("lora", "flux", "diffusers"): shapes(
        "transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight"
    ),
    ("lora", "flux", "kohya"): shapes("lora_unet_double_blocks_0_img_attn_proj.lora_down.weight"),
    ("controlnet", "sd15", "original"): {
        "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768)
    },
    ("controlnet", "unknown", "diffusers"): shapes("controlnet_cond_embedding.conv_in.weight"),
    ("vae", "unknown", "diffusers"): shapes(
        "encoder.conv_in.weight", "decoder.conv_in.weight", "encoder.down_blocks.0.resnets.0.x"
    ),
    ("vae", "unknown", "original"): shapes("encoder.conv_in.weight", "decoder.conv_in.weight"),
    ("vae", "unknown", "tiny"): shapes("encoder.layers.0.weight", "decoder.layers.0.weight"),
    ("embedding", "sd15", "original"): {"emb_params": (4, 768)},
    ("embedding", "sdxl", "original"): {"clip_l": (4, 768), "clip_g": (4, 1280)},
    ("upscaler", "esrgan", "original"): shapes(
        "model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"
    ),
    ("upscaler", "compact", "original"): shapes("params_ema.body.0.weight", "body.1.weight"),
    ("text encoder", "unknown", "original"): shapes("text_model.embeddings.token_embedding.weight"),
    ("ip-adapter", "unknown", "original"): shapes(
        "image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight"
    ),
    ("unknown", "unknown", "unknown"): shapes("some.weight", "another.bias"),
}


@pytest.mark.parametrize("expected", CASES, ids="-".join)
def test_kind_family_and_format_are_told_by_names_and_shapes(expected):
    assert classify(Header(CASES[expected], {})) == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AutoencoderKL", "vae"),
        ("ControlNetModel", "controlnet"),
        ("UNet2DConditionModel", "denoiser"),
        ("ZImageTransformer2DModel", "denoiser"),
        ("T2IAdapter", "t2i-adapter"),
        ("CLIPTextModel", None),
    ],
)
def test_a_parts_kind_is_told_by_its_class(name, kind):
    assert kind_of_class(name) == kind
