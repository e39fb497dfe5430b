"""What the shapes of several people claim goes to the nearest."""

import numpy as np

from medialab.vision.finders.litert.crowds import parted

LEFT = np.array([[20.0, 60.0], [20.0, 20.0]])
RIGHT = np.array([[80.0, 60.0], [80.0, 20.0]])


def shape(left, right):
    inside = np.zeros((80, 100), bool)
    inside[10:70, left:right] = True
    return inside


def test_two_who_both_have_all_are_parted_in_the_middle_and_none_is_lost():
    one, other = parted([shape(0, 100), shape(0, 100)], [LEFT, RIGHT])
    assert not (one & other).any()
    np.testing.assert_array_equal(one | other, shape(0, 100))
    assert one[40, 49]
    assert other[40, 51]


def test_what_one_alone_claims_stays_its_own_even_next_to_the_other():
    one, other = parted([shape(0, 100), shape(85, 100)], [LEFT, RIGHT])
    np.testing.assert_array_equal(one, shape(0, 85))
    np.testing.assert_array_equal(other, shape(85, 100))


def test_a_nearer_and_so_larger_person_has_the_larger_share():
    tall = np.array([[20.0, 75.0], [20.0, -5.0]])
    one, other = parted([shape(0, 100), shape(0, 100)], [tall, RIGHT])
    assert one.sum() > 1.5 * other.sum()


def test_a_single_person_and_those_apart_are_left_as_they_are():
    assert parted([], []) == []
    np.testing.assert_array_equal(parted([shape(0, 50)], [LEFT])[0], shape(0, 50))
    apart = parted([shape(0, 30), shape(60, 100)], [LEFT, RIGHT])
    np.testing.assert_array_equal(apart, [shape(0, 30), shape(60, 100)])


def test_a_spine_without_a_length_takes_nothing_but_where_it_stands():
    point = np.array([[80.0, 40.0], [80.0, 40.0]])
    one, other = parted([shape(0, 100), shape(0, 100)], [LEFT, point])
    assert one.sum() > 20 * other.sum()
