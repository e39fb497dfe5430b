"""A whole prompt, parsed: LoRA tags taken out, sub-prompts split at AND, each text by steps.

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py, get_multicond_prompt_list.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from medialab.errors import ConfigError
from medialab.prompts.schedules import Phase, schedule
from medialab.prompts.tags import LoRATag, take_loras

# Sub-prompts joined by AND: the denoiser computes all of them in one batch, like more pictures.
MOST_SUBPROMPTS = 64

_AND = re.compile(r"\bAND\b")
_SUBPROMPT_WEIGHT = re.compile(r"[-+]?(?:[0-9]{1,6}\.?|[0-9]{0,6}\.[0-9]+)")


@dataclass(frozen=True)
class SubPrompt:
    """One side of an AND: its weight, and its text by steps; the last phase ends at the last step.

    Attributes:
        weight: Its share of the guidance; any number, negative ones push away.
        phases: In the order of their steps.
    """

    weight: float
    phases: tuple[Phase, ...]

    @property
    def last(self) -> str:
        """The text at the last step."""
        return self.phases[-1].text


@dataclass(frozen=True)
class ParsedPrompt:
    """A prompt for a number of steps: its sub-prompts and the LoRAs that it names."""

    subprompts: tuple[SubPrompt, ...]
    loras: tuple[LoRATag, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The distinct texts, in the order of their steps; each has to be encoded once."""
        every = (phase.text for one in self.subprompts for phase in one.phases)
        return tuple(dict.fromkeys(every))


def parse(prompt: str, steps: int, *, composes: bool = True) -> ParsedPrompt:
    """Parse a prompt whose wildcards are already drawn; invalid syntax is plain text.

    As in A1111, an AND splits the prompt wherever it stands. Unlike there, a number after a colon
    is a sub-prompt's weight only if the prompt has an AND, so that "16:9" alone stays a ratio.

    Args:
        prompt: The text, with LoRA tags and schedules.
        steps: Denoising steps, which schedules given as a share (`[a:b:0.5]`) refer to.
        composes: Whether AND splits the prompt; in a negative prompt AND is a word.

    Raises:
        ConfigError: a tag in <…> that is not supported, or more than MOST_SUBPROMPTS parts.
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
    """Return whether a text contains a name as a whole word.

    Args:
        name: The name to look for.
        text: A prompt.
        capitals: Whether upper and lower case are distinct.
    """
    if name.isascii() and text.isascii() and name.lower() not in text.lower():
        return False  # the usual answer, and ten times as fast
    # Names that look the same are the same, however their accents are written.
    name, text = (unicodedata.normalize("NFC", one) for one in (name, text))
    flags = re.NOFLAG if capitals else re.IGNORECASE
    return re.search(word_pattern([name]), text, flags) is not None


def word_pattern(names: Sequence[str]) -> str:
    """Return a regular expression for any of the names as a whole word, longest match first."""
    longest_first = sorted(names, key=len, reverse=True)
    return rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])"


def _subprompt_weight(part: str) -> tuple[str, float]:
    head, colon, tail = part.rpartition(":")
    if colon and _SUBPROMPT_WEIGHT.fullmatch(tail.strip()):
        return head.strip(), float(tail)
    return part.strip(), 1.0
