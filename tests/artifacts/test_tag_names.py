"""Names of tags."""

import pytest

from medialab.artifacts.tag_names import (
    MOST_CHARACTERS,
    changed_tags,
    clean_tag,
    clean_tags,
    tag_key,
    without_doubles,
)
from medialab.errors import ArtifactError


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" blue \n sea ", "blue sea"),
        ("character : Ada", "character:Ada"),
        ("project:poster:2026", "project:poster:2026"),
        ("u\u0308ber", "\u00fcber"),  # NFC: one letter
        ("家", "家"),
        ("👩\u200d🎨", "👩\u200d🎨"),
        ("x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS),
    ],
)
def test_a_tag_is_stored_in_one_way_of_writing_it(written, stored):
    assert clean_tag(written) == stored
    assert clean_tag(stored) == stored


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "it is empty"),
        (" \t", "it is empty"),
        (":", "it is empty"),
        ("character:", "both sides of the colon"),
        (":Ada", "both sides of the colon"),
        ("a, b", "a comma separates tags"),
        ("a\u202eb", r"invisible character U\+202E"),
        ("a\0b", r"invisible character U\+0000"),
        ("a\ud800", r"invisible character U\+D800"),
        ("x" * (MOST_CHARACTERS + 1), "it has 101 characters; at most 100"),
        (7, "a tag is text"),
    ],
)
def test_what_is_no_tag_is_refused_by_name(written, why):
    with pytest.raises(ArtifactError, match=why) as caught:
        clean_tag(written)
    assert repr(written)[:20] in str(caught.value)


def test_capitals_blanks_and_accents_do_not_make_another_tag():
    assert tag_key("Character:ÜBER  x") == tag_key("character:u\u0308ber x")
    assert without_doubles(["Ada", "ada", "ADA", "Bo"]) == ("Ada", "Bo")
    assert clean_tags(["Ada", " ada "]) == ("Ada",)


def test_one_text_is_no_list_of_tags():
    with pytest.raises(ArtifactError, match=r"give tags as a list, such as \['Ada'\]"):
        clean_tags("Ada")


def test_a_tag_that_is_there_stays_as_it_is_written():
    assert changed_tags(("Old", "keep"), ("KEEP", "new"), ["old "]) == ("keep", "new")
