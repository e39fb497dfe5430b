"""Labels are written by a font that has their letters."""

import pytest

from medialab.batch.letters import MISSING, _fonts, can_write, has, written

OWN = _fonts(16)[0]


def test_plain_letters_are_pillows_own():
    assert written("guidance scale 5…", 16) == ("guidance scale 5…", OWN)


def test_a_letter_that_a_font_lacks_is_known():
    assert has(OWN, "a")
    assert has(OWN, " ")
    assert not has(OWN, "\u6f22")


@pytest.mark.parametrize(
    "text", ["caf\u00e9 \u00d7 2", "\u0429\u0443\u043a\u0430", "\u03b7\u03b4\u03cd"]
)
def test_other_letters_are_written_by_a_font_of_the_system_that_has_them(text):
    if len(_fonts(16)) == 1:
        pytest.skip("no other font")
    plain, font = written(text, 16)

    assert plain == text
    assert font is not OWN


def test_what_no_font_has_is_a_question_mark_and_what_is_not_seen_is_left_out():
    plain, font = written("a\U0010fffd\u200b\x00b", 16)

    assert plain == f"a{MISSING}b"
    assert has(font, "a")


def test_a_text_that_no_font_has_cannot_be_written():
    assert can_write("a red car? \U0010fffd")
    assert can_write("")
    assert can_write("???")
    assert not can_write("\U0010fffd\U0010fffc")
