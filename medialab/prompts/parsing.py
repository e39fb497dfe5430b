"""A whole prompt read: LoRA tags taken out, sub-prompts split at AND, each text by steps.

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py, get_multicond_prompt_list.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from medialab.errors import ConfigError
from medialab.prompts.schedules import Phase, schedule
from medialab.prompts.tags import LoRATag, take_loras

# Sub-prompts joined by AND: the denoiser computes them all at once, as so many more pictures.
MOST_SUBPROMPTS = 64

_AND = re.compile(r"\bAND\b")
_SUBPROMPT_WEIGHT = re.compile(r"[-+]?(?:[0-9]{1,6}\.?|[0-9]{0,6}\.[0-9]{1,9})")


@dataclass(frozen=True)
class SubPrompt:
    """One side of an AND: how much it counts, and its text by steps; the last ends the steps."""

    weight: float
    phases: tuple[Phase, ...]

    def text_at(self, step: int) -> str:
        """What it says at a step."""
        return next((phase.text for phase in self.phases if step <= phase.until), self.last)

    @property
    def last(self) -> str:
        """What it says at the end."""
        return self.phases[-1].text


@dataclass(frozen=True)
class ParsedPrompt:
    """A prompt for so many steps: its sub-prompts, and the LoRAs that it asked for."""

    subprompts: tuple[SubPrompt, ...]
    loras: tuple[LoRATag, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Every distinct text, in the order of their steps; each has to be encoded once."""
        every = (phase.text for one in self.subprompts for phase in one.phases)
        return tuple(dict.fromkeys(every))


def parse(prompt: str, steps: int, *, composes: bool = True) -> ParsedPrompt:
    """Read a prompt whose wildcards are drawn already; what is no syntax is text.

    A negative prompt does not compose: its AND is a word. As in A1111 an AND splits wherever it
    stands; unlike there, a number after a colon weighs a sub-prompt only where there is an AND, so
    that "16:9" alone is a ratio.

    Raises:
        ConfigError: a tag in <…> that cannot be followed, or more than MOST_SUBPROMPTS.
    """
    text, loras = take_loras(prompt)
    parts = _AND.split(text, maxsplit=MOST_SUBPROMPTS) if composes else [text]
    if len(parts) > MOST_SUBPROMPTS:
        message = (
            f"the prompt joins more than {MOST_SUBPROMPTS} parts by AND, and every step would "
            "compute them all; replace some of them by commas"
        )
        raise ConfigError(message)
    weighed = [_subprompt_weight(part) for part in parts] if len(parts) > 1 else [(text, 1.0)]
    return ParsedPrompt(
        tuple(SubPrompt(weight, schedule(part, steps)) for part, weight in weighed), loras
    )


def mentions(name: str, text: str, *, capitals: bool = False) -> bool:
    """Whether a text holds a name as a word of its own; `capitals` says whether those count."""
    if name.isascii() and text.isascii() and name.lower() not in text.lower():
        return False  # the usual answer, and ten times as fast
    # Names that look the same are the same, however their accents are written.
    name, text = (unicodedata.normalize("NFC", one) for one in (name, text))
    flags = re.NOFLAG if capitals else re.IGNORECASE
    return re.search(word_pattern([name]), text, flags) is not None


def word_pattern(names: Sequence[str]) -> str:
    """A pattern of any of these names as a word of its own; the longest that fits."""
    longest_first = sorted(names, key=len, reverse=True)
    return rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])"


def _subprompt_weight(part: str) -> tuple[str, float]:
    head, colon, tail = part.rpartition(":")
    if colon and _SUBPROMPT_WEIGHT.fullmatch(tail.strip()):
        return head.strip(), float(tail)
    return part.strip(), 1.0
