"""A transformer that is called by names gets the prompts of each step, in turns or in rows."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.flow.prompt_inputs import RowsGuide, TurnsGuide


class Transformer(torch.nn.Module):
    """It answers each row with its latents times its text."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, *, hidden_states, timestep, words):
        assert len(hidden_states) == len(timestep) == len(words)
        self.calls.append(words.flatten().tolist())
        return (hidden_states * words, "more")


class Turns(TurnsGuide):
    INPUTS = {"prompt_embeds": "words"}  # noqa: RUF012

    def inputs(self, guidance_scale):
        return {}


class Rows(RowsGuide):
    INPUTS = {"prompt_embeds": "words"}  # noqa: RUF012

    def inputs(self, guidance_scale):
        return {}


def track(*numbers, weight=1.0):
    moments = [
        Moment(step, {"prompt_embeds": torch.tensor([[float(number)]])})
        for step, number in enumerate(numbers, 1)
    ]
    return Track(tuple(moments), weight)


def made(kind, *positives, steps=2):
    network = Transformer()
    pipeline = SimpleNamespace(
        transformer=network, num_timesteps=steps, _callback_tensor_inputs=["latents"]
    )
    return kind(pipeline, "transformer", Conditioning(positives, track(2)), steps), network


def ask(network, rows=1):
    """Call the transformer as a pipeline does whose own prompts are of another checkpoint."""
    found, more = network(
        hidden_states=torch.ones(rows, 1), timestep=torch.zeros(rows), words=torch.zeros(rows, 1)
    )
    assert more == "more"
    return found.flatten().tolist()


def test_the_first_turn_of_a_step_is_the_prompts_and_the_second_the_negative_ones():
    guide, network = made(Turns, track(3, 5))
    with guide.composing():
        first = [ask(network), ask(network)]
        assert guide.advance(1, {}) == {}
        second = [ask(network), ask(network)]
    assert (first, second) == ([[3.0], [2.0]], [[5.0], [2.0]])
    assert "forward" not in vars(network)


def test_without_guidance_every_turn_is_the_prompts():
    guide, network = made(Turns, track(3, 5))
    with guide.composing():
        answers = [ask(network)]
        guide.advance(1, {})
        answers.append(ask(network))
    assert answers == [[3.0], [5.0]]


def test_in_rows_the_negative_prompt_is_first():
    guide, network = made(Rows, track(3, 5))
    with guide.composing():
        assert ask(network, 2) == [2.0, 3.0]
        assert ask(network) == [3.0]
        guide.advance(1, {})
        assert ask(network, 2) == [2.0, 5.0]


@pytest.mark.parametrize("rows", [1, 2])
def test_an_and_counts_from_the_negative_prompt(rows):
    expected = 2 + 0.5 * (3 - 2) + 2.0 * (5 - 2)
    guide, network = made(Rows, track(3, weight=0.5), track(5, weight=2.0))
    with guide.composing():
        assert ask(network, rows) == [2.0, expected][-rows:]
    guide, network = made(Turns, track(3, weight=0.5), track(5, weight=2.0))
    with guide.composing():
        assert [ask(network) for _ in range(rows)] == [[expected], [2.0]][:rows]
    assert len(network.calls) == 3  # what was compared with is the second turn's answer
