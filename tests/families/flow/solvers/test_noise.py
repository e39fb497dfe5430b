"""Quantities of a noise level, at its ends too."""

import math

import pytest

from medialab.families.flow.solvers.noise import another_seed, fall, from_log_ratio, log_ratio


def test_the_ratio_of_picture_and_noise_goes_from_nothing_to_all():
    assert log_ratio(1) == -math.inf
    assert log_ratio(0) == math.inf
    assert log_ratio(0.5) == 0
    for s in (0.001, 0.3, 0.9999):
        assert from_log_ratio(log_ratio(s)) == pytest.approx(s)


def test_noise_falls_by_the_difference_of_the_logarithms_and_wholly_from_pure_noise():
    assert fall(0.8, 0.3) == pytest.approx(math.exp(log_ratio(0.8) - log_ratio(0.3)))
    assert fall(0.8, 0.5) * fall(0.5, 0.3) == pytest.approx(fall(0.8, 0.3))
    assert fall(1, 0.9) == fall(0.4, 0) == 0


def test_a_seed_and_those_of_a_batch_have_others_for_their_steps():
    seeds = range(2**64 - 500, 2**64)
    others = {another_seed(seed) for seed in seeds}
    assert len(others) == 500
    assert not others & set(seeds)
    assert all(0 <= one < 2**64 for one in others)
