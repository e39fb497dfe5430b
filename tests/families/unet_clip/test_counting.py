"""Tokens are counted as they are encoded, from files alone."""

import pytest

from medialab.diffusion.encoding import encode
from medialab.families.unet_clip.chunks import cut_into_chunks
from medialab.families.unet_clip.counting import count_tokens
from medialab.prompts import take_loras, weigh
from tests.tiny.text_models import ROOM, every_family


def test_what_was_counted_is_told(sd15):
    found = encode(sd15, "a " * 50, "blue")
    assert (found.tokens, found.negative_tokens, found.chunks) == (50, 1, 2)


@every_family
@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", (0, ROOM)),
        ("a (red:1.3) ball", (3, ROOM)),
        ("a " * 39, (39, 2 * ROOM)),
        ("a AND a hat, red", (4, ROOM)),
        ("a <lora:night:1> hat", (2, ROOM)),
    ],
)
def test_tokens_are_counted_for_the_panel(model, prompt, expected):
    found = encode(model, take_loras(prompt)[0], "")
    assert (found.tokens, found.chunks * ROOM) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a (Red:1.3) hat, it's 1920s café 日本語 😀",
        "<lora:ink:0.8> a  cat\nBREAK a [dog|fox] " * 9,
    ],
)
def test_tokens_counted_from_files_alone_are_those_of_transformers(prompt):
    from transformers import CLIPTokenizer

    from medialab.families.unet_clip.single_files import SHARED_TOKENIZER
    from medialab.loading.networks import CONFIGS
    from medialab.prompts import parse

    tokenizer = CLIPTokenizer.from_pretrained(CONFIGS / SHARED_TOKENIZER)
    (*_, text) = parse(take_loras(prompt)[0], 1).texts
    chunks = cut_into_chunks(weigh(text), tokenizer, {})
    expected = (sum(map(len, chunks)), 75 * len(chunks))
    assert count_tokens(prompt, CONFIGS / SHARED_TOKENIZER) == expected


def test_a_folder_without_tokenizer_is_told(tmp_path):
    with pytest.raises(OSError, match=r"vocab\.json"):
        count_tokens("a cat", tmp_path)
