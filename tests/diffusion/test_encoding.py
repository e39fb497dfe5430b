"""What was encoded once is remembered within a limit, and asked again where it may differ."""

import torch

from medialab.diffusion import encoding
from medialab.diffusion.encoding import encode
from medialab.families.texts import Encoded
from tests.tiny.text_models import embeds


def test_a_text_is_encoded_once(sd15, monkeypatch):
    calls = []
    encoder = sd15.components["text_encoder"]
    forward = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda *a, **o: calls.append(1) or forward(*a, **o))
    for _ in range(2):
        encode(sd15, "a text of its own", "another text of its own")
    assert len(calls) == 2
    encode(sd15, "a text of its own", "", clip_skip=2)
    encode(sd15, "a text of its own", "", emphasis="ignore")
    assert len(calls) >= 4


def test_an_encoder_with_adapters_is_asked_again(sd15, monkeypatch):
    encoder = sd15.components["text_encoder"]
    before = embeds(sd15, "an adapted text")
    with torch.no_grad():
        encoder.final_layer_norm.bias.add_(1)
    try:
        monkeypatch.setattr(encoder, "peft_config", {"style": 1}, raising=False)
        assert not torch.equal(embeds(sd15, "an adapted text"), before)
    finally:
        with torch.no_grad():
            encoder.final_layer_norm.bias.sub_(1)


def test_what_is_remembered_has_a_limit(monkeypatch):
    one = torch.zeros(1, 10, 10)
    monkeypatch.setattr(encoding, "CACHE_BYTES", 3 * one.nbytes)
    texts = encoding.encoded_texts()
    for key in (1, 2, 3, 4):
        texts[key] = Encoded({"prompt_embeds": one.clone()}, 0)
    assert [*texts] == [2, 3, 4]
    assert texts.get(2) is not None
    texts[5] = Encoded({"prompt_embeds": one.clone(), "pooled_prompt_embeds": one.clone()}, 0)
    assert [*texts] == [2, 5]


class Told:
    """Stored texts that are asked, and have none."""

    def __init__(self):
        self.facts = []

    def recalled(self, facts, encode):
        self.facts.append(facts)
        return encode()


def test_stored_texts_are_asked_with_all_that_decides_an_encoding(sd15, monkeypatch):
    told = Told()
    monkeypatch.setattr(sd15, "texts", told)
    encode(sd15, "a text that is stored", "", clip_skip=2, emphasis="no norm")
    encode(sd15, "a text that is stored", "", clip_skip=2, emphasis="no norm")
    monkeypatch.setattr(sd15, "_in_texts", (("ab", 0.5),))
    encode(sd15, "a text that is stored", "", clip_skip=2, emphasis="no norm")
    first, empty, again, _ = told.facts
    assert (first["text"], empty["text"], again["text"]) == (
        "a text that is stored",
        "",
        first["text"],
    )
    assert (first["clip_skip"], first["emphasis"]) == (2, "no norm")
    assert first["computed_in"] == "torch.float32"
    assert {name for name in first if first[name] != again[name]} == {"loras"}
