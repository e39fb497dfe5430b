"""A single file is described by its header alone: kind, family, precision, rank, prediction."""

import pytest

from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.loading.registry import ModelRegistry
from tests.files.test_gguf import write as write_gguf
from tests.tiny.headers import READER, write_tensors

FLUX = {
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "img_in.weight": (3072, 64),
    "guidance_in.in_layer.bias": (3072,),
}
SDXL = {
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    "conditioner.embedders.0.transformer.x.weight": (8, 8),
    "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
}


def listed(root):
    (info,) = ModelRegistry(root).models()
    return info


@pytest.mark.parametrize(
    ("metadata", "extra", "prediction", "zero"),
    [
        ({}, {}, "epsilon", False),
        ({}, {"v_pred": (0,), "ztsnr": (0,)}, "v_prediction", True),
        ({"modelspec.prediction_type": "v"}, {}, "v_prediction", False),
        ({"modelspec.prediction_type": "rf"}, {}, "flow_prediction", False),
        ({"modelspec.prediction_type": "x0"}, {}, "x0", False),
        ({"ss_v_parameterization": "True"}, {"ztsnr": (0,)}, "v_prediction", True),
    ],
)
def test_a_checkpoint_says_what_it_predicts(root, metadata, extra, prediction, zero):
    write_tensors(root / "checkpoints" / "x.safetensors", SDXL | extra, metadata, "BF16")
    info = listed(root)
    assert (info.kind, info.holds, info.family) == ("checkpoint", "checkpoint", "sdxl")
    assert (info.prediction_type, info.zero_terminal_snr) == (prediction, zero)
    assert info.precision == "bf16"


@pytest.mark.parametrize(
    ("besides", "variant", "editions"),
    [
        ({}, "", ("dev", "krea", "kontext")),
        ({"img_in.weight": (3072, 384)}, "fill", ()),
        ({"img_in.weight": (3072, 128)}, "control", ()),
    ],
)
def test_a_denoiser_alone_is_named_with_its_variant_and_what_it_lacks_or_is_made_for(
    root, besides, variant, editions
):
    write_tensors(root / "checkpoints" / "x.safetensors", FLUX | besides, dtype="F8_E4M3")
    info = listed(root)
    assert (info.holds, info.family, info.variant) == ("denoiser", "flux", variant)
    assert (info.precision, info.prediction_type) == ("fp8 e4m3", "flow_prediction")
    assert info.editions == editions
    assert (info.lacks_vae, info.lacks_encoders) == (True, ("text_encoder", "text_encoder_2"))
    assert (info.refused is None) == (not variant)
    assert variant == "" or f"is made for {NAMES_OF_VARIANTS[variant]}" in info.refused


