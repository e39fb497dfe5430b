"""A prompt as the message of a chat: its tokens are counted as the encoder counts them."""

from types import SimpleNamespace

import pytest

from medialab.families.flux2_klein import encoder as klein
from medialab.families.texts import Reading
from medialab.families.z_image import encoder as z_image
from tests.tiny import flux2_klein
from tests.tiny import z_image as tiny_z

MOST = 512


@pytest.fixture(scope="module", params=["z-image", "klein"])
def both(request, tmp_path_factory):
    """An encoder, and the counting of its family over the folder of its tokenizer."""
    is_klein = request.param == "klein"
    made = flux2_klein.make_pipeline() if is_klein else tiny_z.make_pipeline()
    folder = tmp_path_factory.mktemp(request.param) / "tokenizer"
    made.tokenizer.save_pretrained(folder)
    model = SimpleNamespace(components=made.components, device="cpu")
    kind = klein.KleinEncoder if is_klein else z_image.ZImageEncoder
    count = klein.count_tokens if is_klein else z_image.count_tokens
    return kind(model, Reading()), lambda prompt: count(prompt, folder)


def test_tokens_are_counted_before_as_they_are_read_later(both):
    encoder, count = both
    for text in ("", "a red ball", "a blue hat on a table"):
        assert count(text)[0] == encoder.encode(text).tokens


def test_a_prompt_that_is_too_long_is_cut_and_that_is_told(both):
    encoder, count = both
    text = "ball " * MOST
    tokens, most = count(text)
    assert tokens > most
    assert encoder.encode(text).notes == (f"of {tokens} tokens {most} are read",)


def test_brackets_are_left_out_unless_they_are_text(both):
    encoder, count = both
    assert count("a (red:1.3) ball") == count("a red ball")
    assert "brackets have no effect" in encoder.encode("a (red:1.3) ball").notes[0]
