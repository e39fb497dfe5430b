"""Prompts through real tiny text encoders: bit for bit as diffusers where it can, and more."""

import pytest
import torch

from medialab.diffusion import encoding
from medialab.diffusion.encoding import encode
from medialab.errors import ConfigError
from tests.tiny.text_models import ROOM, diffusers_own, embeds, every_family


@every_family
@pytest.mark.parametrize("prompt", ["a red ball", "", "  a  red,ball!  ", "a " * ROOM])
@pytest.mark.parametrize("negative", ["blue", ""])
def test_a_plain_prompt_is_bit_for_bit_diffusers_own(model, prompt, negative):
    # None is how diffusers is told that there is no negative prompt: SDXL then reads zeros.
    expected = diffusers_own(model, prompt, negative or None)
    found = encode(model, prompt, negative).embeddings()
    names = ("prompt_embeds", "negative_prompt_embeds")
    pooled = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    assert len(found) == len(expected)
    for name, value in zip((*names, *pooled), expected, strict=False):
        assert torch.equal(found[name], value), name


def test_an_empty_negative_prompt_of_sdxl_is_zeros_however_long_the_prompt(loaded):
    found = encode(loaded["sdxl"], "a " * 50, "").embeddings()
    assert found["negative_prompt_embeds"].shape == found["prompt_embeds"].shape
    assert not found["negative_prompt_embeds"].any()
    assert not found["negative_pooled_prompt_embeds"].any()


@every_family
def test_the_embeddings_are_what_the_pipeline_takes(model):
    found = encode(model, "a (red:1.3) ball " * 20, "blue")
    with torch.inference_mode():
        images = (
            model.pipeline("text-to-image")(
                **found.embeddings(), width=32, height=32, num_inference_steps=1, output_type="np"
            )
        ).images
    assert images.shape[0] == 1


@every_family
def test_every_chunk_is_encoded_alone_and_both_prompts_are_as_long(model):
    found = encode(model, "a red ball BREAK a hat", "blue").embeddings()
    ball, hat, empty = (embeds(model, text) for text in ("a red ball", "a hat", ""))
    assert torch.equal(found["prompt_embeds"], torch.cat([ball, hat], dim=1))
    blue = encode(model, "", "blue").embeddings()["negative_prompt_embeds"]
    assert torch.equal(found["negative_prompt_embeds"], torch.cat([blue, empty], dim=1))


def test_the_first_chunk_speaks_for_the_picture_as_a_whole(loaded):
    both, ball = (
        encode(loaded["sdxl"], text, "").embeddings()["pooled_prompt_embeds"]
        for text in ("a red ball BREAK a hat", "a red ball")
    )
    assert torch.equal(both, ball)


def test_original_keeps_the_mean_of_what_it_weighs(sd15):
    plain = embeds(sd15, "a red ball")
    raw = plain.clone()
    raw[:, 2] *= 1.5  # after the start token and "a"
    expected = raw * (plain.mean() / raw.mean())
    assert torch.equal(embeds(sd15, "a (red:1.5) ball"), expected)
    assert torch.allclose(expected.mean(), plain.mean())


def test_a_mean_of_nothing_is_not_restored(sd15, monkeypatch):
    norm = sd15.components["text_encoder"].final_layer_norm
    monkeypatch.setattr(norm.bias, "data", torch.zeros(32))
    texts = "a (red:1.7) cat without a mean"
    assert torch.equal(embeds(sd15, texts), embeds(sd15, texts, emphasis="no norm"))


def test_no_norm_only_multiplies(sd15):
    expected = embeds(sd15, "a red ball").clone()
    expected[:, 2] *= 1.5
    assert torch.equal(embeds(sd15, "a (red:1.5) ball", emphasis="no norm"), expected)


def test_ignore_takes_the_brackets_away_and_nothing_else(sd15):
    ignored = embeds(sd15, "a (red:1.5) [ball]", emphasis="ignore")
    assert torch.equal(ignored, embeds(sd15, "a red ball"))


def test_none_leaves_brackets_and_break_as_text(sd15):
    text = "a (red:1.5) ball BREAK"
    expected = diffusers_own(sd15, text, None)[0]
    assert torch.equal(embeds(sd15, text, emphasis="none"), expected)


def test_weights_of_each_encoder_keep_their_own_mean(loaded):
    model = loaded["sdxl"]
    plain, heavy = (embeds(model, text) for text in ("a red ball", "a (red:1.5) ball"))
    for part in (slice(0, 32), slice(32, 80)):
        assert torch.allclose(plain[..., part].mean(), heavy[..., part].mean(), atol=1e-6)
        assert not torch.equal(plain[..., part], heavy[..., part])


def test_brackets_beyond_all_numbers_are_refused(sd15):
    prompt = "(" * 10_000 + "a" + ")" * 10_000
    with pytest.raises(ConfigError, match="make a weight infinite"):
        embeds(sd15, prompt)
    assert torch.equal(embeds(sd15, prompt, emphasis="ignore"), embeds(sd15, "a"))


def test_texts_that_would_fill_the_memory_are_refused_at_the_first_long_one(sd15, monkeypatch):
    monkeypatch.setattr(encoding, "MOST_CHUNKS", 20)
    read = []
    long, short = "a " * ROOM * 6, " AND ".join(f"b{n}" for n in range(5))
    with pytest.raises(ConfigError, match=r"7 texts, .* of 6 chunks: over 20 in all"):
        encode(sd15, f"{long} AND {short}", long, on_text=lambda done, _: read.append(done))
    assert read == []
    encode(sd15, f"{long} AND b", long)


def test_who_stops_at_a_text_stops_the_encoding(sd15):
    heard = []

    def stop(done, every):
        heard.append((done, every))
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        encode(sd15, "a AND b AND c AND d", "e", on_text=stop)
    assert heard == [(1, 5), (2, 5)]
    encode(sd15, "a", "b", on_text=stop)
    assert heard == [(1, 5), (2, 5)]


@pytest.mark.parametrize("skip", [2, 3])
def test_clip_skip_stops_earlier_and_still_normalises(sd15, tokenizer, skip):
    encoder = sd15.components["text_encoder"]
    ids = tokenizer("a red ball", padding="max_length", return_tensors="pt").input_ids
    with torch.inference_mode():
        states = encoder(ids, output_hidden_states=True).hidden_states[-skip]
        expected = encoder.final_layer_norm(states)
    assert torch.equal(embeds(sd15, "a red ball", clip_skip=skip), expected)


def test_one_is_the_last_layer(sd15):
    assert torch.equal(embeds(sd15, "a hat", clip_skip=1), embeds(sd15, "a hat"))


def test_more_layers_than_there_are_is_an_error_with_their_number(sd15):
    with pytest.raises(ConfigError, match=r"clip_skip=4: .* 3 layers; choose 1 to 3"):
        encode(sd15, "a", "", clip_skip=4)


def test_sdxl_reads_the_layer_before_the_last_whatever_is_skipped(loaded):
    model = loaded["sdxl"]
    assert torch.equal(embeds(model, "a hat", clip_skip=12), embeds(model, "a hat"))


both = pytest.mark.parametrize("name", ["sd15", "sdxl"])
