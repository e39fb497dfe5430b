"""Flow matching runs by Euler's method on the schedules of diffusers' class, and nothing else."""

import pytest

from medialab.errors import ConfigError
from medialab.families.z_image.schedulers import SCHEDULES, FlowSchedulers

SCHEDULERS = FlowSchedulers()
TRAINED = {"num_train_timesteps": 1000, "shift": 3.0, "use_karras_sigmas": True, "other": 1}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_sets_its_own_switch_and_no_other(schedule):
    config = SCHEDULERS.make("Euler", schedule, TRAINED, steps=4, seed=0).config
    switches = ("karras", "exponential", "beta")
    on = {name for name in switches if config[f"use_{name}_sigmas"]}
    assert on == {schedule} - {"simple"}
    assert config["shift"] == TRAINED["shift"]


def test_automatic_is_the_even_steps_of_diffusers():
    assert SCHEDULERS.applied("Euler", "automatic", TRAINED, 4) == "simple"


@pytest.mark.parametrize(
    ("sampler", "schedule", "prediction", "setting", "choices"),
    [
        ("DPM++ 2M", "simple", "flow_prediction", "sampler", "choose Euler"),
        ("Euler", "normal", "flow_prediction", "schedule", "automatic, simple, karras"),
        ("Euler", "simple", "epsilon", "prediction_type", "set prediction_type to automatic"),
    ],
)
def test_what_it_cannot_run_is_refused_with_what_it_can(
    sampler, schedule, prediction, setting, choices
):
    with pytest.raises(ConfigError, match=choices) as caught:
        SCHEDULERS.check(sampler, schedule, prediction, zero_terminal_snr=False)
    assert caught.value.setting == setting