def test_a_denoiser_alone_of_a_family_whose_files_are_whole_is_refused(root):
    layers = {"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768)}
    write_tensors(root / "checkpoints" / "x.safetensors", layers)
    assert "it lacks its text encoder and VAE" in listed(root).refused


def test_schnell_is_told_by_what_it_has_not(root):
    layers = {name: shape for name, shape in FLUX.items() if "guidance" not in name}
    write_tensors(root / "checkpoints" / "x.safetensors", layers)
    assert (listed(root).variant, listed(root).editions) == ("schnell", ())


@pytest.mark.parametrize(
    ("tensors", "words", "precision"),
    [
        ({"img_in.scale_weight": ("F32", (2, 2))}, "has a scale of F32 [2, 2]", "fp8 e4m3"),
        ({"img_in.weight_scale_inv": ("F32", ())}, "in a way that is not supported", "fp8 e4m3"),
        ({"img_in.weight": ("I8", (3072, 4096))}, "holds I8", "int8"),
    ],
)
def test_weights_that_cannot_be_used_are_named_with_their_family(root, tensors, words, precision):
    write_tensors(root / "checkpoints" / "x.safetensors", FLUX | tensors, dtype="F8_E4M3")
    info = listed(root)
    assert words in info.refused
    assert (info.family, info.precision) == ("flux", precision)


def test_noise_that_no_sampler_knows_leaves_the_family_known(root):
    write_tensors(root / "checkpoints" / "x.safetensors", SDXL | {"edm_mean": (4,)})
    assert "EDM's noise" in listed(root).refused
    assert (listed(root).family, listed(root).prediction_type) == ("sdxl", "")


def test_a_lora_says_its_ranks_words_and_training(root):
    metadata = {"modelspec.trigger_phrase": "ohwx", "ss_v_parameterization": "True"}
    other = READER.replace("_to_k", "_to_q")
    write_tensors(root / "loras" / "x.safetensors", {READER: (16, 2048), other: (4, 640)}, metadata)
    info = listed(root)
    assert (info.family, info.ranks, info.trained_words) == ("sdxl", (4, 16), ("ohwx",))
    assert info.prediction_type == "v_prediction"
    write_tensors(root / "loras" / "x.safetensors", {READER: (16, 2048)})
    assert listed(root).prediction_type == ""


@pytest.mark.parametrize(
    ("tensors", "architecture", "holds", "family"),
    [
        ({"layers.0.adaLN_sa_ln.weight": (96, 64)}, "ernie", "denoiser", "ernie"),
        (
            {"blk.0.attn_q.weight": (64, 64), "token_embd.weight": (64, 64)},
            "qwen3",
            "text encoder",
            "qwen3",
        ),
        ({"x.weight": (64, 64)}, "mystery", "unknown", "unknown"),
    ],
)
@pytest.mark.parametrize("ending", [".gguf", ".GGUF"])
def test_a_gguf_is_named_with_family_quantisation_and_reason(
    root, tensors, architecture, holds, family, ending
):
    path = root / "checkpoints" / f"x{ending}"
    write_gguf(path, tensors=tensors, architecture=architecture, file_type=15)
    info = listed(root)
    assert (info.name, info.format, info.precision) == ("x", "gguf", "Q4_K_M")
    assert (info.holds, info.family) == (holds, family)
    assert "is a GGUF file of Q4_K_M" in info.refused
    assert "get it as safetensors" in info.refused


def test_a_gguf_of_a_denoiser_that_is_opened_is_offered_with_the_parts_that_it_lacks(root):
    tensors = {"x_pad_token": (1, 64), "cap_pad_token": (1, 64)}
    write_gguf(
        root / "diffusion_models" / "z.gguf",
        tensors=tensors,
        architecture="lumina2",
        file_type=15,
    )
    info = listed(root)
    assert (info.family, info.holds, info.format) == ("z-image", "denoiser", "gguf")
    assert (info.refused, info.lacks_vae) == (None, True)
    assert info.lacks_encoders == ("text_encoder",)


def test_a_gguf_of_a_format_that_nothing_here_computes_with_is_refused_by_its_name(root):
    tensors = {"x_pad_token": (1, 256), "cap_pad_token": (1, 256)}
    path = root / "checkpoints" / "z.gguf"
    write_gguf(path, tensors=tensors, architecture="lumina2", quantised="TQ2_0")
    assert "has weights of TQ2_0 (x_pad_token)" in listed(root).refused


def test_a_gguf_under_another_name_is_refused_and_the_rest_goes_on(root):
    write_gguf(root / "x.gguf")
    (root / "checkpoints").mkdir()
    (root / "x.gguf").rename(root / "checkpoints" / "x.safetensors")
    (root / "checkpoints" / "y.gguf").write_bytes(b"PK\x03\x04" + bytes(999))
    write_tensors(root / "checkpoints" / "z.safetensors", SDXL)
    refused = {one.name: one.refused for one in ModelRegistry(root).models()}
    assert "is a GGUF file; name it x.gguf" in refused["x"]
    assert "y.gguf is not a GGUF file" in refused["y"]
    assert refused["z"] is None


def test_a_gguf_in_a_cloned_repository_is_not_hidden_by_its_config(root):
    clone = root / "checkpoints" / "clone"
    write_gguf(clone / "flux1.gguf", file_type=14)
    (clone / "config.json").write_text('{"model_type": "flux"}')
    assert (listed(root).name, listed(root).family) == ("flux1", "flux")
