"""The samplers and schedules that go together, by name and number of steps."""

import subprocess
import sys

import pytest

from medialab.errors import ConfigError
from medialab.settings.samplers import SAMPLERS, SCHEDULES, check
from medialab.settings.schedulers import make_scheduler

PAIRS = [
    (sampler, schedule)
    for sampler, method in SAMPLERS.items()
    for schedule in dict.fromkeys(["automatic", *method.schedules])
]


@pytest.mark.parametrize(
    ("sampler", "schedule", "steps"), [("DDIM", "ddim", 1), ("LCM", "automatic", 51)]
)
def test_steps_that_a_schedule_cannot_take_are_refused(sampler, schedule, steps):
    with pytest.raises(ConfigError, match=f"cannot take {steps} steps; choose .*from . to "):
        check(sampler, schedule, steps)
    with pytest.raises(ConfigError, match=f"cannot take {steps} steps"):
        make_scheduler(sampler, schedule, {}, steps=steps, seed=1)


def test_the_steps_error_names_schedules_that_take_them():
    with pytest.raises(ConfigError, match="choose the schedule sgm uniform or simple, or from 2"):
        check("DDIM", "ddim", 1)


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [
        (sampler, schedule)
        for sampler in SAMPLERS
        for schedule in SCHEDULES
        if (sampler, schedule) not in PAIRS
    ],
)
def test_a_pair_that_cannot_be_honoured_names_the_right_choices(sampler, schedule):
    with pytest.raises(ConfigError) as refused:
        make_scheduler(sampler, schedule, {}, seed=1)
    message = str(refused.value)
    assert repr(sampler) in message
    assert repr(schedule) in message
    assert all(choice in message for choice in SAMPLERS[sampler].schedules)


@pytest.mark.parametrize(
    ("sampler", "schedule", "message"),
    [
        ("Eular", "karras", "no sampler 'Eular'; choose one of Euler, Euler a,"),
        ("Euler", "carras", "no schedule 'carras'; choose one of automatic, karras,"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(sampler, schedule, message):
    with pytest.raises(ConfigError, match=message):
        check(sampler, schedule)


def test_every_automatic_schedule_and_every_schedule_is_described():
    for method in SAMPLERS.values():
        assert method.automatic in method.schedules
        assert set(method.schedules) <= set(SCHEDULES)


def test_the_tables_load_neither_torch_nor_diffusers():
    code = (
        "import sys, medialab.settings.schedulers; "
        "sys.exit(bool({'torch', 'diffusers', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
