"""LoRA files in every number format and shape: read right, or refused by file and layer."""

from contextlib import suppress
from types import SimpleNamespace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.files.digests import sha256_of_tensors
from medialab.files.headers import read_header
from medialab.listing.facts import trained_words_of
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.lora import read_lora
from medialab.lora.files import parse_lora
from medialab.lora.fitting import Fit
from tests.examples import examples

LAYER = "lora_unet_mid_block_attentions_0_proj_in"
DOWN, UP = f"{LAYER}.lora_down.weight", f"{LAYER}.lora_up.weight"


def written(path, change=lambda value: value, **more):
    torch.manual_seed(0)
    tensors = {DOWN: torch.randn(4, 8), UP: torch.randn(8, 4)}
    save_file({name: change(one) for name, one in tensors.items()} | more, path)
    return path


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
        *(torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz),
    ],
)
def test_each_format_of_numbers_is_read_as_what_it_holds(tmp_path, dtype):
    path = written(tmp_path / "ink.safetensors", lambda value: value.to(dtype))
    (layer,) = read_lora(path).layers
    torch.manual_seed(0)
    exact = torch.randn(4, 8).to(dtype)
    assert torch.equal(layer.leaves["down"].double(), exact.to(torch.float32).double())
    assert bool((layer.leaves["down"] + 1).isfinite().all())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda value: value.to(torch.complex64), "holds complex64"),
        (lambda value: value > 0, "holds bool"),
        (lambda value: value.to(torch.int8), "holds int8"),
        (lambda value: value.to(torch.int64), "holds int64"),
        (lambda value: value * float("nan"), "NaN or infinite"),
        (lambda value: value / 0, "NaN or infinite"),
        (lambda value: torch.tensor(1.0), r"a tensor of shape \(\)"),
        (lambda value: value[:0].clone(), r"a tensor of shape \(0, "),
        (lambda value: value.reshape(-1).clone(), r"a tensor of shape \(32,\)"),
    ],
)
def test_what_is_no_layer_is_refused_by_file_and_tensor(tmp_path, change, reason):
    path = written(tmp_path / "ink.safetensors", change)
    with pytest.raises(ModelRefusedError, match=rf"LoRA 'ink' .*{reason}.*{LAYER}"):
        read_lora(path)


@pytest.mark.parametrize("alpha", [torch.zeros(3), torch.zeros(0), torch.tensor(float("nan"))])
def test_an_alpha_that_is_not_one_number_is_refused(tmp_path, alpha):
    path = written(tmp_path / "ink.safetensors", **{f"{LAYER}.alpha": alpha})
    with pytest.raises(ModelRefusedError, match=rf"{LAYER}\.alpha"):
        read_lora(path)


def model(**parts):
    modules = {name: torch.nn.ModuleDict(part) for name, part in parts.items()}
    return LoadedCheckpoint(
        SimpleNamespace(components=modules), RUNNING["sdxl"], "cpu", torch.float32
    )


def test_a_lora_whose_denoiser_part_finds_no_place_is_refused_with_its_family():
    text = torch.nn.ModuleDict({"fc1": torch.nn.Linear(8, 8)})
    unet = torch.nn.ModuleDict({"proj_in": torch.nn.Linear(8, 8)})
    fits_text = {"lora_te1_fc1.lora_down.weight": torch.zeros(4, 8)}
    fits_text["lora_te1_fc1.lora_up.weight"] = torch.zeros(8, 4)
    for denoiser in ("lora_unet_joint_blocks_0_x_block", "transformer.transformer_blocks.0.norm1"):
        layer = {f"{denoiser}.lora_A.weight": torch.zeros(4, 8)}
        file = parse_lora("wide", fits_text | layer, {}, "sd3")
        other = parse_lora("text alone", fits_text, {})
        checkpoint = model(text_encoder=text, unet=unet)
        with pytest.raises(ModelRefusedError, match=r"made for .*denoiser fits"):
            Fit(file, checkpoint).refuse_foreign()
        Fit(other, checkpoint).refuse_foreign()


NAMES = st.sampled_from([DOWN, UP, f"{LAYER}.alpha", f"{LAYER}.hada_w1_a", f"{LAYER}.oft_blocks"])
SHAPES = st.lists(st.integers(0, 3), max_size=4)
DTYPES = st.sampled_from(
    [torch.float32, torch.float16, torch.float8_e4m3fn, torch.int8, torch.bool, torch.complex64]
)


@settings(
    max_examples=examples(60),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    tensors=st.dictionaries(NAMES, st.tuples(SHAPES, DTYPES), max_size=4),
    metadata=st.dictionaries(
        st.sampled_from(["lora_adapter_metadata", "ss_tag_frequency", "modelspec.architecture"]),
        st.sampled_from(['{"unet.lora_alpha": []}', "[" * 3000, '{"a": {"b": 1e999}}', "", "NaN"]),
    ),
)
def test_whatever_a_file_holds_only_our_errors_come_of_it(tmp_path, tensors, metadata):
    path = tmp_path / "any.safetensors"
    save_file(
        {name: torch.ones(shape).to(dtype) for name, (shape, dtype) in tensors.items()},
        path,
        metadata,
    )
    with suppress(ModelRefusedError):
        trained_words_of(read_header(path))
    unet = torch.nn.ModuleDict({"mid_block_attentions_0_proj_in": torch.nn.Linear(3, 3)})
    with suppress(ModelRefusedError):
        Fit(read_lora(path), model(unet=unet)).refuse_foreign()


@pytest.mark.parametrize("more", ["", ".diff", ".lora"])
def test_a_bias_of_another_size_is_refused_before_anything_is_changed(tmp_path, more):
    tensors = {f"{LAYER}.diff_b": torch.ones(5)}
    if more == ".diff":
        tensors[f"{LAYER}.diff"] = torch.ones(8, 8)
    if more == ".lora":
        tensors |= {DOWN: torch.ones(4, 8), UP: torch.ones(8, 4)}
    path = tmp_path / "wide.safetensors"
    save_file(tensors, path)
    unet = torch.nn.ModuleDict({"mid_block_attentions_0_proj_in": torch.nn.Linear(8, 8)})
    with pytest.raises(ModelRefusedError, match=r"'wide' is made for another model: .*\(8, 8\)"):
        Fit(read_lora(path), model(unet=unet)).refuse_foreign()
    tensors[f"{LAYER}.diff_b"] = torch.ones(8)
    save_file(tensors, path)
    Fit(read_lora(path), model(unet=unet)).refuse_foreign()


@pytest.mark.parametrize("noted", ["hello, world: x", "0xABCD", "none", "a" * 65])
def test_what_is_no_hash_in_the_metadata_identifies_no_lora(tmp_path, noted):
    """It stood in the infotext, where commas and colons make other LoRAs of it."""
    path = written(tmp_path / "plain.safetensors")
    plain = read_lora(path).autov3
    tensors = load_file(path)
    save_file(tensors, path, {"sshs_model_hash": noted})
    found = read_lora(path).autov3
    assert (len(found), int(found, 16) >= 0) == (12, True)
    assert found == sha256_of_tensors(path)[:12] == plain
    save_file(tensors, path, {"sshs_model_hash": "0x" + "AB" * 32})
    assert read_lora(path).autov3 == "ab" * 6
