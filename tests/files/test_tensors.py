"""Tensors of any format become numbers that torch computes with, or are refused by their name."""

import pytest
import torch
from safetensors.torch import save_file

from medialab.errors import ModelRefusedError
from medialab.files.tensors import as_numbers, read_tensors, refuse_whole_numbers


def written(tmp_path, **tensors):
    path = tmp_path / "a.safetensors"
    save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    ("kind", "read_as"),
    [
        ("float64", "float32"),
        ("float32", "float32"),
        ("float16", "float16"),
        ("bfloat16", "bfloat16"),
        ("float8_e4m3fn", "float16"),
        ("float8_e5m2", "float16"),
        ("float8_e8m0fnu", "float32"),
        ("int8", "int8"),
        ("bool", "bool"),
    ],
)
def test_every_value_of_each_format_is_kept(tmp_path, kind, read_as):
    dtype = getattr(torch, kind, None)
    if dtype is None:
        pytest.skip(f"this torch has no {kind}")
    value = torch.tensor([1.0, 2.0, 0.5]).to(dtype)
    ((name, found),) = read_tensors(written(tmp_path, a=value), "LoRA 'ink'")
    assert (name, found.dtype) == ("a", getattr(torch, read_as))
    assert found.to(torch.float64).equal(value.to(torch.float32).to(torch.float64))


def test_only_what_is_wanted_is_read_and_what_is_read_is_no_view_of_the_file(tmp_path):
    path = written(tmp_path, a=torch.ones(3), b=torch.full((2,), float("nan")))
    ((_, found),) = read_tensors(path, "x", lambda name: name == "a")
    path.write_bytes(bytes(path.stat().st_size))
    assert found.equal(torch.ones(3))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_with_file_and_tensor(tmp_path, value):
    path = written(tmp_path, good=torch.ones(2), spoilt=torch.tensor([1.0, value]))
    with pytest.raises(ModelRefusedError, match=r"LoRA 'ink' holds NaN or infinite .*\(spoilt\)"):
        list(read_tensors(path, "LoRA 'ink'"))


def test_complex_numbers_are_refused_by_their_format():
    with pytest.raises(ModelRefusedError, match=r"holds complex64 \(a\)"):
        as_numbers(torch.ones(2, dtype=torch.complex64), "x", "a")


def test_a_file_that_is_cut_is_named(tmp_path):
    path = written(tmp_path, a=torch.ones(300))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelRefusedError):
        list(read_tensors(path, "LoRA 'ink'"))


def test_weights_of_whole_numbers_are_refused_and_others_not():
    refuse_whole_numbers(torch.ones(2, dtype=torch.float16), "x", "a")
    with pytest.raises(ModelRefusedError, match=r"x holds int8 \(a\), a format that weights"):
        refuse_whole_numbers(torch.ones(2, dtype=torch.int8), "x", "a")
