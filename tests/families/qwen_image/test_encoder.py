"""What Qwen-Image's language model reads of a prompt, and what is told of the rest."""

from types import SimpleNamespace

import pytest
import torch
from diffusers import QwenImagePipeline

from medialab.families.qwen_image.encoder import MOST_TOKENS, MessageEncoder
from medialab.families.texts import Reading
from tests.tiny.qwen_image import make_parts

BRACKETS, SKIP = "brackets have no effect", "clip_skip has no effect"


@pytest.fixture(scope="module")
def model():
    return SimpleNamespace(components=make_parts(), device="cpu", pipeline_config={})


@pytest.mark.parametrize(
    ("text", "reading", "notes"),
    [
        ("a red ball", Reading(), []),
        ("a (red:1.3) ball", Reading(), [BRACKETS]),
        ("a (red:1.3) ball", Reading(emphasis="ignore"), []),
        ("a (red:1.3) ball", Reading(emphasis="none"), []),
        ("a (red:1.3) ball", Reading(clip_skip=2), [SKIP, BRACKETS]),
    ],
)
def test_what_has_no_effect_is_noted_and_nothing_else(model, text, reading, notes):
    told = MessageEncoder(model, reading).encode(text).notes
    assert [note.partition(":")[0] for note in told] == notes


def test_a_text_is_encoded_as_diffusers_does_and_its_tokens_counted_without_the_marks(model):
    encoder = MessageEncoder(model, Reading())
    empty, found = encoder.encode(""), encoder.encode("a red ball")
    expected, mask = QwenImagePipeline(**model.components).encode_prompt("a red ball")
    assert torch.equal(found.values["prompt_embeds"], expected)
    assert mask is None
    lengths = [one.values["prompt_embeds"].shape[1] for one in (empty, found)]
    assert lengths[1] - lengths[0] == found.tokens > empty.tokens == 0


def test_more_tokens_than_are_read_are_left_out_and_told(model):
    found = MessageEncoder(model, Reading()).encode("ball " * 700)
    assert found.values["prompt_embeds"].shape[1] == MOST_TOKENS
    assert found.notes == (f"of {found.tokens} tokens {MOST_TOKENS} are read",)


def test_a_language_model_with_adapters_is_encoded_anew_each_time(model):
    encoder = MessageEncoder(model, Reading())
    assert encoder.key("a") == ()
    encoder.network.peft_config = {"any": 1}
    try:
        assert encoder.key("a") is None
    finally:
        del encoder.network.peft_config
