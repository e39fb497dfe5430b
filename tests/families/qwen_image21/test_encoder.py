"""What Qwen-Image 2.1's language model reads of a prompt, and what is told of the rest."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.qwen_image21.encoder import MessageEncoder
from medialab.families.texts import Reading


@pytest.fixture
def model(pipeline):
    return SimpleNamespace(components=pipeline.components, device="cpu")


@torch.inference_mode()
@pytest.mark.parametrize("text", ["a red ball", ""])
def test_a_text_is_encoded_as_diffusers_does(model, pipeline, text):
    found = MessageEncoder(model, Reading()).encode(text).values["prompt_embeds"]
    expected, mask, pictures = pipeline.encode_prompt(text)
    assert torch.equal(found, expected)
    assert mask is None
    assert not pictures.any()
    # The norm is left out while a text is encoded, and only then.
    assert not pipeline.text_encoder.model.language_model.norm._forward_hooks


def test_tokens_are_counted_without_the_marks_and_brackets_noted(model):
    encoder = MessageEncoder(model, Reading(clip_skip=2))
    found, more = encoder.encode("a (red:1.3) ball"), encoder.encode("a red ball ball")
    assert more.tokens > found.tokens > 0
    told = [note.partition(":")[0] for note in found.notes]
    assert told == ["clip_skip has no effect", "brackets have no effect"]
