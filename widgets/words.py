"""The words that a prompt's text area offers while a person types."""

from collections.abc import Mapping, Sequence

import traitlets

# What a word can be: each kind has its own mark in the list.
WORD_KINDS = ("lora", "wildcard", "embedding", "style", "word")


def checked_words(words: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return words that can be offered.

    Args:
        words: each with `label` (shown in the list), `insert` (put into the prompt) and `kind`,
            one of `WORD_KINDS`.

    Raises:
        traitlets.TraitError: a word lacks one of them.
    """
    for word in words:
        if word.keys() != {"label", "insert", "kind"} or word["kind"] not in WORD_KINDS:
            message = (
                f"words hold {word!r}: give each a label, what to insert, and a kind of "
                f"{', '.join(WORD_KINDS)}"
            )
            raise traitlets.TraitError(message)
    return list(words)
