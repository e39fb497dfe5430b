"""EXIF comments of this and other programs."""

import pytest

from medialab.infotext.user_comment import decode_comment, encode_comment


@pytest.mark.parametrize("text", ["a red ball\nSteps: 20", "ein Bär – 赤い球 🎈", ""])
def test_what_is_written_is_read_again(text):
    assert decode_comment(encode_comment(text)) == text


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + "Steps: 20".encode("utf-16-be"),
        b"UNICODE\0" + "Steps: 20".encode("utf-16-le"),
        b"ASCII\0\0\0Steps: 20",
        "Steps: 20".encode("utf-16-le"),
    ],
)
def test_comments_of_other_programs_are_read_whatever_their_encoding(comment):
    assert decode_comment(comment) == "Steps: 20"
