"""Prompts that change over the steps: A1111's documented examples, and any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.prompts import (
    Phase,
    parse,
    schedule,
)
from tests.prompts.texts import TEXTS


def phases(text, steps=10):
    return [tuple(phase) for phase in schedule(text, steps)]


def text_at(subprompt, step):
    return next(phase.text for phase in subprompt.phases if step <= phase.until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [b:3 ]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a [b:0.25] c", [(2, "a  c"), (10, "a b c")]),
        ("a [b:1.0] c", [(10, "a  c")]),
        ("a [b:99] c", [(10, "a  c")]),
        ("a [b:0] c", [(10, "a b c")]),
        ("a [b::4] c", [(4, "a b c"), (10, "a  c")]),
        ("a [{b|d{:.5] c", [(5, "a  c"), (10, "a {b|d{ c")]),
        ("((a][:b:c [d:3]", [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        ("[a:b:c:3]", [(10, "[a:b:c:3]")]),
        ("[a:b]", [(10, "[a:b]")]),
        ("[a) b:3]", [(10, "[a) b:3]")]),
        ("[a]", [(10, "[a]")]),
        (r"\[a:3\]", [(10, r"\[a:3\]")]),
        ("a | b [c:3]", [(3, "a | b "), (10, "a | b c")]),
        ("[[a:2]|b:5]", [(5, ""), (10, "a|b")]),
    ],
)
def test_schedules_are_a1111s(text, expected):
    assert phases(text) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a|(b:1.1)]", ["a", "(b:1.1)", "a", "(b:1.1)"]),
        ("[fe|]male", ["female", "male", "female", "male"]),
        ("[fe|||]male", ["female", "male", "male", "male", "female"]),
        ("[a|b|[c|d]]", ["a", "b", "c", "a", "b", "d"]),
        ("[a|b]:3", ["a:3", "b:3"]),
        ("[a:b|c]", ["[a:b|c]"] * 2),
    ],
)
def test_alternation_changes_at_each_step(text, shown):
    (subprompt,) = parse(text, len(shown)).subprompts
    assert [text_at(subprompt, step + 1) for step in range(len(shown))] == shown


def test_equal_neighbours_are_one_phase():
    assert phases("[fe|||]male", 5) == [(1, "female"), (4, "male"), (5, "female")]


@given(TEXTS, st.integers(1, 30))
def test_any_text_has_phases_that_end_with_the_steps(text, steps):
    found = schedule(text, steps)
    ends = [phase.until for phase in found]
    assert ends == sorted(set(ends))
    assert ends[0] >= 1
    assert ends[-1] == steps


def test_brackets_nested_too_deep_are_text():
    assert schedule("[" * 400 + "a" + ":1]" * 400, 5)[-1] == Phase(5, "[" * 350 + "a" + ":1]" * 350)


@given(st.floats(0, 1).filter(lambda one: "e" not in repr(one)), st.integers(1, 150))
def test_a_share_of_the_steps_is_read_however_many_digits_it_has(share, steps):
    at = int(share * steps)
    expected = [Phase(at, "a")] * (at > 0) + [Phase(steps, "b")] * (at < steps)
    assert [*schedule(f"[a:b:{share}]", steps)] == expected
