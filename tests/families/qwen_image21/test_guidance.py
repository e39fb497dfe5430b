"""What Qwen-Image 2.1's transformer is given of prompts that change, or are several at once."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.qwen_image21.guidance import QwenImage21Guide

DRAWN = 4  # tokens of the picture


class Transformer(torch.nn.Module):
    """A network called as this transformer is: it answers for all places of the sequence."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, *, hidden_states, encoder_hidden_states, img_mask, kv_cache, **_):
        count = encoder_hidden_states.shape[1]
        assert img_mask[0].tolist() == [False] * count + [True] * (DRAWN // 4)
        self.seen.append(kv_cache)
        of_text = encoder_hidden_states.new_zeros(1, count, 1)
        return (torch.cat([of_text, hidden_states * encoder_hidden_states.mean()], dim=1),)


def track(number, tokens, weight=1.0, until=4):
    values = {"prompt_embeds": torch.full((1, tokens, 2), float(number))}
    return Track((Moment(until, values),), weight)


def made(*positives, network):
    pipeline = SimpleNamespace(transformer=network, _callback_tensor_inputs=["latents"])
    return QwenImage21Guide(pipeline, "transformer", Conditioning(positives, track(2, 5)), 4)


def predicted(guide, network):
    told = guide.inputs(1.0)["prompt_embeds"]
    mask = torch.tensor([[False] * told.shape[1] + [True] * (DRAWN // 4)])
    with guide.composing():
        return network(
            hidden_states=torch.ones(1, DRAWN, 1),
            encoder_hidden_states=told,
            img_mask=mask,
            img_shapes=[[(1, 2, 2)]],
            kv_cache="stored",
            kv_cache_mode="extract",
        )[0][:, -DRAWN:]


def test_one_prompt_is_stored_after_the_first_step_as_in_diffusers():
    network = Transformer()
    assert (predicted(made(track(3, 7), network=network), network) == 3).all()
    assert network.seen == ["stored"]


def test_prompts_of_an_and_have_their_own_lengths_and_are_not_stored():
    network = Transformer()
    guide = made(track(3, 7, 0.5), track(5, 9, 2.0), network=network)
    assert (predicted(guide, network) == 2 + 0.5 * (3 - 2) + 2.0 * (5 - 2)).all()
    assert network.seen == [None] * 3


@pytest.mark.parametrize(
    ("scale", "negative", "words"), [(1, "blue", 1), (1, " ", 0), (1.5, "blue", 0)]
)
def test_a_negative_prompt_without_effect_is_told(scale, negative, words):
    guide = made(track(3, 7), network=None)
    assert len(guide.notes(scale, negative)) == words
    assert ("negative_prompt_embeds" in guide.inputs(scale)) == (scale > 1)


def test_the_pipeline_takes_the_places_of_pictures_from_the_guide_only_while_it_runs():
    def looks(number):
        values = {
            "prompt_embeds": torch.full((1, 3, 2), float(number)),
            "picture_places": torch.tensor([[False, True, False]]),
        }
        return Track((Moment(4, values),))

    pipeline = SimpleNamespace(transformer=Transformer(), _callback_tensor_inputs=["latents"])
    guide = QwenImage21Guide(pipeline, "transformer", Conditioning((looks(3),), looks(2)), 4)
    with guide.composing():
        told = guide.inputs(4.0)
        _, _, places = pipeline.encode_prompt(prompt_embeds=told["prompt_embeds"])
        assert places.tolist() == [[False, True, False]]
    assert not hasattr(pipeline, "encode_prompt")
