"""Several LoRAs at once, each with its weights for the parts and blocks of a checkpoint."""

import math

import pytest
import torch

from medialab.errors import ConfigError
from medialab.lora import LoRAUse
from tests.lora.layers import LINEAR, TEXT, module, written
from tests.tiny.loras import (
    CASES,
    drawn,
    kohya,
    linear_case,
)


@pytest.mark.parametrize(
    "key", ["lora_te_text_model_{}", "lora_te1_text_model_{}", "text_encoder.text_model.{}"]
)
def test_text_encoders_have_their_own_weight(model, manager, tmp_path, key):
    text, unet = module(model, TEXT, "text_encoder"), module(model, LINEAR)
    leaves, expected = linear_case(*text.weight.shape)
    name = key.format(TEXT if "." in key else TEXT.replace(".", "_"))
    tensors = {f"{name}.{leaf}": value for leaf, value in leaves.items()}
    mine, more = linear_case(*unet.weight.shape)
    path = written(tmp_path, tensors | kohya(LINEAR, mine))
    x, unet_before = drawn(3, text.weight.shape[1], seed=9), unet.weight.detach().clone()
    with torch.no_grad():
        plain = text(x)
        with manager.apply_loras(model, [LoRAUse(path, 1.0, text_encoder=0.25)], calls=20):
            assert torch.allclose(text(x) - plain, 0.25 * x @ expected.T, atol=1e-5)
            assert torch.allclose(unet.weight - unet_before, more, atol=1e-5)
        with manager.apply_loras(model, [LoRAUse(path)], calls=20, parts=["text_encoder"]):
            assert torch.allclose(text(x) - plain, x @ expected.T, atol=1e-5)
            assert torch.equal(unet.weight, unet_before)
        assert torch.equal(text(x), plain)


def test_any_number_of_loras_is_a_plain_sum(model, manager, tmp_path):
    weight = module(model, LINEAR).weight.detach().clone()
    uses, total = [], torch.zeros_like(weight)
    shares = (1, 0.5, -0.3, 0.8, 0.2, 0.1, 0.7, -0.6, 0.4, 0.3, 0.9)
    for number, (kind, share) in enumerate(zip(CASES, shares, strict=True)):
        leaves, expected = CASES[kind](weight)
        path = written(tmp_path, kohya(LINEAR, leaves), f"lora-{number}")
        uses.append(LoRAUse(path, share))
        total += share * expected
    with manager.apply_loras(model, uses, calls=20):
        assert torch.allclose(module(model, LINEAR).weight - weight, total, atol=2e-5)
    assert torch.equal(module(model, LINEAR).weight, weight)


def test_block_weights_reach_their_blocks_alone(model, manager, tmp_path):
    paths = [LINEAR, LINEAR.replace("down_blocks.1", "up_blocks.1")]
    tensors = {}
    for path in paths:
        tensors |= kohya(path, linear_case(*module(model, path).weight.shape)[0])
    file = written(tmp_path, tensors)
    before = [module(model, path).weight.detach().clone() for path in paths]
    with manager.apply_loras(model, [LoRAUse(file, block_weights="INALL")], calls=20):
        changed = [
            not torch.equal(module(model, path).weight, was)
            for path, was in zip(paths, before, strict=True)
        ]
    assert changed == [True, False]


@pytest.mark.parametrize("bad", [{"weight": math.nan}, {"start": 0.6, "stop": 0.5}, {"stop": 2}])
def test_bad_numbers_are_named(tmp_path, bad):
    with pytest.raises(ConfigError, match="style"):
        LoRAUse(tmp_path / "style.safetensors", **bad)
