"""Tags in angle brackets: the LoRAs that a prompt applies.

    <lora:name>   <lora:name:0.8>   <lora:name:0.3:0.8>   <lyco:name:te=0.3:unet=0.8>
    <lora:name:1:lbw=OUTALL:start=0.2:stop=0.8>

As in A1111, `lyco` means the same as `lora`; the first number is the weight in the prompt encoders,
the second in the denoiser. A tag that A1111 would silently ignore is an error here.

Source: behaviour of AUTOMATIC1111 modules/extra_networks.py, parse_prompt, and of
extensions-builtin/Lora/extra_networks_lora.py; block weights as in sd-webui-lora-block-weight.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from medialab.errors import ConfigError
from medialab.prompts.wildcard_files import WILDCARD, without_comments

_TAG = re.compile(r"<(\w+):([^<>]*)>")
_NOT_CLOSED = re.compile(r"<(?:lora|lyco|hypernet):[^<>]*(?=<|\Z)", re.IGNORECASE)
# A tag in the wide signs of an East Asian keyboard, which looks like one.
_WIDE = re.compile(
    "(?:\uff1c(?:lora|lyco|hypernet)[:\uff1a]|<(?:lora|lyco|hypernet)\uff1a)[^<>]{0,30}",
    re.IGNORECASE,
)
# A preset's name, or numbers separated by commas, where a weight would stand.
_BLOCK_WEIGHTS = re.compile(r"[A-Z]+[0-9]*|[-+.0-9 ]+(?:,[-+.0-9 ]*)+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LORA_KINDS = ("lora", "lyco")
_NAMED = ("te", "unet", "dyn", "lbw", "start", "stop")
_SYNTAX = "write <lora:name:0.8>, or <lora:name:0.3:0.8> for text encoders and denoiser"


@dataclass(frozen=True)
class LoRATag:
    """`<lora:name:0.8:unet=0.5:lbw=…:start=…:stop=…>`: a LoRA, its weights and its steps.

    Attributes:
        name: The file's name, without extension.
        text_encoder: The weight in the prompt encoders.
        denoiser: The weight in the denoiser.
        block_weights: A preset's name, or numbers separated by commas, as written.
        start: Share of the steps before it applies to the denoiser, 0 to 1; None for 0.
        stop: Share of the steps after which it no longer does, 0 to 1; None for 1.
    """

    name: str
    text_encoder: float = 1.0
    denoiser: float = 1.0
    block_weights: str | None = None
    start: float | None = None
    stop: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it has any effect; start and stop limit the denoiser only."""
        stop = 1.0 if self.stop is None else self.stop
        return self.text_encoder != 0 or (self.denoiser != 0 and (self.start or 0.0) < stop)


def take_loras(prompt: str) -> tuple[str, tuple[LoRATag, ...]]:
    """Return the prompt without its LoRA tags and comments, and the tags.

    A tag that contains a choice or a wildcard remains in the text until that is drawn.

    Raises:
        ConfigError: a tag that is not supported, is not closed, is written with wide signs, or has
            an invalid number.
    """
    text, tags, faults = _read(prompt)
    if faults:
        raise ConfigError(faults[0])
    if (broken := _NOT_CLOSED.search(text)) is not None and not _has_choice(text):
        message = f"{broken[0][:40]!r} is not closed; {_SYNTAX}"
        raise ConfigError(message)
    if (wide := _WIDE.search(text)) is not None:
        message = f"{wide[0]!r} is written with wide signs, and is no tag; {_SYNTAX}"
        raise ConfigError(message)
    return text, tags


def without_tags(prompt: str) -> str:
    """Return the prompt without its tags, valid or not."""
    return _read(prompt)[0]


def tagged_loras(prompt: str) -> tuple[LoRATag, ...]:
    """Return the valid LoRA tags of a prompt, whatever else is wrong with it."""
    return _read(prompt)[1]


def written_tags(prompt: str) -> list[str]:
    """Return the LoRA tags of a prompt as written."""
    return [match[0] for match in _TAG.finditer(prompt) if match[1].lower() in _LORA_KINDS]


def _read(prompt: str) -> tuple[str, tuple[LoRATag, ...], list[str]]:
    """Return the prompt without its tags, the valid LoRA tags, and a message for each other tag.

    Tags in comments are ignored.
    """
    prompt = "\n".join(without_comments(prompt)) if "#" in prompt else prompt
    has_choice = _has_choice(prompt)
    found: list[LoRATag] = []
    faults: list[str] = []

    def take(match: re.Match[str]) -> str:
        kind, inner = match[1].lower(), match[2]
        is_drawn_later = WILDCARD.search(inner) is not None or (
            has_choice and ("{" in inner or "}" in inner)
        )
        if is_drawn_later or not (inner or kind in {*_LORA_KINDS, "hypernet"}):
            return match[0]
        shown = match[0] if len(match[0]) <= 80 else f"{match[0][:79]}…"
        if kind == "hypernet":
            faults.append(f"{shown}: hypernetworks are not supported; remove the tag")
        elif kind not in _LORA_KINDS:
            faults.append(
                f"{shown}: there is no tag <{kind[:40]}:…> here; known: <lora:…>, <lyco:…>. "
                "Remove it, or put a space after the <"
            )
        else:
            try:
                found.append(_read_tag(inner))
            except ValueError as error:
                faults.append(f"{shown}: {error}")
        return ""

    return _TAG.sub(take, prompt), tuple(found), faults


def _has_choice(text: str) -> bool:
    """Return whether the text may hold a choice: until it is drawn, a tag with a brace is text."""
    within = text[text.find("{") + 1 : text.rfind("}") + 1] if "{" in text else ""
    return "|" in within or "$$" in within


def _read_tag(inner: str) -> LoRATag:
    """Read a tag, given the text between `<lora:` and `>`.

    Raises:
        ValueError: the tag is invalid; the message says why.
    """
    plain: list[str] = []
    named: dict[str, str] = {}
    for part in inner.split(":"):
        key, equals, value = (text.strip() for text in part.partition("="))
        if equals and plain:
            if key in named:
                message = f"{key[:40]}= is given twice; remove one"
                raise ValueError(message)
            named[key] = value
        else:
            plain.append(part.strip())
    name, *weights = plain
    if not name:
        message = f"it names no LoRA; {_SYNTAX}"
        raise ValueError(message)
    if unknown := [key for key in named if key not in _NAMED]:
        message = f"there is no {unknown[0][:40]}=; known: {', '.join(f'{key}=' for key in _NAMED)}"
        raise ValueError(message)
    weights, blocks = _without_blocks(weights)
    if len(weights) > 2 or "dyn" in named:
        message = (
            "a LoRA is always applied at its full rank, so a third number (dyn) is not supported; "
            "remove it"
        )
        raise ValueError(message)
    numbers = dict(zip(("te", "unet"), weights, strict=False)) | named
    te = _number(numbers.get("te", "1"))
    return LoRATag(
        name,
        te,
        _number(numbers["unet"]) if "unet" in numbers else te,
        named.get("lbw", blocks),
        _number(named["start"]) if "start" in named else None,
        _number(named["stop"]) if "stop" in named else None,
    )


def _without_blocks(weights: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the weights, and the block weights written after them without `lbw=` (old syntax)."""
    if weights and _BLOCK_WEIGHTS.fullmatch(weights[-1]):
        return list(weights[:-1]), weights[-1]
    return list(weights), None


def _number(text: str) -> float:
    # Not all that `float` takes: to it 0_8 is 8.
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        message = f"{text[:40]!r} is not a number; {_SYNTAX}"
        raise ValueError(message)
    return number
