"""A PNG's texts and profile are taken out of its file; what is left is the same picture."""

import io
import zlib

import pytest
from PIL import Image

from medialab.pictures import png_chunks
from medialab.pictures.png_chunks import is_png, split
from tests.pictures.encoded import chunk, png


def picture(*chunks):
    return png(1, 1, *chunks, pixels=b"\0" + bytes(3))


def international(keyword, text, *, packed=False):
    body = zlib.compress(text.encode()) if packed else text.encode()
    return chunk(b"iTXt", keyword + (b"\0\1\0" if packed else b"\0\0\0") + b"de\0Wort\0" + body)


def test_texts_of_each_kind_are_read_and_gone_from_the_file():
    plain = picture()
    found = split(
        picture(
            chunk(b"tEXt", b"a\0caf\xe9"),
            chunk(b"zTXt", b"b\0\0" + zlib.compress(b"caf\xe9")),
            international(b"c", "猫"),
            international(b"d", "猫" * 100, packed=True),
        )
    )
    assert found.texts == {"a": "café", "b": "café", "c": "猫", "d": "猫" * 100}
    assert (found.rest, found.profile, found.too_long) == (plain, None, frozenset())
    assert Image.open(io.BytesIO(found.rest)).size == (1, 1)


def test_a_picture_without_any_is_left_as_it_is():
    whole = picture(chunk(b"gAMA", bytes(4)))
    assert split(whole) == ({}, frozenset(), frozenset(), None, whole)
    assert split(whole).rest is whole


def test_a_profile_is_taken_out_and_a_broken_or_endless_one_is_empty(monkeypatch):
    monkeypatch.setattr(png_chunks, "MOST_PROFILE", 1000)
    for body, profile in (
        (zlib.compress(b"x" * 1000), b"x" * 1000),
        (zlib.compress(b"x" * 1001), b""),
        (b"no zlib", b""),
    ):
        found = split(picture(chunk(b"iCCP", b"name\0\0" + body)))
        assert (found.profile, found.rest) == (profile, picture())


def texts_of(number):
    return [
        chunk(b"tEXt", b"k\0" + b"x" * number),
        chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * number)),
        international(b"k", "x" * number),
        international(b"k", "x" * number, packed=True),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_a_text_that_is_too_long_is_named_and_not_read(monkeypatch, kind):
    monkeypatch.setattr(png_chunks, "MOST_TEXT", 1000)
    at_most, longer = (split(picture(texts_of(number)[kind])) for number in (1000, 1001))
    assert (at_most.texts, at_most.too_long) == ({"k": "x" * 1000}, frozenset())
    assert (longer.texts, longer.too_long, longer.rest) == ({}, {"k"}, picture())


def test_all_texts_together_have_a_limit_of_their_own(monkeypatch):
    monkeypatch.setattr(png_chunks, "MOST_TEXT", 1000)
    monkeypatch.setattr(png_chunks, "MOST_TEXTS", 2500)
    found = split(picture(*(chunk(b"tEXt", name + b"\0" + b"x" * 1000) for name in (b"a", b"b"))))
    assert (sorted(found.texts), found.too_long) == (["a", "b"], frozenset())
    three = [chunk(b"tEXt", name + b"\0" + b"x" * 1000) for name in (b"a", b"b", b"c")]
    found = split(picture(*three, chunk(b"tEXt", b"d\0" + b"x")))
    assert (sorted(found.texts), found.too_long) == (["a", "b"], {"c", "d"})


def test_damaged_text_is_left_out_and_harms_no_other():
    found = split(picture(chunk(b"zTXt", b"a\0\0no zlib"), chunk(b"tEXt", b"b\0good")))
    assert (found.texts, found.too_long, found.rest) == ({"b": "good"}, frozenset(), picture())
    assert found.damaged == {"a"}


def test_a_text_that_was_cut_is_damaged_and_not_read_in_part():
    packed = zlib.compress(b"a cat\nSteps: 20, Seed: 12345")
    for kind, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        whole, cut = (split(picture(chunk(kind, head + packed[:end]))) for end in (None, -6))
        assert (whole.texts["a"][:5], whole.damaged) == ("a cat", frozenset())
        assert (cut.texts, cut.damaged) == ({}, {"a"})


def test_a_text_that_turns_the_picture_stays_for_pillow_unless_it_is_long():
    for number, stays in ((100, True), (2**19, False)):
        turning = chunk(b"tEXt", b"Raw profile type exif\0" + b"x" * number)
        found = split(picture(turning))
        assert len(found.texts["Raw profile type exif"]) == number
        assert found.rest == (picture(turning) if stays else picture())


@pytest.mark.parametrize("end", [8, 20, 33, 40, 60])
def test_a_file_that_was_cut_is_left_to_pillow(end):
    whole = picture(chunk(b"tEXt", b"a\0" + b"x" * 20))
    found = split(whole[:end])
    assert found.rest == whole[:end]
    assert found.texts == {}


def test_what_stands_after_the_end_is_no_text():
    whole = picture() + chunk(b"tEXt", b"a\0late")
    assert split(whole).texts == {}
    assert is_png(whole)
    assert not is_png(whole[1:])
    assert not is_png(b"")
