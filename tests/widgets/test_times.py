"""Times are said as a person says them."""

import pytest

from widgets.times import time_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (130, "2 min 10 s"), (1830, "30 min"), (9000, "2.5 h")],
)
def test_times_are_said_as_a_person_says_them(seconds, text):
    assert time_text(seconds) == text
