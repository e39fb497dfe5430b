"""What each kind of file adds to a layer, against the formula worked out by hand."""

import math

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.lora import LoRAUse
from medialab.lora.deltas import delta
from medialab.process.memory import is_out_of_memory
from tests.lora.layers import CONV, LINEAR, NORM, checksum, module, written
from tests.tiny.loras import (
    CASES,
    CONVOLUTIONS,
    dora_case,
    drawn,
    kohya,
    linear_case,
)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_each_kind_of_convolution_adds_what_its_formula_says(model, manager, tmp_path, kind):
    weight = module(model, CONV).weight
    before = weight.detach().clone()
    leaves, expected = CONVOLUTIONS[kind](before)
    path = written(tmp_path, kohya(CONV, leaves))
    with manager.apply_loras(model, [LoRAUse(path, 0.6)], calls=20):
        assert torch.allclose(weight - before, 0.6 * expected, atol=1e-5)
    assert torch.equal(weight, before)


def test_differences_of_norms_and_biases_are_added(model, manager, tmp_path):
    norm, conv = module(model, NORM), module(model, CONV)
    wide = drawn(*norm.weight.shape), drawn(*norm.bias.shape, seed=2), drawn(*conv.bias.shape)
    tensors = kohya(NORM, {"w_norm": wide[0], "b_norm": wide[1]}) | kohya(CONV, {"diff_b": wide[2]})
    parameters = norm.weight, norm.bias, conv.bias
    before = [one.detach().clone() for one in parameters]
    with manager.apply_loras(model, [LoRAUse(written(tmp_path, tensors), 0.5)]) as applied:
        for parameter, was, added in zip(parameters, before, wide, strict=True):
            assert torch.allclose(parameter - was, 0.5 * added, atol=1e-5)
        assert applied.reports[0].kinds == ("bias", "full")
    assert all(torch.equal(*pair) for pair in zip(parameters, before, strict=True))


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("weight", [1.0, 0.6, -0.5])
def test_each_kind_adds_what_its_formula_says(model, manager, tmp_path, kind, weight):
    original = module(model, LINEAR).weight.detach().clone()
    leaves, expected = CASES[kind](original)
    path = written(tmp_path, kohya(LINEAR, leaves))
    before = checksum(model)
    with manager.apply_loras(model, [LoRAUse(path, weight)], calls=20) as applied:
        found = module(model, LINEAR).weight - original
        assert applied.mode == "merged"
        assert applied.reports[0].matched == 1
    assert torch.allclose(found, weight * expected, atol=1e-5)
    assert checksum(model) == before


@pytest.mark.parametrize(
    ("told", "scale"),
    [
        ('{"unet.lora_alpha": 2, "unet.r": 4}', 2 / 4),
        ('{"unet.lora_alpha": 2, "unet.use_rslora": true}', 2 / 2),
        ('{"unet.lora_alpha": 2, "unet.alpha_pattern": {"attn1.to_q": 6}}', 6 / 4),
        ('{"unet.lora_alpha": 2, "unet.alpha_pattern": {"to_k": 6}}', 2 / 4),
        ('{"text_encoder.lora_alpha": 2}', 1),
        ('["no object"]', 1),
    ],
)
def test_alpha_in_diffusers_metadata_counts(model, manager, tmp_path, told, scale):
    original = module(model, LINEAR).weight.detach().clone()
    first, second = drawn(4, original.shape[1], seed=1), drawn(original.shape[0], 4, seed=2)
    tensors = {f"unet.{LINEAR}.lora_A.weight": first, f"unet.{LINEAR}.lora_B.weight": second}
    path = written(tmp_path, tensors, metadata={"lora_adapter_metadata": told})
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        found = module(model, LINEAR).weight - original
    assert torch.allclose(found, scale * second @ first, atol=1e-5)


@pytest.mark.parametrize("name", ["lora_magnitude_vector.weight", "lora_magnitude_vector"])
def test_pefts_dora_is_the_same_as_lycoris(model, manager, tmp_path, name):
    weight = module(model, LINEAR).weight
    before = weight.detach().clone()
    leaves, expected = dora_case(*weight.shape, before)
    tensors = {
        f"unet.{LINEAR}.lora_A.weight": leaves["lora_down.weight"] * 0.5,
        f"unet.{LINEAR}.lora_B.weight": leaves["lora_up.weight"],
        f"unet.{LINEAR}.{name}": leaves["dora_scale"].flatten(),
    }
    with manager.apply_loras(model, [LoRAUse(written(tmp_path, tensors))]) as applied:
        assert torch.allclose(weight - before, expected, atol=1e-5)
        assert applied.reports[0].kinds == ("dora",)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(manager, tmp_path, value):
    leaves = linear_case(8, 8)[0]
    leaves["lora_up.weight"][0, 0] = value
    with pytest.raises(ModelRefusedError, match="NaN or infinite"):
        manager.read(written(tmp_path, kohya(LINEAR, leaves)))


def test_no_room_for_a_change_is_told_as_such_and_not_as_a_file_that_does_not_fit():
    many = torch.zeros(1).expand(10**8, 1)
    with pytest.raises(RuntimeError, match=r"allocate|memory") as caught:
        delta({"up": many, "down": many.T}, torch.zeros(2, 2))
    assert is_out_of_memory(caught.value)
    with pytest.raises(ValueError, match=r"do not fit a weight of \(2, 2\)"):
        delta({"up": torch.zeros(3, 1), "down": torch.zeros(1, 2)}, torch.zeros(2, 2))
