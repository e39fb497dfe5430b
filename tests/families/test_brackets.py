"""A prompt without its brackets, with the weight of each character."""

import pytest

from medialab.errors import ConfigError
from medialab.families.brackets import without_brackets
from medialab.families.texts import Reading


def weights_of(text, emphasis="original"):
    plain = without_brackets(text, Reading(emphasis))
    assert len(plain.text) == len(plain.weights)
    return plain.text, plain.is_weighed, sorted({round(one, 3) for one in plain.weights})


@pytest.mark.parametrize(
    ("text", "emphasis", "expected"),
    [
        ("a red ball", "original", ("a red ball", False, [1])),
        ("a (red:1.3) ball", "original", ("a red ball", True, [1, 1.3])),
        ("a (red:1.3) ball", "no norm", ("a red ball", True, [1, 1.3])),
        ("a (red:1.3) ball", "ignore", ("a red ball", False, [1])),
        ("a (red:1.3) ball", "none", ("a (red:1.3) ball", False, [1])),
        ("a ball BREAK [a hat]", "original", ("a ball a hat", True, [0.909, 1])),
        ("", "original", ("", False, [])),
    ],
)
def test_brackets_are_left_out_and_weigh_their_words(text, emphasis, expected):
    assert weights_of(text, emphasis) == expected


def test_the_weight_is_that_of_the_words_in_brackets():
    plain = without_brackets("a (red:1.3) ball", Reading())
    weighed = [one for one, weight in zip(plain.text, plain.weights, strict=True) if weight != 1]
    assert "".join(weighed) == "red"


def test_brackets_without_end_are_refused():
    with pytest.raises(ConfigError, match="make a weight infinite"):
        without_brackets("(" * 9000 + "red" + ")" * 9000, Reading())
