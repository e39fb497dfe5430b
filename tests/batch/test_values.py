"""Values of an axis as people write them."""

import pytest

from medialab.batch.values import MOST_VALUES, number_values, split_values
from medialab.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("3, 5, 7", int, [3, 5, 7]),
        ("1-5", int, [1, 2, 3, 4, 5]),
        ("5-1", int, [5, 4, 3, 2, 1]),
        ("1-10 (+2)", int, [1, 3, 5, 7, 9]),
        ("10-1 (-3)", int, [10, 7, 4, 1]),
        ("1-10 [5]", int, [1, 3, 5, 7, 10]),
        ("-3--1", int, [-3, -2, -1]),
        ("-1-1", int, [-1, 0, 1]),
        ("1, 3-5, 9", int, [1, 3, 4, 5, 9]),
        ("0-1 [5]", float, [0, 0.25, 0.5, 0.75, 1]),
        ("0.2-0.6 [5]", float, [0.2, 0.3, 0.4, 0.5, 0.6]),
        ("0-1 (+0.1)", float, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        (".5", float, [0.5]),
        ("0.4-0.8 [1]", float, [0.4]),
        ("3\n5\n7", int, [3, 5, 7]),
        ("1e-2, 2", float, [0.01, 2]),
        ("3, many", int, [3, "many"]),
        ("1.5-3", int, [1.5, 2.5]),
        ("1-2 (+0.5)", int, [1, 1.5, 2]),
        ("1.0-3.0", int, [1, 2, 3]),
        ("", int, []),
    ],
)
def test_numbers_and_ranges_are_read_as_in_a1111(text, kind, expected):
    assert number_values(text, kind) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1-10 (-2)", "never lead from 1 to 10"),
        ("1-10 (+0)", "never lead from 1 to 10"),
        ("1-10 [0]", r"at least \[1\]"),
        (f"1-{MOST_VALUES + 1}", "10,001 values"),
        (f"0-1 [{10**12}]", "1,000,000,000,000 values"),
    ],
)
def test_a_range_that_ends_nowhere_is_refused(text, told):
    with pytest.raises(ConfigError, match=told):
        number_values(text, int)


def test_a_comma_within_quotes_separates_nothing():
    assert split_values('"a cat, a dog", a car ,"say ""hi"""') == [
        "a cat, a dog",
        "a car",
        'say "hi"',
    ]


def test_open_quotes_are_refused():
    with pytest.raises(ConfigError, match="close the quotes"):
        split_values('"a cat, a dog')
