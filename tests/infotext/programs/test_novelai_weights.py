"""NovelAI's way to weigh words in A1111's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.infotext.programs.novelai_weights import translate
from medialab.prompts import Fragment, weigh


@pytest.mark.parametrize(
    ("novelai", "here"),
    [
        ("a cat", "a cat"),
        ("{a, [b]}", "(a, (b:0.9524):1.05)"),
        ("{open", "(open:1.05)"),
        ("shut}", "shut"),
        ("-1.5::bad::, good", "(bad:-1.5), good"),
        (r"a (b) \(c\)", r"a \(b\) \(c\)"),
    ],
)
def test_novelais_weights_are_translated(novelai, here):
    assert translate(novelai) == here


@given(st.floats(-999, 999).filter(lambda one: one != 1 and "e" not in repr(one)))
def test_a_weight_is_read_however_many_digits_it_has(weight):
    """Of 1.23456:: the last digits were taken, as a weight of 456; of .5:: as one of 5."""
    text = translate(f"a red {weight}::cat::")
    assert text == f"a red (cat:{weight})"
    assert weigh(text)[0][-1] == Fragment("cat", weight)
    short = f"{weight}".replace("0.", ".", 1)
    assert translate(f"{short}::cat::") == f"(cat:{short})"
