"""Ranges hold the same entries as the indices they are made of."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.gallery.selection import places_in, ranges_of


@settings(derandomize=True, database=None)
@given(st.sets(st.integers(0, 60)))
def test_ranges_are_read_back_as_they_were_made_and_never_touch(places):
    ranges = ranges_of(places)
    assert list(places_in(ranges, 100)) == sorted(places)
    assert all(one[1] < other[0] for one, other in pairwise(ranges))


def test_ranges_beyond_the_end_hold_nothing():
    assert list(places_in([[-3, 2], [4, 900]], 6)) == [0, 1, 4, 5]
