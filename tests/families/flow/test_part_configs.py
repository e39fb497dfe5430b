"""Which tokenizers of language models are opened."""

import json

import pytest

from medialab.errors import ModelRefusedError
from medialab.families.flow.part_configs import check_tokenizer


def write_tokenizer(folder, vocabulary):
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    return folder


def test_a_tokenizer_may_know_somewhat_fewer_words_than_its_encoder_and_none_more(tmp_path):
    write_tokenizer(tmp_path, {str(number): number for number in range(100)})
    check_tokenizer(tmp_path, None)
    for vocabulary in (100, 100 + 1024):
        check_tokenizer(tmp_path, vocabulary)
    for vocabulary in (99, 100 + 1025):
        with pytest.raises(ModelRefusedError, match=f"100 words, .* knows {vocabulary}"):
            check_tokenizer(tmp_path, vocabulary)


@pytest.mark.parametrize("vocabulary", [None, [1, 2], "words"])
def test_a_tokenizer_without_words_is_refused(tmp_path, vocabulary):
    with pytest.raises(ModelRefusedError, match="holds no vocabulary"):
        check_tokenizer(write_tokenizer(tmp_path, vocabulary), None)
