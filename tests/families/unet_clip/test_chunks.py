"""A prompt is cut into chunks where A1111 cuts it."""

import pytest

from medialab.families.unet_clip.chunks import cut_into_chunks
from medialab.prompts import weigh


def cut(text, tokenizer):
    return [len(chunk) for chunk in cut_into_chunks(weigh(text), tokenizer, {})]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", [0]),
        ("a " * 38, [38]),
        ("a " * 39, [38, 1]),
        ("a " * 80, [38, 38, 4]),
        # A comma among the last twenty ends the chunk; what follows it moves on.
        ("a " * 30 + ", " + "b " * 10, [31, 10]),
        ("a " * 17 + ", " + "b " * 21, [38, 1]),
        ("a " * 18 + ", " + "b " * 20, [19, 20]),
        # A comma that does not fit itself begins the next chunk.
        ("a " * 30 + ", " + "b " * 7 + ", c", [38, 2]),
        ("a " * 37 + ", b", [38, 1]),
        ("a BREAK b", [1, 1]),
        ("BREAK a", [0, 1]),
        ("a BREAK", [1]),
        ("a BREAK BREAK b", [1, 0, 1]),
        ("(a:1.2) [b] c", [3]),
    ],
)
def test_chunks_end_where_a1111_ends_them(tokenizer, text, lengths):
    assert cut(text, tokenizer) == lengths
