"""Scales that a file's metadata has are read as PEFT means them, and never run."""

import json

import pytest
import torch

from medialab.lora.peft_scales import PeftScale, read_peft_scales, with_alpha


def test_a_scale_that_is_an_expression_is_not_run():
    """(a+)+$ takes an expression for ever."""
    told = {"unet.lora_alpha": 4, "unet.alpha_pattern": {"(a+)+$": 8, "^proj_in$": 2}}
    scale = read_peft_scales({"lora_adapter_metadata": json.dumps(told)})["unet"]
    assert scale.of("a" * 5000 + "!", 4) == 4
    assert scale.of("mid.proj_in", 4) == 2
    endless = {"unet.lora_alpha": float("inf")}
    assert read_peft_scales({"lora_adapter_metadata": json.dumps(endless)}) == {}


@pytest.mark.parametrize("text", ["", "[]", "no JSON", '{"unet.lora_alpha": "many"}'])
def test_a_text_that_says_no_scale_is_as_no_text(text):
    assert read_peft_scales({"lora_adapter_metadata": text}) == {}


def test_a_rank_stabilised_scale_is_divided_by_the_root_of_the_rank():
    assert PeftScale(8.0, {}, by_root=True).of("proj_in", 16) / 16 == 8 / 4


def test_a_layers_own_alpha_counts_before_that_of_the_metadata():
    scale = PeftScale(8.0, {}, by_root=False)
    down = torch.zeros(4, 8)
    assert with_alpha({"down": down}, scale, "proj_in")["alpha"] == 8
    own = {"down": down, "alpha": torch.tensor(2.0)}
    assert with_alpha(own, scale, "proj_in")["alpha"] == 2
    assert with_alpha({"down": down}, None, "proj_in") == {"down": down}


def test_a_part_whose_scale_cannot_be_read_takes_none_of_the_others():
    told = {
        "unet.lora_alpha": 4,
        "text_encoder.lora_alpha": "many",
        "text_encoder_2.lora_alpha": 2,
        "text_encoder_2.alpha_pattern": {"q_proj": None},
        "transformer.lora_alpha": 8,
        "transformer.use_rslora": "false",
    }
    found = read_peft_scales({"lora_adapter_metadata": json.dumps(told)})
    assert {part: scale.alpha for part, scale in found.items()} == {"unet": 4, "transformer": 8}
    assert not found["transformer"].by_root
