"""A whole prompt read: LoRA tags taken out, sub-prompts split at AND, each text by steps.

Source: behaviour of AUTOMATIC1111 modules/prompt_parser.py, get_multicond_prompt_list, and
modules/extra_networks.py, parse_prompt.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from medialab.prompts.schedules import Phase, schedule

_TAG = re.compile(r"<lora:([^<>]+)>")
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
class LoRATag:
    """`<lora:name:0.8:unet=0.5:lbw=…:start=…:stop=…>`: its weights by part, and when it counts.

    `block_weights` is a preset's name or numbers with commas between, as it stood.
    """

    name: str
    text_encoder: float = 1.0
    unet: float = 1.0
    block_weights: str | None = None
    start: float | None = None
    stop: float | None = None


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
    """Read a prompt whose wildcards are drawn already. Any text is a prompt: nothing is raised.

    A negative prompt does not compose: its AND is a word. As in A1111 an AND splits wherever it
    stands; unlike there, a number after a colon weighs a sub-prompt only where there is an AND, so
    that "16:9" alone is a ratio.
    """
    text, loras = take_loras(prompt)
    parts = _AND.split(text) if composes else [text]
    weighed = [_subprompt_weight(part) for part in parts] if len(parts) > 1 else [(text, 1.0)]
    return ParsedPrompt(
        tuple(SubPrompt(weight, schedule(part, steps)) for part, weight in weighed), loras
    )


def take_loras(prompt: str) -> tuple[str, tuple[LoRATag, ...]]:
    """The prompt without its LoRA tags, and the tags; anything else in <…> is text."""
    found: list[LoRATag] = []

    def take(match: re.Match[str]) -> str:
        tag = _read_tag(match[1])
        if tag is None:
            return match[0]
        found.append(tag)
        return ""

    return _TAG.sub(take, prompt), tuple(found)


def mentions(name: str, text: str) -> bool:
    """Whether a text holds a name as a word of its own, whatever its capitals."""
    return re.search(word_pattern([name]), text, re.IGNORECASE) is not None


def word_pattern(names: Sequence[str]) -> str:
    """A pattern of any of these names as a word of its own; the longest that fits."""
    longest_first = sorted(names, key=len, reverse=True)
    return rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])"


def _subprompt_weight(part: str) -> tuple[str, float]:
    head, colon, tail = part.rpartition(":")
    if colon and _SUBPROMPT_WEIGHT.fullmatch(tail.strip()):
        return head.strip(), float(tail)
    return part.strip(), 1.0


def _read_tag(inner: str) -> LoRATag | None:
    """The tag between `<lora:` and `>`; None when it is none."""
    plain: list[str] = []
    named: dict[str, str] = {}
    for part in inner.split(":"):
        name, equals, value = part.partition("=")
        if equals and plain:
            named[name.strip()] = value.strip()
        else:
            plain.append(part.strip())
    name, *weights = plain
    known = {"te", "unet", "lbw", "start", "stop"}
    if not name or len(weights) > 2 or not named.keys() <= known:
        return None
    try:
        numbers = {key: float(value) for key, value in named.items() if key != "lbw"}
        numbers = dict(zip(("te", "unet"), map(float, weights), strict=False)) | numbers
    except ValueError:
        return None
    if not all(map(math.isfinite, numbers.values())):
        return None
    te = numbers.get("te", 1.0)
    return LoRATag(
        name,
        te,
        numbers.get("unet", te),
        named.get("lbw"),
        numbers.get("start"),
        numbers.get("stop"),
    )
