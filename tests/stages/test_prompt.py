"""The prompt stage encodes what the person wrote, and owns up to what it dropped."""

import pytest
import torch

from medialab.config import PromptConfig
from medialab.stages.base import Frame
from medialab.stages.prompt import PromptStage


@pytest.fixture
def encode(context):
    return lambda **settings: PromptStage().run(Frame(), PromptConfig(**settings), context())


def test_another_prompt_gives_other_embeddings_and_the_negative_stays(encode):
    red, blue = encode(prompt="a red ball"), encode(prompt="a blue ball")
    assert not torch.equal(red.embeddings["prompt_embeds"], blue.embeddings["prompt_embeds"])
    negatives = [frame.embeddings["negative_prompt_embeds"] for frame in (red, blue)]
    assert torch.equal(*negatives)


def test_embeddings_are_the_text_encoders_own_output(encode, model):
    tokens = model.components["tokenizer"](
        "a red ball", padding="max_length", return_tensors="pt"
    ).input_ids
    with torch.no_grad():
        expected = model.components["text_encoder"](tokens).last_hidden_state
    assert torch.equal(encode(prompt="a red ball").embeddings["prompt_embeds"], expected)


def test_nothing_is_dropped_from_a_prompt_that_fits(encode):
    assert encode(prompt="a red ball").applied["prompt"] == {
        "tokens_dropped": 0,
        "negative_tokens_dropped": 0,
    }


def test_a_prompt_that_is_too_long_is_cut_and_the_record_says_by_how_much(encode):
    frame = encode(prompt="a red ball " * 20)  # 60 tokens, of which the family holds 38
    assert frame.applied["prompt"]["tokens_dropped"] == 22
    cut = encode(prompt="a red ball " * 12 + "a red")
    assert torch.equal(frame.embeddings["prompt_embeds"], cut.embeddings["prompt_embeds"])
