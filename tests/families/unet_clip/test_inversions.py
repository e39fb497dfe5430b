"""An inversion's vectors stand in the place of its name, and nothing else is changed."""

import pytest
import torch
from safetensors.torch import save_file

from medialab.diffusion.encoding import encode
from medialab.errors import ConfigError, ModelRefusedError
from tests.tiny.text_models import ROOM, embeds


def test_an_inversions_vectors_stand_in_the_place_of_its_name(sd15, mina):
    expected = embeds(sd15, "a red ball, hat")
    assert torch.equal(embeds(sd15, "a mina-2, hat"), expected)
    assert encode(sd15, "a MINA-2", "").inversions == ("mina-2",)
    assert encode(sd15, "a ball", "").inversions == ()


def test_it_can_be_weighed_and_counts_as_its_vectors(sd15, mina):
    weighed = embeds(sd15, "a (Mina-2:1.4) hat")
    assert torch.equal(weighed, embeds(sd15, "a (red ball:1.4) hat"))
    assert encode(sd15, "a mina-2 hat", "").tokens == 4


def test_a_name_within_another_word_is_text(sd15, mina):
    with_file = embeds(sd15, "a Mina-20 hat")
    sd15.inversions = {}
    assert torch.equal(with_file, embeds(sd15, "a Mina-20 hat"))


def test_its_vectors_stay_in_one_chunk(sd15, mina):
    found = encode(sd15, "a " * (ROOM - 1) + "Mina-2", "")
    assert found.chunks == 2
    expected = torch.cat([embeds(sd15, "a " * (ROOM - 1)), embeds(sd15, "red ball")], dim=1)
    assert torch.equal(found.embeddings()["prompt_embeds"], expected)


def test_neither_vocabulary_nor_weights_nor_hooks_are_left_changed(sd15, mina, monkeypatch):
    encoder, tokenizer = sd15.components["text_encoder"], sd15.components["tokenizer"]
    weight = encoder.get_input_embeddings().weight
    before = weight.detach().clone(), len(tokenizer)
    embeds(sd15, "Mina-2 once")

    def fail(*_arguments):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(encoder.final_layer_norm, "forward", fail)
        with pytest.raises(MemoryError):
            embeds(sd15, "Mina-2 twice")
    assert torch.equal(weight, before[0])
    assert len(tokenizer) == before[1]
    assert not encoder.get_input_embeddings()._forward_hooks


def test_a_changed_file_is_read_anew(sd15, mina):
    before = embeds(sd15, "a Mina-2")
    save_file({"emb_params": torch.ones(2, 32)}, mina)
    assert not torch.equal(embeds(sd15, "a Mina-2"), before)


def test_one_made_for_other_encoders_stays_text(sd15, tmp_path):
    path = tmp_path / "wide.safetensors"
    save_file({"emb_params": torch.ones(1, 768)}, path)
    expected = embeds(sd15, "a wide hat")
    sd15.inversions = {"wide": path}
    assert torch.equal(embeds(sd15, "a wide hat"), expected)
    assert encode(sd15, "a wide hat", "").inversions == ()


def test_sdxl_takes_a_vector_for_each_encoder(loaded, tmp_path):
    model, path = loaded["sdxl"], tmp_path / "mina.safetensors"
    (id_,) = model.components["tokenizer"]("red", add_special_tokens=False).input_ids
    rows = {
        key: model.components[name].get_input_embeddings().weight[[id_]].detach().clone()
        for key, name in (("clip_l", "text_encoder"), ("clip_g", "text_encoder_2"))
    }
    save_file(rows, path)
    model.inversions = {"mina": path}
    try:
        assert torch.equal(embeds(model, "a mina hat"), embeds(model, "a red hat"))
    finally:
        model.inversions = {}


def test_a_broken_file_and_one_too_long_are_errors(sd15, tmp_path):
    path = tmp_path / "mina.safetensors"
    sd15.inversions = {"mina": path}
    path.write_bytes(b"no tensors")
    with pytest.raises(ModelRefusedError, match="'mina' cannot be read"):
        embeds(sd15, "a mina")
    save_file({"emb_params": torch.ones(ROOM + 1, 32)}, path)
    with pytest.raises(ConfigError, match="39 vectors; this checkpoint reads 38"):
        embeds(sd15, "a mina")
