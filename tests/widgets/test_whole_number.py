"""A seed of 64 bits reaches the page and comes back with every digit."""

import pytest

from widgets.whole_number import WholeNumber

LARGE = 9_007_199_254_740_993  # 2^53 + 1: a page that counts makes it ...992


@pytest.fixture
def number():
    return WholeNumber(value=5, min=-1, max=2**64 - 1)


def test_it_is_text_in_the_page_and_a_number_here(number):
    number.value = LARGE
    assert number.get_state(["value"]) == {"value": str(LARGE)}
    number.set_state({"value": f" {LARGE + 2} "})
    assert number.value == LARGE + 2


@pytest.mark.parametrize(
    ("typed", "value"), [("abc", 5), ("", 5), ("-7", -1), (str(2**70), 2**64 - 1), ("1e3", 5)]
)
def test_what_is_no_number_changes_nothing_and_the_limits_hold(number, typed, value):
    number.set_state({"value": typed})
    assert number.value == value
    number.value = 2**80
    assert number.value == 2**64 - 1
