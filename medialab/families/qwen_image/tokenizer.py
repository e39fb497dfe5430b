"""Qwen's tokenizer in a folder: one file of all of it, or the vocabulary and the merges in two.

Folders of Qwen-Image have the two, folders that newer libraries write have the one. The shipped
folder for single files has neither: Qwen2.5 has the vocabulary and the merges of Qwen3, whose
folder lies beside it, and four marks less.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.flow import chat
from medialab.files.folder_parts import TokenizerPart
from medialab.files.opening import check_file
from medialab.files.part_configs import LARGEST_TOKENIZER, damaged, read_json

CONFIG, WHOLE, VOCABULARY, MERGES = (
    *("tokenizer_config.json", "tokenizer.json"),
    *("vocab.json", "merges.txt"),
)
# The folders of Qwen2.5's and Qwen3's tokenizers in models/configs.
SHARED, _BESIDE = "qwen2.5-tokenizer", "qwen3-tokenizer"
_MARKS = "added_tokens_decoder"  # in a config: the tokens after the vocabulary, by their ids
# The most unused tokens at the end of a language model's vocabulary, whose size is rounded up.
_SPARE_TOKENS = 1024
# Source: transformers, Qwen2Tokenizer.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def check_tokenizer(folder: Path, vocabulary: int | None) -> None:
    """Refuse a tokenizer's folder without a vocabulary, or with one that does not fit the model.

    Args:
        folder: The tokenizer's folder.
        vocabulary: The size of the language model's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    read_json(folder / CONFIG)
    path = folder / WHOLE
    if path.exists() or path.is_symlink() or not (folder / VOCABULARY).exists():
        model = read_json(path, LARGEST_TOKENIZER).get("model")
        words = model.get("vocab") if isinstance(model, dict) else None
    else:
        path = folder / VOCABULARY
        words = read_json(path, LARGEST_TOKENIZER)
        check_file(folder / MERGES)
    if not isinstance(words, dict) or not words:
        raise damaged(path, "holds no vocabulary")
    count = len(words)
    if vocabulary is not None and not vocabulary - _SPARE_TOKENS <= count <= vocabulary:
        message = f"has {count} words, where the text encoder knows {vocabulary}"
        raise damaged(path, message)


def tokenizer_of(encoder: str) -> TokenizerPart:
    """Return the requirements for the tokenizer of a text encoder."""
    return TokenizerPart(encoder, ("Qwen2Tokenizer", "Qwen2TokenizerFast"), check_tokenizer)


def shared_tokenizer(configs: Path) -> Any:
    """Return the tokenizer that single files share. Call it within `opening`.

    Args:
        configs: The folder of all families' configs.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    from transformers import Qwen2Tokenizer

    folder = configs / SHARED
    if not _lacks_words(folder):
        return Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
    with TemporaryDirectory() as whole:
        (Path(whole) / CONFIG).write_bytes((folder / CONFIG).read_bytes())
        (Path(whole) / WHOLE).write_text(_with_words_beside(folder))
        return Qwen2Tokenizer.from_pretrained(whole, local_files_only=True)


def _lacks_words(folder: Path) -> bool:
    """Return whether a folder has no vocabulary, but lies beside the one with Qwen3's."""
    own = (folder / name for name in (WHOLE, VOCABULARY))
    return (folder.parent / _BESIDE / WHOLE).exists() and not any(one.exists() for one in own)


def _with_words_beside(folder: Path) -> str:
    """Return Qwen3's tokenizer as JSON, with the marks alone that a folder's config has.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    whole = read_json(folder.parent / _BESIDE / WHOLE, LARGEST_TOKENIZER)
    own = read_json(folder / CONFIG).get(_MARKS, {})
    whole["added_tokens"] = [one for one in whole["added_tokens"] if str(one["id"]) in own]
    return json.dumps(whole)


def counter(folder: Path) -> Callable[[str], int]:
    """Return a function that counts a text's tokens, special ones included.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    if _lacks_words(folder):
        tokenizer = _of_words_beside(folder)
        return lambda text: len(tokenizer.encode(text).ids)
    if (folder / WHOLE).exists() or not (folder / VOCABULARY).exists():
        return chat.counter(folder)
    tokenizer = _of_two_files(folder)
    return lambda text: len(tokenizer.encode(text).ids)


@lru_cache(maxsize=1)
def _of_words_beside(folder: Path) -> Any:
    """Return the tokenizer of a folder without a vocabulary.

    Raises:
        OSError: a file is missing or damaged.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(_with_words_beside(folder))
    except ModelRefusedError as error:
        raise OSError(str(error)) from error


@lru_cache(maxsize=4)
def _of_two_files(folder: Path) -> Any:
    """Return the tokenizer of a vocabulary and merges, as transformers' Qwen2Tokenizer builds it.

    Raises:
        OSError: a file is missing or damaged.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

    try:
        told = read_json(folder / CONFIG).get(_MARKS)
    except ModelRefusedError as error:
        raise OSError(str(error)) from error
    tokenizer = Tokenizer(models.BPE.from_file(str(folder / VOCABULARY), str(folder / MERGES)))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    added = told.values() if isinstance(told, dict) else ()
    words = (one.get("content") for one in added if isinstance(one, dict))
    tokenizer.add_special_tokens([AddedToken(one) for one in words if isinstance(one, str)])
    return tokenizer
