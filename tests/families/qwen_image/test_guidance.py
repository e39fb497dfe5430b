"""What Qwen-Image's pipelines are given of the prompts."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.qwen_image.guidance import QwenImageGuide


def track(number, tokens=3):
    return Track((Moment(4, {"prompt_embeds": torch.full((1, tokens, 2), float(number))}),))


@pytest.fixture
def guide():
    pipeline = SimpleNamespace(transformer=None, _callback_tensor_inputs=["latents"])
    return QwenImageGuide(pipeline, "transformer", Conditioning((track(3),), track(2, 5)), 4)


def test_with_guidance_both_prompts_are_given_with_masks_that_leave_nothing_out(guide):
    told = guide.inputs(4.0)
    assert told.pop("true_cfg_scale") == 4.0
    assert {name: tuple(one.shape) for name, one in told.items()} == {
        "prompt_embeds": (1, 3, 2),
        "prompt_embeds_mask": (1, 3),
        "negative_prompt_embeds": (1, 5, 2),
        "negative_prompt_embeds_mask": (1, 5),
    }
    assert told["prompt_embeds_mask"].all()
    assert told["negative_prompt_embeds_mask"].all()


def test_without_guidance_the_negative_prompt_is_not_given(guide):
    assert set(guide.inputs(1.0)) == {"prompt_embeds", "prompt_embeds_mask", "true_cfg_scale"}


@pytest.mark.parametrize(
    ("scale", "negative", "words"), [(1, "blue", 1), (1, " ", 0), (1.5, "blue", 0)]
)
def test_a_negative_prompt_without_effect_is_told(guide, scale, negative, words):
    assert len(guide.notes(scale, negative)) == words
