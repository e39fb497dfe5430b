"""A prompt's plain words, and the weight that its brackets give to each character."""

import math
from collections.abc import Sequence
from itertools import chain, repeat
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.families.texts import Reading
from medialab.prompts import weigh


class Plain(NamedTuple):
    """A text without brackets.

    Attributes:
        text: The words; sections, which BREAK divides, are joined by a space.
        weights: The weight of each character; 1 is that of a text without brackets.
    """

    text: str
    weights: Sequence[float]

    @property
    def is_weighed(self) -> bool:
        """Whether any character has another weight than 1."""
        return any(one != 1 for one in self.weights)


def without_brackets(text: str, reading: Reading) -> Plain:
    """Return a text's words and weights.

    With the emphasis "none" brackets are words, since that is what a person asked for; with
    "ignore" they are left out, and all weights are 1.

    Raises:
        ConfigError: nested brackets make a weight infinite.
    """
    if reading.emphasis == "none":
        return Plain(text, [1.0] * len(text))
    words, weights = [], []
    for number, section in enumerate(weigh(text)):
        if number:
            words.append(" ")
            weights.append([1.0])
        for one in section:
            words.append(one.text)
            weights.append(list(repeat(one.weight, len(one.text))))
    plain = "".join(words)
    if reading.emphasis == "ignore":
        return Plain(plain, [1.0] * len(plain))
    every = list(chain(*weights))
    check_finite(every)
    return Plain(plain, every)


def check_finite(weights: Sequence[float]) -> None:
    """Refuse infinite weights.

    Raises:
        ConfigError: one is infinite.
    """
    if not all(map(math.isfinite, weights)):
        message = "nested brackets make a weight infinite; remove some of them"
        raise ConfigError(message)
