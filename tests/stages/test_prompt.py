"""The prompt stage encodes what the person wrote, all of it, and records what it was."""

import pytest
import torch

from medialab.errors import ConfigError
from medialab.stage import Frame
from medialab.stages.prompt import PromptConfig, PromptStage


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


def test_the_record_says_what_was_encoded(encode):
    assert encode(prompt="a (red:1.2) ball", negative_prompt="blue").applied["prompt"] == {
        "prompt": "a (red:1.2) ball",
        "negative_prompt": "blue",
        "tokens": 3,
        "negative_tokens": 1,
        "chunks": 1,
        "embeddings": [],
    }


def test_a_long_prompt_is_encoded_to_its_end(encode):
    frame = encode(prompt="a red ball " * 20)  # 60 tokens, of which a chunk holds 38
    assert frame.applied["prompt"]["tokens"] == 60
    assert frame.applied["prompt"]["chunks"] == 2
    assert (
        frame.embeddings["prompt_embeds"].shape == frame.embeddings["negative_prompt_embeds"].shape
    )
    other = encode(prompt="a red ball " * 19 + "a red hat")
    assert not torch.equal(frame.embeddings["prompt_embeds"], other.embeddings["prompt_embeds"])


@pytest.mark.parametrize("change", [{"emphasis": "ignore"}, {"emphasis": "none"}], ids=str)
def test_emphasis_changes_the_embeddings(encode, change):
    plain, changed = encode(prompt="a (red:1.5) ball"), encode(prompt="a (red:1.5) ball", **change)
    assert not torch.equal(plain.embeddings["prompt_embeds"], changed.embeddings["prompt_embeds"])


def test_too_much_clip_skip_is_refused_with_what_there_is(encode):
    with pytest.raises(ConfigError, match=r"clip_skip=2: .*1 layers"):
        encode(prompt="a hat", clip_skip=2)


@pytest.mark.parametrize("prompt", ["a [red:blue:3] hat", "[a|b]", "a AND b"])
def test_what_changes_or_composes_is_left_to_the_stage_that_knows_its_steps(encode, prompt):
    frame = encode(prompt=prompt)
    assert frame.embeddings == {}
    assert frame.prompts.prompt == prompt
