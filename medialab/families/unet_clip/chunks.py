"""A prompt's fragments as tokens, in chunks of the length that a text encoder reads at once.

Source: behaviour of AUTOMATIC1111 modules/sd_hijack_clip.py, tokenize_line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.prompts import Fragment, Sections, word_pattern

if TYPE_CHECKING:
    import torch

# A full chunk ends at a comma, if there is one among this number of last tokens.
LOOK_BACK = 20


class Token(NamedTuple):
    """One token of a prompt.

    Attributes:
        id: Its number in the vocabulary.
        weight: Its weight by brackets.
        vector: (width), which replaces the token's embedding: a textual inversion.
    """

    id: int
    weight: float = 1.0
    vector: "torch.Tensor | None" = None


Chunk = Sequence[Token]


def room_of(tokenizer: Any) -> int:
    """Return how many tokens of a text fit in a chunk, start and end token excluded."""
    return int(tokenizer.model_max_length) - 2


def cut_into_chunks(
    sections: Sections, tokenizer: Any, inversions: "Mapping[str, torch.Tensor]"
) -> list[Chunk]:
    """Return the chunks of a text, at least one.

    Args:
        sections: The text's sections, each of which begins a new chunk.
        tokenizer: A CLIP tokenizer.
        inversions: Vectors (n, width) by names in lower case; their n tokens stay together.
    """
    room, commas = room_of(tokenizer), _ids(",", tokenizer)
    chunks: list[Chunk] = []
    chunk: list[Token] = []
    for number, section in enumerate(sections):
        if number:
            chunks.append(chunk)
            chunk = []
        for unit in _units(section, tokenizer, inversions):
            if len(chunk) + len(unit) > room:
                end = _end_at_comma(chunk, unit, commas)
                chunks.append(chunk[:end])
                chunk = chunk[end:]
            chunk += unit
    return [*chunks, chunk] if chunk or not chunks else chunks


def inversions_in(text: str, names: Sequence[str]) -> list[str]:
    """Return those of the names that the text contains as words, in lower case and its order."""
    if not names:
        return []
    found = re.findall(word_pattern(names), text, re.IGNORECASE)
    return list(dict.fromkeys(name.lower() for name in found))


def _units(
    section: Sequence[Fragment], tokenizer: Any, inversions: "Mapping[str, torch.Tensor]"
) -> Iterator[list[Token]]:
    """Yield the tokens that stay in one chunk: single ones, or all of a textual inversion."""
    for text, weight in section:
        if not inversions:
            parts = [text]
        else:
            parts = re.split(word_pattern(list(inversions)), text, flags=re.IGNORECASE)
        # The pattern has one group, so that every second part is a name.
        for number, part in enumerate(parts):
            if number % 2:
                yield [Token(0, weight, vector) for vector in inversions[part.lower()]]
            else:
                yield from ([Token(id_, weight)] for id_ in _ids(part, tokenizer))


def _ids(text: str, tokenizer: Any) -> list[int]:
    found = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    return [int(id_) for id_ in found]


def _end_at_comma(chunk: Sequence[Token], unit: Sequence[Token], commas: Sequence[int]) -> int:
    """Return the end of a full chunk: after its last comma if that is near, else its length."""
    if len(unit) == 1 and unit[0].vector is None and [unit[0].id] != list(commas):
        for at in range(len(chunk) - 1, max(-1, len(chunk) - 1 - LOOK_BACK), -1):
            if chunk[at].vector is None and [chunk[at].id] == list(commas):
                return at + 1
    return len(chunk)
