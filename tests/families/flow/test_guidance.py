"""A guide of flow matching passes both prompts by name and adds an AND's sub-prompts up."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.flow.guidance import FlowGuide


class Plain(FlowGuide):
    """A guide of a pipeline that is told both prompts and our scale."""

    TENSORS = ("prompt_embeds",)

    def inputs(self, guidance_scale):
        return {**self._prompts(), "guidance_scale": guidance_scale}

    def _composed(self, forward, *args, **inputs):
        return forward(*args, **inputs)

    def _alone(self, forward, *args, **inputs):
        return forward(*args, **inputs)


def track(*numbers, weight=1.0):
    moments = tuple(
        Moment(step, {"prompt_embeds": torch.tensor([float(number)])})
        for step, number in enumerate(numbers, 1)
    )
    return Track(moments, weight)


def guide(*positives):
    pipeline = SimpleNamespace(_callback_tensor_inputs=["latents", "prompt_embeds"])
    pipeline.num_timesteps = 4
    return Plain(pipeline, "transformer", Conditioning(positives, track(2)), 4)


def test_both_prompts_are_told_and_told_again_when_one_changes():
    made = guide(track(3, 5))
    told = made.inputs(4.0)
    assert (float(told["prompt_embeds"]), float(told["negative_prompt_embeds"])) == (3, 2)
    assert made.tensor_inputs == ["latents", "prompt_embeds"]
    changed = made.advance(1, {})
    assert float(changed["prompt_embeds"]) == 5


def test_prompts_that_do_not_change_are_left_alone():
    made = guide(track(3))
    assert made.tensor_inputs == ["latents"]
    assert made.advance(1, {}) == {}


def test_sub_prompts_count_from_the_negative_prompt_by_their_weights():
    made = guide(track(3, weight=0.5), track(5, weight=2.0))
    found = made._summed(torch.tensor(2.0), [torch.tensor(3.0), torch.tensor(5.0)])
    assert float(found) == 2 + 0.5 * (3 - 2) + 2.0 * (5 - 2)


@pytest.mark.parametrize(
    ("scale", "negative", "words"), [(1, "blue", 1), (1, " ", 0), (1.5, "blue", 0)]
)
def test_a_negative_prompt_without_effect_is_told(scale, negative, words):
    assert len(guide(track(3)).notes(scale, negative)) == words
