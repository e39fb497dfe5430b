"""Families and variants are told by a trainer's word, a config.json and the first layer."""

import pytest

from medialab.families.kinds import classify
from medialab.families.recognition import (
    family_of_denoiser,
    family_of_layers,
    family_of_vae,
    family_of_vectors,
    variant_of_denoiser,
    variant_of_header,
)
from medialab.files.headers import Header
from medialab.listing.runnable import why_not

KOHYA_READER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
UNET = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"


@pytest.mark.parametrize(
    ("metadata", "family"),
    [
        ({"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        ({"ss_base_model_version": "sd_v1"}, "sd15"),
        ({"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}, "sdxl"),
        ({"modelspec.architecture": "flux-1-dev/lora"}, "flux"),
        ({"modelspec.architecture": "something-new"}, "unknown"),
    ],
)
def test_where_shapes_say_nothing_the_trainers_own_word_counts(metadata, family):
    header = Header({f"{KOHYA_READER}.lokr_w1": (8, 8)}, metadata)
    assert classify(header).family == family


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"cross_attention_dim": 128}, "paperdoll"),
        ({"cross_attention_dim": 192}, "paperdoll"),
        ({"cross_attention_dim": 768}, "sd15"),
        ({"cross_attention_dim": 2048}, "sdxl"),
        ({"cross_attention_dim": 999}, "unknown"),
        ({"_class_name": "FluxTransformer2DModel"}, "flux"),
        ({"_class_name": "Novel"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_folders_family_is_told_by_its_denoisers_config(config, family):
    assert family_of_denoiser(config) == family


def test_both_sizes_of_the_embedded_family_are_recognised():
    from models.paperdoll import family

    widths = {size.text_width for size in family.SIZES.values()}
    assert {family_of_denoiser({"cross_attention_dim": width}) for width in widths} == {"paperdoll"}


@pytest.mark.parametrize(
    ("channels", "width", "family", "variant"),
    [
        (4, 768, "sd15", ""),
        (9, 768, "sd15", "inpaint"),
        (8, 768, "sd15", "instruct"),
        (9, 2048, "sdxl", "inpaint"),
        (5, 1024, "sd2", "depth"),
        (7, 1024, "sd2", "upscale"),
        (4, 1280, "sdxl-refiner", "refiner"),
        (6, 768, "sd15", "6 channels"),
    ],
)
def test_what_a_checkpoint_is_made_for_is_told_by_the_channels_it_reads(
    channels, width, family, variant
):
    first = {"model.diffusion_model.input_blocks.0.0.weight": (320, channels, 3, 3)}
    header = Header(first | {UNET: (320, width)}, {})
    assert classify(header).family == family
    assert variant_of_header(family, header) == variant
    config = {"in_channels": channels, "cross_attention_dim": width}
    assert variant_of_denoiser(config) == variant


def test_a_checkpoint_that_reads_a_pictures_embedding_is_told():
    shapes = {UNET: (320, 1024), "model.diffusion_model.label_emb.0.0.weight": (1280, 2048)}
    assert variant_of_header("sd2", Header(shapes, {})) == "unclip"
    config = {"in_channels": 4, "cross_attention_dim": 1024, "class_embed_type": "projection"}
    assert variant_of_denoiser(config) == "unclip"
    for is_file in (True, False):
        told = why_not("checkpoint", "sd2", "unclip", is_file=is_file)
        assert told.startswith("is made for varying a picture; ")


@pytest.mark.parametrize(("blocks", "variant"), [(10, ""), (4, "distilled"), (2, "distilled")])
def test_an_sdxl_of_fewer_layers_is_told(blocks, variant):
    place = "model.diffusion_model.input_blocks.7.1.transformer_blocks"
    shapes = {f"{place}.{n}.attn1.to_q.weight": (1280, 1280) for n in range(blocks)}
    shapes |= {f"{place}.{n}.attn2.to_k.weight": (1280, 2048) for n in range(blocks)}
    header = Header(shapes, {})
    assert classify(header).family == "sdxl"
    assert variant_of_header("sdxl", header) == variant
    assert (why_not("checkpoint", "sdxl", variant, is_file=True) is None) == (variant == "")


@pytest.mark.parametrize(
    ("heads", "family"),
    [(24, "flux2-klein-4b"), (32, "flux2-klein-9b"), (48, "flux2-dev"), (7, "flux2")],
)
def test_a_size_of_a_family_is_told_by_its_heads(heads, family):
    config = {"_class_name": "Flux2Transformer2DModel", "num_attention_heads": heads}
    assert family_of_denoiser(config) == family


def test_a_unet_that_reads_other_text_is_no_family_by_its_width():
    config = {"_class_name": "UNet2DConditionModel", "cross_attention_dim": 2048}
    assert family_of_denoiser(config) == "sdxl"
    assert family_of_denoiser(config | {"encoder_hid_dim_type": "text_proj"}) == "kolors"
    assert family_of_denoiser(config | {"encoder_hid_dim_type": "other"}) == "unknown"


@pytest.mark.parametrize(
    ("widths", "family"),
    [((768,), "sd15"), ((768, 1280), "sdxl"), ((768, 768), "unknown"), ((999,), "unknown")],
)
def test_a_textual_inversions_family_is_told_by_its_vectors_widths(widths, family):
    assert family_of_vectors(widths) == family


def test_a_trainers_word_decides_between_families_whose_layers_are_alike():
    path = "lora_unet_double_blocks_0_img_attn_qkv"
    layers = {f"{path}.lora_down.weight": (16, 3072), f"{path}.lora_up.weight": (9216, 16)}
    for word, family in (("chroma", "chroma"), ("qwen-image", "flux"), ("", "flux")):
        said = {"modelspec.architecture": word}
        assert classify(Header(layers, said)).family == family


@pytest.mark.parametrize(
    "said",
    [
        {"modelspec.architecture": "chroma/lora", "ss_base_model_version": "flux1"},  # sd-scripts
        {"modelspec.architecture": "Chroma1/lora"},  # OneTrainer
        {"ss_base_model_version": "chroma"},  # ai-toolkit
    ],
)
def test_a_lora_of_layers_that_flux_has_too_is_chromas_if_its_trainer_says_so(said):
    path = "transformer.single_transformer_blocks.0.proj_out"
    layers = {f"{path}.lora_A.weight": (16, 15360), f"{path}.lora_B.weight": (3072, 16)}
    assert classify(Header(layers, said)).family == "chroma"
    assert classify(Header(layers, {"modelspec.architecture": "flux-1-dev/lora"})).family == "flux"


def test_layers_of_two_families_at_once_are_of_none():
    flux = {"double_blocks.0.img_attn.qkv.weight": (9216, 3072)}
    other = {"control_layers.0.attention.to_q.weight": (3840, 3840)}
    assert family_of_layers(as_lines(flux), Header(flux, {})) == "flux"
    assert family_of_layers(as_lines(other), Header(other, {})) == "z-image"
    both = flux | other
    for word in ("", "flux-1-dev/lora"):
        header = Header(both, {"modelspec.architecture": word})
        assert family_of_layers(as_lines(both), header) == "unknown"


def as_lines(shapes):
    return "\n".join(["", *shapes, ""])


def test_a_vaes_family_is_told_by_layers_that_no_other_has():
    own = {"first_stage_model.bn.running_mean": (4,)}
    assert family_of_vae(Header(own, {})) == "flux2"
    both = own | {"decoder.stages.0.main.conv.weight": (4, 4)}
    assert family_of_vae(Header(both, {})) == "unknown"
    shared = Header({"encoder.conv_in.weight": (128, 3, 3, 3)}, {})
    assert family_of_vae(shared) == "unknown"
