"""A transformer's width is a product of numbers in its config, a VAE's the first of its levels."""

import json

import pytest

from medialab.families.flow.needs import FlowNeeds
from medialab.families.needs import Widths
from medialab.listing.info import ModelInfo

USUAL = Widths(768, 96)
HEADS = {"num_attention_heads": 6, "attention_head_dim": 32}


def widths(folder, needs, transformer, vae):
    for part, config in (("transformer", transformer), ("vae", vae)):
        (folder / part).mkdir()
        (folder / part / "config.json").write_text(json.dumps(config))
    return needs.widths(ModelInfo("any", "checkpoint", "any", "diffusers", folder, 0))


def test_heads_and_their_width_are_multiplied_and_divided_by_a_tokens_places(tmp_path):
    needs = FlowNeeds(maps=20, usual=USUAL)
    found = widths(tmp_path, needs, HEADS, {"block_out_channels": [24, 48]})
    assert found == Widths(6 * 32 // 4, 24)


def test_a_family_may_name_other_numbers_and_other_tokens(tmp_path):
    needs = FlowNeeds(maps=20, usual=USUAL, width=("dim",), places=1, vae_width="base_dim")
    assert widths(tmp_path, needs, {"dim": 64}, {"base_dim": 8}) == Widths(64, 8)


@pytest.mark.parametrize("transformer", [{}, {**HEADS, "attention_head_dim": "wide"}])
def test_configs_that_tell_nothing_count_as_the_usual(tmp_path, transformer):
    assert widths(tmp_path, FlowNeeds(maps=20, usual=USUAL), transformer, {}) == USUAL


def test_a_step_takes_as_much_more_as_there_are_prompts_and_maps():
    needs = FlowNeeds(maps=20, usual=USUAL)
    one = needs.denoising_bytes((64, 32), 768, 2, rows=1)
    assert one == 64 * 32 * 768 * 2 * 20
    assert needs.denoising_bytes((64, 32), 768, 2) == 2 * one
