"""Letters that were read in the wrong encoding are mended; letters that are right stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.infotext.mojibake import decode_utf16, mend_letters, mend_order
from tests.infotext.texts import PROMPT, TEXT


@pytest.mark.parametrize("text", ["café", "日本語", "“naïve” — Ünï", "😀", "Привет мир", "Straße"])
def test_utf8_that_was_read_as_latin_1_is_mended(text):
    for name in ("latin-1", "cp1252"):
        garbled = "".join(
            bytes([byte]).decode(name, "ignore") or chr(byte) for byte in text.encode()
        )
        assert garbled != text
        assert mend_letters(garbled) == text


@pytest.mark.parametrize(
    "text", ["café", "«CAFÉ»", "CAFÉ…", "groß»", "ÀÉÈ", "½°", "“a”", "日本", "Âme", "über ä ö ü"]
)
def test_letters_that_are_right_stay(text):
    assert mend_letters(text) == text
    assert mend_order(text) == text


@given(st.text(max_size=60))
def test_utf16_of_either_order_is_read_and_nothing_fails(text):
    for order in ("utf-16-le", "utf-16-be"):
        content = (TEXT + text).encode(order, "surrogatepass")
        assert decode_utf16(content).startswith(PROMPT)
    decode_utf16(text.encode("utf-8", "replace"))
    mend_order(text)
    mend_letters(text)
