"""At which call a second checkpoint takes over, and what the record tells of it."""

from types import SimpleNamespace

import pytest
from diffusers import EulerDiscreteScheduler, HeunDiscreteScheduler

from medialab.diffusion.second_checkpoint import Handover, handover_as_record


def running(scheduler, steps, first=0):
    """What of a running pipeline decides: its scheduler, and the calls that it makes."""
    scheduler.set_timesteps(steps)
    return SimpleNamespace(scheduler=scheduler, num_timesteps=len(scheduler.timesteps) - first)


def first_due(handover, pipeline):
    calls = range(2, len(pipeline.scheduler.timesteps) + 2)
    return next((call for call in calls if handover.is_due(call, pipeline)), None)


@pytest.mark.parametrize(
    ("switch_at", "call"), [(0.0, 2), (0.3, 4), (0.5, 6), (0.8, 9), (0.89, 10), (1.0, None)]
)
def test_it_takes_over_after_its_share_of_the_noise(switch_at, call):
    pipeline = running(EulerDiscreteScheduler(timestep_spacing="trailing"), 10)
    # Trailing steps are 999, 899 … 99: a tenth of the noise each.
    assert first_due(Handover("other", None, None, switch_at), pipeline) == call


def test_it_never_does_between_a_samplers_two_calls_of_one_step():
    pipeline = running(HeunDiscreteScheduler(), 5)
    for share in range(10):
        due = first_due(Handover("other", None, None, share / 10), pipeline)
        assert due is None or due % 2 == 1


def test_over_a_picture_the_steps_that_are_left_out_count_as_done():
    pipeline = running(EulerDiscreteScheduler(timestep_spacing="trailing"), 10, first=6)
    other = Handover("other", None, None, 0.8)
    assert [call for call in range(1, 6) if other.is_due(call, pipeline)] == [3, 4]


def test_the_record_says_how_many_steps_each_drew():
    assert handover_as_record("other", 0.8, 10, 8) == {
        "checkpoint": "other",
        "switch_at": 0.8,
        "steps": "8 + 2",
    }


def test_a_handover_that_no_step_followed_is_told():
    told = Handover("other", None, None, 1.0).as_record(10)
    assert told["steps"] == "10 + 0"
    assert told["note"] == "other drew nothing: after 1 of the noise no step begins"
    assert told["from_call"] is None
    assert "embeddings" not in told
