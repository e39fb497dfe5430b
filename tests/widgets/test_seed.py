"""A seed is random, typed, or that of the last picture."""

import pytest

from widgets.seed import SeedInput


@pytest.fixture
def seed(context):
    return SeedInput(context, lambda error, trace: pytest.fail(trace))


def buttons(seed):
    return {cls: part for part in seed.children for cls in part._dom_classes}


def test_a_seed_is_random_until_one_is_given(seed):
    assert (seed.number.value, seed.last) == (-1, -1)
    assert seed.number.description == "Seed (-1: random)"


def test_there_is_no_last_seed_before_the_first_picture(seed):
    assert buttons(seed)["mls-last-seed"].disabled
    seed.fix()
    assert seed.number.value == -1


def test_the_last_seed_is_used_and_the_dice_draws_again(seed):
    seed.remember(2**64 - 1)
    assert not buttons(seed)["mls-last-seed"].disabled
    assert seed.number.value == -1
    buttons(seed)["mls-last-seed"].click()
    assert (seed.number.value, seed.last) == (2**64 - 1, 2**64 - 1)
    buttons(seed)["mls-dice"].click()
    assert seed.number.value == -1


def test_a_random_seed_is_fixed_to_the_last_and_a_typed_one_stays(seed):
    seed.remember(7)
    seed.fix()
    assert seed.number.value == 7
    seed.number.value = 8
    seed.fix()
    assert seed.number.value == 8
