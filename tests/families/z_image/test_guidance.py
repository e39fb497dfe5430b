"""Z-Image's transformer follows an AND as one prompt: the weighted sum of its sub-prompts."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.z_image.guidance import ZImageGuide


class Transformer(torch.nn.Module):
    """A network called as Z-Image's is: it answers each row with its latents times its text."""

    def forward(self, latents, time, texts):
        assert len(latents) == len(time) == len(texts)
        return ([one * text.sum() for one, text in zip(latents, texts, strict=True)], "more")


def track(number, weight=1.0):
    return Track((Moment(4, {"prompt_embeds": torch.tensor([[float(number)]])}),), weight)


def guide(*positives, network=None):
    pipeline = SimpleNamespace(transformer=network, _callback_tensor_inputs=["latents"])
    return ZImageGuide(pipeline, "transformer", Conditioning(positives, track(2)), 4)


def predicted(made, network, rows):
    """The rows' factors, where the network is told the first sub-prompt and the negative one."""
    told = made.inputs(1.0)
    texts = [told["prompt_embeds"][0], told["negative_prompt_embeds"][0]][:rows]
    with made.composing():
        found, more = network([torch.ones(1)] * rows, torch.zeros(rows), texts)
    assert more == "more"
    return [float(one) for one in found]


@pytest.mark.parametrize(("rows", "negative"), [(1, []), (2, [2.0])])
def test_an_and_counts_from_the_negative_prompt_with_and_without_guidance(rows, negative):
    network = Transformer()
    made = guide(track(3, 0.5), track(5, 2.0), track(7, 1.0), network=network)
    expected = 2 + 0.5 * (3 - 2) + 2.0 * (5 - 2) + 1.0 * (7 - 2)
    assert predicted(made, network, rows) == [expected, *negative]


def test_one_prompt_is_followed_by_the_network_itself():
    network = Transformer()
    assert predicted(guide(track(3), network=network), network, 2) == [3.0, 2.0]


def test_the_scale_is_counted_as_diffusers_counts_it():
    assert guide(track(3)).inputs(5.0)["guidance_scale"] == 4.0


@pytest.mark.parametrize(
    ("scale", "negative", "words"), [(1, "blue", 1), (1, " ", 0), (1.5, "blue", 0)]
)
def test_a_negative_prompt_without_effect_is_told(scale, negative, words):
    assert len(guide(track(3)).notes(scale, negative)) == words
