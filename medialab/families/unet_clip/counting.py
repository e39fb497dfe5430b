"""Counting a prompt's tokens while it is typed, from the tokenizer's files, without torch.

Source: huggingface/transformers convert_slow_tokenizer.py, CLIPConverter, for a tokenizer in
vocab.json and merges.txt.
"""

import json
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from medialab.families.unet_clip.chunks import cut_into_chunks, room_of
from medialab.prompts import parse, weigh, without_tags

CLIP_LENGTH = 77  # tokens of a CLIP text encoder, if the tokenizer's config does not have it
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many its chunks can hold.

    A textual inversion counts as the words of its name. Cost: 50 ms the first time, then far below
    a millisecond.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of a CLIP tokenizer.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    tokenizer = _tokenizer(folder)
    texts = parse(without_tags(prompt), 1).texts
    longest = max(
        (cut_into_chunks(weigh(text), tokenizer, {}) for text in texts),
        key=lambda chunks: sum(map(len, chunks)),
    )
    return sum(map(len, longest)), len(longest) * room_of(tokenizer)


class _Tokenizer:
    """A tokenizer with the interface of transformers' that `cut_into_chunks` uses."""

    def __init__(self, tokenizer: Any, length: int) -> None:
        self._tokenizer = tokenizer
        self.model_max_length = length

    def __call__(self, text: str, **_: Any) -> SimpleNamespace:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return SimpleNamespace(input_ids=encoded.ids)


@lru_cache(maxsize=8)
def _tokenizer(folder: Path) -> _Tokenizer:
    from tokenizers import Tokenizer

    whole = folder / "tokenizer.json"
    settings = folder / "tokenizer_config.json"
    length = json.loads(settings.read_bytes()).get("model_max_length") if settings.exists() else 0
    tokenizer = Tokenizer.from_file(str(whole)) if whole.exists() else _clip(folder)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return _Tokenizer(tokenizer, int(length or CLIP_LENGTH))


def _clip(folder: Path) -> Any:
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import BPE

    for name in ("vocab.json", "merges.txt"):
        (folder / name).stat()
    model = BPE.from_file(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        unk_token="<|endoftext|>",  # noqa: S106 - a word of the vocabulary
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer
