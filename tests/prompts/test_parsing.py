"""Prompts as a whole: AND, any text, and work that grows no faster than it is long."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    MOST_CHARACTERS,
    MOST_SUBPROMPTS,
    expand,
    mentions,
    parse,
    take_loras,
    weigh,
)
from tests.prompts.texts import TEXTS


def text_at(subprompt, step):
    return next(phase.text for phase in subprompt.phases if step <= phase.until)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", [(1.0, "a cat")]),
        ("a cat AND a dog", [(1.0, "a cat"), (1.0, "a dog")]),
        ("a cat :1.2 AND a dog:0.5", [(1.2, "a cat"), (0.5, "a dog")]),
        ("a cat AND rain : -1", [(1.0, "a cat"), (-1.0, "rain")]),
        ("a cat AND (dog:1.3)", [(1.0, "a cat"), (1.0, "(dog:1.3)")]),
        ("a photo 16:9", [(1.0, "a photo 16:9")]),
        ("ANDROID, SAND, and", [(1.0, "ANDROID, SAND, and")]),
        ("AND", [(1.0, ""), (1.0, "")]),
    ],
)
def test_and_splits_and_weighs(prompt, expected):
    found = parse(prompt, 10).subprompts
    assert [(one.weight, text_at(one, 10)) for one in found] == expected


def test_a_negative_prompt_does_not_compose():
    (only,) = parse("a AND b:2", 10, composes=False).subprompts
    assert (only.weight, text_at(only, 1)) == (1.0, "a AND b:2")


def test_each_side_has_its_own_schedule_and_every_text_is_named_once():
    parsed = parse("a [b:5] AND c AND c", 10)
    assert parsed.texts == ("a ", "a b", "c")
    assert [len(one.phases) for one in parsed.subprompts] == [2, 1, 1]


@given(TEXTS)
def test_any_text_is_a_prompt_or_an_error_of_ours(text):
    try:
        assert parse(text, 7).subprompts
        assert len(parse(text, 7, composes=False).subprompts) == 1
    except ConfigError:  # a tag that is not supported
        assert "<l" in text.lower()


def test_more_parts_than_a_denoiser_is_given_at_once_are_refused():
    assert len(parse(" AND ".join("a" * MOST_SUBPROMPTS), 5).subprompts) == MOST_SUBPROMPTS
    with pytest.raises(ConfigError, match="more than 64 parts by AND"):
        parse(" AND ".join("a" * (MOST_SUBPROMPTS + 1)), 5)
    assert len(parse("a AND " * 100, 5, composes=False).subprompts) == 1


LONG = {
    "open round": lambda n: "(a" * n,
    "round": lambda n: "(a" * n + ")" * n,
    "weights": lambda n: "(a:1.1" * n + ":1.1)" * n,
    "square": lambda n: "[a" * n + "]" * n,
    "crossed": lambda n: "([a" * n + ")]" * n,
    "schedules": lambda n: "[a:" * n + ":3]" * n,
    "alternations": lambda n: "[a|" * n + "]" * n,
    "flat schedules": lambda n: "[a:b:0.5]" * n,
    "braces": lambda n: "{a" * n + "}" * n,
    "choices": lambda n: "{a|" * n + "}" * n,
    "many choices": lambda n: "{a|b}" * n,
    "one choice": lambda n: "{" + "a|" * n + "b}",
    "counts": lambda n: "{1-999$$" * n + "a|b" + "}" * n,
    "AND": lambda n: " AND ".join("a" * n),
    "BREAK": lambda n: " BREAK ".join("a" * n),
    "spaces": lambda n: "a" + " " * 6 * n + "b",
    "backslashes": lambda n: "\\" * n,
    "underscores": lambda n: "__a b " * n,
    "tags": lambda n: "<lora:a:0.1>" * n,
    "open tags": lambda n: "<lora:a:" * n,
    "comments": lambda n: "# x\n" * n,
}


def _lines_run(work):
    """How many lines of the grammar's code some work takes."""
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        if "/medialab/prompts/" in frame.f_code.co_filename:
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except ConfigError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("what", LONG)
def test_work_grows_with_the_length_of_a_prompt_and_no_faster(what):
    def work(n):
        text = LONG[what](n)
        return lambda: (_weighed_in_full(text), expand(text, 1))

    small, large = (_lines_run(work(n)) for n in (150, 600))
    assert large < 6 * small + 500


def _weighed_in_full(text):
    for one in parse(text, 5).subprompts:
        for phase in one.phases:
            weigh(phase.text)


@pytest.mark.thorough
@pytest.mark.parametrize("what", LONG)
def test_a_prompt_of_any_shape_and_length_is_read_or_refused_by_us(what):
    text = LONG[what](8_000)
    for read in (_weighed_in_full, weigh, take_loras, lambda text: expand(text, 1)):
        try:
            read(text)
        except ConfigError as error:
            assert len(str(error)) < 500  # noqa: PT017 - most of them raise nothing


def test_a_prompt_that_its_wildcards_make_too_long_is_refused(wildcards):
    (wildcards / "long.txt").write_text("a" * 1000 + "\n")
    assert len(expand("__long__" * 20, 1, wildcards)) == MOST_CHARACTERS
    with pytest.raises(ConfigError, match="21,000 characters, over 20,000"):
        expand("__long__" * 21, 1, wildcards)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("by mina, red", True),
        ("by MINA", True),
        ("(mina:1.2)", True),
        ("minat", False),
        ("mina-2", False),
        ("", False),
    ],
)
def test_a_name_is_mentioned_as_a_word_of_its_own(text, found):
    assert mentions("mina", text) == found


@given(st.floats(-900_000, 900_000).filter(lambda one: "e" not in repr(one)))
def test_a_part_has_its_weight_however_many_digits_that_has(weight):
    first, second = parse(f"a cat AND a dog :{weight}", 5).subprompts
    assert (first.weight, second.weight, second.last) == (1.0, weight, "a dog")
