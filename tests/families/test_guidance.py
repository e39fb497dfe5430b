"""Which prompt follows at which of a pipeline's calls, for every family's guide."""

from types import SimpleNamespace

import pytest

from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.guidance import Guide
from medialab.settings.steps import Guided


class Steps(Guide):
    """The least guide that there can be: it tells the step at hand."""

    TENSORS = ("first", "second")

    def inputs(self, guidance_scale):
        return {"guidance_scale": guidance_scale}

    def _changed(self, tensors, *, anew):
        return {"step": self._step, "anew": anew}

    def _composed(self, forward, *args, **inputs):
        return ("composed", *forward(*args, **inputs))

    def _alone(self, forward, *args, **inputs):
        return ("alone", *forward(*args, **inputs))


class Network:
    """A denoiser that answers what it is asked."""

    def forward(self, *args):
        return args


def guide(*moments, weight=1.0, steps=4, calls=4):
    track = Track(tuple(Moment(until, {}) for until in moments), weight)
    pipeline = SimpleNamespace(
        num_timesteps=calls,
        network=Network(),
        _callback_tensor_inputs=["latents", "second", "another"],
    )
    return Steps(pipeline, "network", Conditioning((track,), Track((Moment(1, {}),))), steps)


@pytest.mark.parametrize(
    ("steps", "calls", "expected"),
    [(4, 4, [2, 3, 4, 4]), (3, 5, [1, 2, 2, 3, 3]), (4, 2, [3, 4])],
)
def test_a_prompts_step_is_the_persons_however_often_the_denoiser_is_called(steps, calls, expected):
    made = guide(2, 4, steps=steps, calls=calls)
    assert [made.advance(call + 1, {})["step"] for call in range(calls)] == expected


def test_prompts_that_stay_are_told_anew_to_another_denoiser_alone():
    made = guide(4)
    assert made.advance(1, {}) == {}
    assert made.advance(2, {}, anew=True) == {"step": 3, "anew": True}


def test_the_callback_is_asked_for_what_the_pipeline_offers_and_only_where_prompts_change():
    assert guide(4).tensor_inputs == ["latents"]
    assert guide(4).every_tensor_input == guide(2, 4).tensor_inputs == ["latents", "second"]


@pytest.mark.parametrize(("weight", "expected"), [(1.0, (7,)), (0.5, ("composed", 7))])
def test_the_denoiser_composes_only_what_is_no_plain_prompt_and_is_itself_again(weight, expected):
    made = guide(4, weight=weight)
    network = made._pipeline.network
    with made.composing():
        assert network.forward(7) == expected
    assert network.forward(7) == (7,)
    assert vars(network) == {}


def test_without_a_word_to_say_there_are_no_notes():
    assert guide(4).notes(7.0, "blue") == []


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_a_step_that_does_not_compare_asks_for_the_prompt_alone(weight):
    made, told = guide(4, weight=weight), () if weight == 1 else ("composed",)
    made.guide_within(Guided(end=0.5))
    network = made._pipeline.network
    with made.composing():
        assert network.forward(1) == (*told, 1)
        made.advance(1, {})
        assert network.forward(1) == (*told, 1)
        made.advance(2, {})
        assert network.forward(1) == ("alone", *told, 1)
    assert network.forward(1) == (1,)
