"""How many steps of a schedule run."""

import pytest

from medialab.errors import ConfigError
from medialab.settings.steps import Guided, planned


@pytest.mark.parametrize("strength", [0.29, 0.57, 0.58, 0.07])
def test_a_share_of_the_steps_is_not_lost_to_rounding(strength):
    assert planned("Euler", "simple", 100, strength).run == round(100 * strength)


@pytest.mark.thorough
@pytest.mark.parametrize("steps", range(2, 151))
def test_diffusers_runs_as_many_steps_as_are_planned(steps):
    for strength in (0.001, 0.1, 0.29, 1 / 3, 0.58, 0.999, 1.0):
        for exact in (False, True):
            plan = planned("Euler", "normal", steps, strength, exact=exact)
            assert min(int(plan.total * plan.strength), plan.total) == plan.run


def test_a_refused_number_of_steps_is_told_with_those_that_can_be_chosen():
    with pytest.raises(ConfigError, match=r"'LCM' .* cannot take 51 steps; choose from 1 to 50"):
        planned("LCM", "automatic", 51, None)
    with pytest.raises(ConfigError, match="the schedule sgm uniform or simple, or from 2 to 999"):
        planned("DDIM", "ddim", 1, None)
    with pytest.raises(ConfigError, match=r"the last of 66, .* takes 50 at most; .* 1 to 15 steps"):
        planned("LCM", "automatic", 20, 0.3, exact=True)
    assert planned("LCM", "automatic", 15, 0.3, exact=True).run == 15
    with pytest.raises(ConfigError, match="at most; choose a higher strength, or another sampler"):
        planned("LCM", "automatic", 1, 1e-9, exact=True)


@pytest.mark.parametrize(
    ("start", "end", "first_and_last"),
    [
        (0, 1, [1, 20]),
        (0.25, 1, [7, 20]),  # as A1111 counts: its step 5 of 20 is still skipped
        (0.01, 1, [2, 20]),
        (0, 0.5, [1, 10]),
        (0.1, 0.9, [4, 18]),
        (1, 1, []),
        (0, 0, []),
        (0.6, 0.4, []),
    ],
)
def test_the_steps_that_compare_are_counted_as_in_a1111(start, end, first_and_last):
    assert Guided(start, end).of(20) == first_and_last
    assert Guided(start, end).is_whole == (first_and_last == [1, 20])
