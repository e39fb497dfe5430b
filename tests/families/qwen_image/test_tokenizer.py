"""Qwen's tokenizer is opened from one file, or from the two that Qwen-Image is published with."""

import json

import pytest

from medialab.errors import ModelRefusedError
from medialab.families.qwen_image.tokenizer import check_tokenizer, counter
from tests.tiny.qwen_image import PICTURE_TOKENS, make_vision_tokenizer

TEXT = "<|im_start|>user\na Red ball's 12 hats, \n  gèlb<|vision_start|><|image_pad|><|im_end|>"


@pytest.fixture
def whole(tmp_path):
    make_vision_tokenizer().save_pretrained(tmp_path / "whole")
    return tmp_path / "whole"


@pytest.fixture
def in_two(whole, tmp_path):
    """The same in a vocabulary, merges, and the marks in the config, as older libraries wrote."""
    folder = tmp_path / "two"
    folder.mkdir()
    told = json.loads((whole / "tokenizer.json").read_text())
    model = told["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = (one if isinstance(one, str) else " ".join(one) for one in model["merges"])
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    added = {one["id"]: {"content": one["content"]} for one in told["added_tokens"]}
    (folder / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": added}))
    return folder


def test_both_count_as_the_tokenizer_itself(whole, in_two):
    expected = len(make_vision_tokenizer()(TEXT).input_ids)
    assert counter(whole)(TEXT) == counter(in_two)(TEXT) == expected
    assert counter(in_two)("".join(PICTURE_TOKENS)) == len(PICTURE_TOKENS)


def test_both_are_opened_if_they_fit_the_language_model(whole, in_two):
    for folder in (whole, in_two):
        check_tokenizer(folder, 300)
        check_tokenizer(folder, None)
        with pytest.raises(ModelRefusedError, match="where the text encoder knows 5"):
            check_tokenizer(folder, 5)


@pytest.mark.parametrize("file", ["merges.txt", "vocab.json", "tokenizer_config.json"])
def test_without_one_of_the_two_it_is_refused(in_two, file):
    (in_two / file).unlink()
    with pytest.raises(ModelRefusedError):
        check_tokenizer(in_two, 300)


def test_without_any_tokens_cannot_be_counted(tmp_path):
    with pytest.raises(OSError, match=r"tokenizer\.json"):
        counter(tmp_path)
