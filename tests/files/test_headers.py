"""Headers are read without the body, broken files are refused by name, kinds are told by names."""

import json
import os
import pickle
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialab.errors import ModelRefusedError
from medialab.families.kinds import classify
from medialab.families.recognition import (
    family_of_denoiser,
    variant_of_denoiser,
    variant_of_header,
)
from medialab.files.headers import LARGEST_HEADER, Header, read_header
from medialab.listing.runnable import why_not


def header_bytes(entries):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text


def one_tensor(shape=(2, 3), begin=0, end=12, dtype="F16"):
    return {"weight": {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}}


def test_a_sound_file_gives_its_shapes_and_metadata(tmp_path):
    path = tmp_path / "a.safetensors"
    entries = one_tensor() | {"__metadata__": {"modelspec.title": "A"}}
    path.write_bytes(header_bytes(entries) + bytes(12))
    header = read_header(path)
    assert header.shapes == {"weight": (2, 3)}
    assert header.metadata == {"modelspec.title": "A"}


def test_what_the_safetensors_library_writes_is_read(tmp_path):
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    tensors = {
        "a": torch.zeros(2, 3),
        "b": torch.zeros(4, dtype=torch.bfloat16),
        "c": torch.ones(()),
    }
    save_file(tensors, path, metadata={"x": "y"})
    assert read_header(path).shapes == {"a": (2, 3), "b": (4,), "c": ()}


@pytest.mark.parametrize("first", [0x80, ord("P")])
def test_a_length_that_looks_like_a_pickle_or_a_zip_is_only_a_length(tmp_path, first):
    path = tmp_path / "a.safetensors"
    text = json.dumps(one_tensor()).encode()
    text += b" " * (first + (0x4B00 if first == ord("P") else 0x200) - len(text))
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(12))
    assert path.read_bytes()[:2] in (b"\x80\x02", b"PK")
    assert read_header(path).shapes == {"weight": (2, 3)}


def test_only_the_header_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    head = header_bytes(one_tensor(shape=(2**30,), end=2**31))
    path.write_bytes(head)
    os.truncate(path, len(head) + 2**31)
    read = []
    real = os.read

    def counted(descriptor, length):
        part = real(descriptor, length)
        read.append(len(part))
        return part

    monkeypatch.setattr(os, "read", counted)
    read_header(path)
    assert sum(read) == len(head)


class Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def _broken_files():
    sound = header_bytes(one_tensor())
    return {
        "empty": (b"", "cut short"),
        "shorter than its length field": (b"\x10\0\0", "cut short"),
        "cut in the header": (sound[:20], "cut short"),
        "cut in the body": (sound + bytes(11), "cut short: 1 bytes"),
        "longer than its tensors": (sound + bytes(13), "1 bytes follow"),
        "absurd length": (b"\xff" * 16, "not a safetensors file"),
        "one more than the largest": (
            (LARGEST_HEADER + 1).to_bytes(8, "little") + b"{}",
            "not a safetensors file",
        ),
        "no header at all": (bytes(8) + b"{}", "not a safetensors file"),
        "a web page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        "a pickle": (pickle.dumps({"a": 1}) * 3, "not a safetensors file"),
        "not JSON": ((4).to_bytes(8, "little") + b"{a:}", "not JSON"),
        "a list": ((2).to_bytes(8, "little") + b"[]", "not JSON"),
        "not text": ((4).to_bytes(8, "little") + b"{\xff\xfe}", "not JSON"),
        "deep nesting": (
            (200_000).to_bytes(8, "little") + b'{"a":' + b"[" * 199_995,
            "not JSON",
        ),
        "an entry that is no object": (header_bytes({"a": 3}), "no dtype, shape and place"),
        "an entry without a place": (
            header_bytes({"a": {"dtype": "F16", "shape": []}}),
            "no dtype, shape and place",
        ),
        "a dtype that is a list": (
            header_bytes({"a": {"dtype": [], "shape": [], "data_offsets": [0, 0]}}),
            "no dtype, shape and place",
        ),
        "metadata that is a list": (
            header_bytes(one_tensor() | {"__metadata__": [1]}) + bytes(12),
            "metadata is not a list of names with text values",
        ),
        "metadata of numbers": (
            header_bytes(one_tensor() | {"__metadata__": {"a": 1}}) + bytes(12),
            "metadata is not a list of names with text values",
        ),
        "metadata that is half a letter": (
            header_bytes(one_tensor() | {"__metadata__": {"a": "\ud800"}}) + bytes(12),
            "metadata holds something other than text",
        ),
        "NaN": (header_bytes(one_tensor() | {"__metadata__": {"a": float("nan")}}), "not JSON"),
        "another encoding": (
            (24).to_bytes(8, "little") + '{"a": 1}   '.encode("utf-16-le") + b"  ",
            "not JSON",
        ),
        "a name twice": (
            (150).to_bytes(8, "little")
            + (
                b'{"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},'
                b'"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}'
            ).ljust(150)
            + bytes(12),
            "'a' is in its header twice",
        ),
        "a name that is no text": (header_bytes({"\ud800": one_tensor()["weight"]}), "is not text"),
        "a name of two lines": (
            header_bytes({"a\nb": one_tensor()["weight"]}) + bytes(12),
            "is not text",
        ),
        "a name with a zero": (
            header_bytes({"a\0b": one_tensor()["weight"]}) + bytes(12),
            "is not text",
        ),
        "a format of tomorrow": (
            header_bytes(one_tensor(dtype="F99")) + bytes(12),
            "unknown format 'F99'",
        ),
        "65 dimensions": (
            header_bytes(one_tensor(shape=[1] * 65, end=2)) + bytes(2),
            "has 65 dimensions, at most 8",
        ),
        "a million dimensions": (
            header_bytes(one_tensor(shape=[1] * 1_000_000, end=2)) + bytes(2),
            "has 1000000 dimensions",
        ),
        "nothing times much": (header_bytes(one_tensor(shape=(0, 2**63), end=0)), "impossible"),
        "a shape that is a text": (
            header_bytes({"a": {"dtype": "F16", "shape": "abc", "data_offsets": [0, 2]}}),
            "no dtype, shape and place",
        ),
        "a negative place": (header_bytes(one_tensor(begin=-12, end=0)), "impossible"),
        "a place in halves": (header_bytes(one_tensor(end=12.0)) + bytes(12), "impossible"),
        "fewer bytes than its shape": (
            header_bytes(one_tensor(end=10)) + bytes(10),
            "10 bytes for",
        ),
        "a gap": (header_bytes(one_tensor(begin=4, end=16)) + bytes(16), "gaps"),
        "an overlap": (
            header_bytes({"a": one_tensor()["weight"], "b": one_tensor()["weight"]}) + bytes(12),
            "overlap",
        ),
    }


@pytest.mark.parametrize("fault", _broken_files())
def test_a_broken_file_is_refused_with_what_is_wrong(tmp_path, fault):
    content, reason = _broken_files()[fault]
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelRefusedError, match=rf"^broken\.safetensors is .*{reason}"):
        read_header(path)


def test_a_missing_file_is_refused_not_crashed_on(tmp_path):
    with pytest.raises(ModelRefusedError, match=r"gone\.safetensors is not readable"):
        read_header(tmp_path / "gone.safetensors")


def test_a_renamed_pickle_is_refused_and_never_runs(tmp_path):
    path = tmp_path / "renamed.safetensors"
    path.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    with pytest.raises(ModelRefusedError):
        read_header(path)
    assert not (tmp_path / "touched").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_and_never_crashed_on(tmp_path, noise):
    path = tmp_path / "noise.safetensors"
    path.write_bytes(noise)
    with suppress(ModelRefusedError):
        assert read_header(path).shapes == {}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4)
    ),
    max_leaves=8,
)
NEARLY_A_TENSOR = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "F8_E4M3", "F4", "odd", None, ["F16"]]) | ANY_JSON,
        "shape": st.lists(st.integers(0, 3), max_size=10) | ANY_JSON,
        "data_offsets": st.sampled_from([[0, 0], [0, 12], [0, 2], [12, 0]]) | ANY_JSON,
    }
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    derandomize=True,
    max_examples=150,
)
@given(
    entries=st.dictionaries(
        st.sampled_from(["__metadata__", "emb_params", "x.lora_down.weight", "a\0", "\ud800"])
        | st.text(max_size=8),
        NEARLY_A_TENSOR | ANY_JSON,
        max_size=4,
    ),
    body=st.sampled_from([0, 2, 12]),
)
def test_whatever_a_header_says_it_is_told_or_refused(tmp_path, entries, body):
    """And what is told is opened by safetensors, too."""
    from safetensors import safe_open

    path = tmp_path / "any.safetensors"
    path.write_bytes(header_bytes(entries) + bytes(body))
    with suppress(ModelRefusedError):
        header = read_header(path)
        classify(header)
        with safe_open(path, "pt") as file:
            assert set(file.keys()) == header.shapes.keys()


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
