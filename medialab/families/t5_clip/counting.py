"""Counting a prompt's tokens for T5 while it is typed, from the tokenizer's file, without torch."""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from medialab.families.brackets import without_brackets
from medialab.families.texts import CountTokens, Reading
from medialab.families.unet_clip.counting import count_tokens as count_for_clip
from medialab.prompts import parse, without_tags

T5_MODEL = "Unigram"  # the kind of a T5 tokenizer's vocabulary
_END = 1  # mark after a text


def counting(most: int) -> CountTokens:
    """Return the function that counts a prompt's tokens for a T5 of a length in tokens.

    For a CLIP tokenizer's folder, of a checkpoint without T5, it counts as CLIP does.
    """
    return partial(_count, most)


def _count(most: int, prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many T5 reads.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    if (length := _length_of(folder)) is None:
        return count_for_clip(prompt, folder)
    texts = parse(without_tags(prompt), 1).texts
    return max(length(without_brackets(text, Reading()).text) for text in texts), most - _END


@lru_cache(maxsize=4)
def _length_of(folder: Path) -> Callable[[str], int] | None:
    """Return the function that counts a text's tokens; None if the tokenizer is no T5's."""
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.exists() and (folder / "vocab.json").exists():
        return None
    told = json.loads(file.read_bytes())
    if told["model"].get("type") != T5_MODEL:
        return None
    tokenizer: Any = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
