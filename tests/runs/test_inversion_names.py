"""Which textual inversion a word of a prompt names, and what is said where it names none."""

import pytest

from medialab.config.resolved import ResolvedConfig
from medialab.runs.inversion_names import find_inversions, read_as_text
from tests.runs.listings import info, listing_of


def inversion(name, *aliases, **facts):
    return info(name, "embedding", aliases=aliases, **facts)


def found(prompt, *infos):
    named = find_inversions(infos, "sd15", [prompt])
    return {name: one.name for name, one in named.files.items()}, dict(named.ambiguous)


def test_a_word_names_an_inversion_by_its_file_or_its_token():
    infos = inversion("bad-hands", "bh"), inversion("other")
    assert found("a doll, bad-hands", *infos) == ({"bad-hands": "bad-hands"}, {})
    assert found("a doll, bh", *infos) == ({"bh": "bad-hands"}, {})
    assert found("a doll", *infos) == ({}, {})


@pytest.mark.parametrize("facts", [{"family": "sdxl"}, {"refused": "it is broken"}])
def test_one_of_another_family_or_a_refused_one_is_not_named(facts):
    assert found("a doll, ink", inversion("ink", **facts)) == ({}, {})


def test_a_files_own_name_comes_before_anothers_token():
    infos = inversion("first", "ink"), inversion("ink")
    assert found("in ink", *infos) == ({"ink": "ink"}, {})


def test_the_exact_spelling_comes_before_another_case():
    infos = inversion("Ink"), inversion("ink")
    assert found("in Ink", *infos) == ({"Ink": "Ink"}, {})
    assert found("in ink", *infos) == ({"ink": "ink"}, {})
    assert found("in INK", *infos) == ({}, {"ink": ["Ink", "ink"]})


def test_a_token_of_two_files_stays_ambiguous():
    infos = inversion("a", "ink"), inversion("b", "ink")
    assert found("in ink", *infos) == ({}, {"ink": ["a", "b"]})


def told(prompt, *infos, used=(), **settings):
    settings = {"prompt": prompt, "checkpoint": "base", "width": 64, "height": 64} | settings
    config = ResolvedConfig.parse(settings | {"seed": 1, "checkpoint_sha256": "0" * 64})
    record = {"stages": [{"name": "prompt", "applied": {"embeddings": list(used)}}]}
    return read_as_text(config, record, listing_of(info("base", "checkpoint"), *infos))


def test_an_inversion_that_was_used_or_not_named_is_no_news():
    assert told("in ink", inversion("ink"), inversion("other"), used=["ink"]) == []


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"family": "sdxl"}, "it is made for sdxl, and 'base' is of sd15"),
        ({"refused": "it is broken"}, "it is broken"),
        ({}, "its vectors fit no text encoder of 'base'"),
    ],
)
def test_what_was_read_as_text_is_told_with_the_reason(facts, why):
    (notice,) = told("in ink", inversion("ink", **facts))
    assert notice == f"'ink' was read as text, not as the textual inversion of that name: {why}"


def test_a_word_for_two_files_is_told_with_their_names():
    (notice,) = told("in ink", inversion("a", "ink"), inversion("b", "ink"))
    assert notice.startswith("'ink' was read as text: 2 textual inversions have that name, a, b;")
    (notice,) = told("in ink", inversion("old/ink"), inversion("new/ink"))
    assert "2 textual inversions have that name, old/ink, new/ink; give one" in notice
    assert told("in ink", inversion("old/ink"), inversion("new/ink"), used=["old/ink"]) == []
