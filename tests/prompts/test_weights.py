"""Brackets and BREAK: A1111's documented examples, and that no text can break them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.prompts import (
    Fragment,
    escape,
    weigh,
)
from tests.prompts.texts import TEXTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        ("[unbalanced", [("unbalanced", 1 / 1.1)]),
        ("unopened) here]", [("unopened) here]", 1.0)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"back\\slash", [(r"back\slash", 1.0)]),
        (r"a\b", [("ab", 1.0)]),
        (r"nier\:automata", [("nier:automata", 1.0)]),
        (r"(nier\:automata:1.2)", [("nier:automata", 1.2)]),
        (r"a\\", [("a\\", 1.0)]),
        ("a\\", [("a", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        ("(a:1.3)", [("a", 1.3)]),
        ("(a: 1.3 )", [("a", 1.3)]),
        ("(a:-.5)", [("a", -0.5)]),
        ("(a:0)", [("a", 0.0)]),
        ("(a:1.2.3)", [("a:1.2.3", 1.1)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("a:1.3)", [("a:1.3)", 1.0)]),
        ("((a))", [("a", 1.1**2)]),
        ("[[a]]", [("a", 1.1**-2)]),
        ("([a])", [("a", 1.0)]),
        ("()", []),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.573),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641),
                (".", 1.1),
            ],
        ),
    ],
)
def test_weights_are_a1111s(text, expected):
    (section,) = weigh(text)
    assert [part for part, _ in section] == [part for part, _ in expected]
    assert [weight for _, weight in section] == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a BREAK b", [["a"], ["b"]]),
        ("a\nBREAK\nb", [["a"], ["b"]]),
        ("BREAK a BREAK", [[], ["a"], []]),
        ("BREAKFAST, OUTBREAK, break", [["BREAKFAST, OUTBREAK, break"]]),
        ("(a BREAK b)", [["a"], ["b"]]),
    ],
)
def test_break_ends_a_section_even_within_brackets(text, sections):
    assert [[part for part, _ in section] for section in weigh(text)] == sections


def test_weight_reaches_over_a_break():
    assert weigh("(a BREAK b:2)") == ((Fragment("a", 2.0),), (Fragment("b", 2.0),))


@given(TEXTS)
def test_any_text_has_weights(text):
    for section in weigh(text):
        assert all(part for part, _ in section)


@given(st.text(alphabet="ab ()[],", max_size=40))
def test_brackets_only_reweigh(text):
    """What is left is the text without brackets, or with those that were never opened."""
    words = "".join(part for section in weigh(text) for part, _ in section)
    without = str.maketrans("", "", "()[]")
    assert words.translate(without) == text.translate(without)


@given(st.text().filter(lambda text: "BREAK" not in text))
def test_an_escaped_text_is_that_text(text):
    assert weigh(escape(text)) == (((Fragment(text),) if text else ()),)


@given(st.floats(0, 900_000).filter(lambda one: "e" not in repr(one)))
def test_a_weight_is_read_however_many_digits_it_has(weight):
    """As a script writes it: 0.1 + 0.2 has seventeen."""
    assert weigh(f"(a cat:{weight})") == ((Fragment("a cat", weight),),)
    assert weigh(f"(a cat:-{weight})") == ((Fragment("a cat", -weight),),)
