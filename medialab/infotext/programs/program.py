"""What another program is to the reader: where it writes its settings, and how they are read.

So one reader understands them all. A setting that a program's table does not contain is passed on
under its own name, and reported to the user.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from medialab.infotext.foreign_json import (
    JSON,
    as_text,
    find,
    first_text,
    is_empty,
    plain_key,
    plain_name,
)
from medialab.infotext.items import GivenLoRA, RawInfotext

_MOST_SETTINGS = 1_000  # programs write some fifty
_HASH = re.compile(r"(?:0x|(?:sha256|blake3\w*):)?([0-9a-f]{8,64})")
Texts = Mapping[str, str]


class Program(Protocol):
    """A program that writes its settings as JSON."""

    @property
    def name(self) -> str:
        """Its name, for messages."""

    def text_among(self, texts: Texts) -> str | None:
        """Return the JSON of its settings among the texts of a picture's file; None if none.

        Args:
            texts: The texts that are not empty, by keyword in lower case.
        """

    def wrote(self, whole: JSON) -> bool:
        """Return whether this program wrote a JSON object."""

    def read(self, whole: JSON, file_name: str) -> RawInfotext:
        """Return the parts of the settings in a JSON object that it wrote.

        Args:
            whole: The object.
            file_name: The name of the picture's file; empty if unknown.
        """


@dataclass(frozen=True)
class TableProgram:
    """A program whose settings are one JSON object, read by a table from its keys to A1111's.

    Attributes:
        name: The program's name, for messages.
        marks: Groups of keys that only this program writes; one key of each group must be present.
        words: Its keys -> A1111's keys.
        idle: Keys to ignore: they describe how the file was made, or repeat other keys.
        unwrap: Returns the object that the marks are in, given the whole JSON object.
        within: Returns the settings, given the whole JSON object.
        finish: Converts values that need more than another key, in place.
        prompt: Its keys for the prompt; the first one with a text counts.
        negative_prompt: Its keys for the negative prompt.
        keywords: Keywords of a PNG's texts that hold its JSON and that no other program writes.
        in_texts: Returns its JSON among a file's texts, if keywords alone do not tell.
    """

    name: str
    marks: Sequence[Sequence[str]]
    words: Mapping[str, str]
    idle: Sequence[str] = ()
    unwrap: Callable[[JSON], JSON] = lambda whole: whole
    within: Callable[[JSON], JSON] = lambda whole: whole
    finish: Callable[[RawInfotext, JSON], None] = lambda _raw, _whole: None
    prompt: Sequence[str] = ("prompt",)
    negative_prompt: Sequence[str] = ("negative_prompt",)
    keywords: Sequence[str] = ()
    in_texts: Callable[[Texts], str | None] = lambda _texts: None

    def text_among(self, texts: Texts) -> str | None:
        """Return the JSON of its settings among the texts of a picture's file; None if none."""
        named = (texts[word] for word in self.keywords if word in texts)
        return next(named, None) or self.in_texts(texts)

    def wrote(self, whole: JSON) -> bool:
        """Return whether the object has a key of each group of marks."""
        inner = self.unwrap(whole)
        return all(any(find(inner, key) is not None for key in group) for group in self.marks)

    def read(self, whole: JSON, file_name: str) -> RawInfotext:  # noqa: ARG002 - as all programs
        """Return the parts of the settings, with A1111's keys for those of the table."""
        whole = self.unwrap(whole)
        settings = self.within(whole)
        raw = RawInfotext(program=self.name)
        raw.prompt = first_text(settings, self.prompt)
        raw.negative_prompt = first_text(settings, self.negative_prompt)
        words = {plain_key(word): item for word, item in self.words.items()}
        passed_over = {*map(plain_key, (*self.prompt, *self.negative_prompt, *self.idle))}
        for key, value in islice(settings.items(), _MOST_SETTINGS):
            plain = plain_key(str(key))
            is_off = plain not in words and value in (0, "0")
            if plain in passed_over or is_off or is_empty(value):
                continue
            raw.items[words.get(plain, str(key))] = as_text(value)
        self.finish(raw, whole)
        return raw


def add_hash(raw: RawInfotext, item: str, value: Any) -> None:
    """Add a hash as other programs write it ("0x…", "sha256:…"); any other text is ignored."""
    if digits := _digits(value):
        raw.items[item] = digits


def _digits(value: Any) -> str:
    found = _HASH.fullmatch(str(value or "")[:100].casefold())
    return found[1] if found else ""


def add_loras(raw: RawInfotext, loras: Sequence[tuple[str, Any, Any]]) -> None:
    """Add LoRAs, each given as name, weight and hash, and their hashes."""
    hashes = []
    for name, weight, sha256 in loras:
        try:
            raw.loras.append(GivenLoRA(plain_name(name), float(weight)))
        except (TypeError, ValueError):
            raw.items[f"LoRA {name}"] = str(weight)
            continue
        if digits := _digits(sha256):
            hashes.append(f"{re.sub('[,:]', '', plain_name(name))}: {digits}")
    if hashes:
        raw.items["Lora hashes"] = ", ".join(hashes)


def note_tags(raw: RawInfotext, tags: Sequence[str]) -> None:
    """Add a note for tags in a prompt that instruct the other program but are plain text here."""
    found = re.findall(rf"<({'|'.join(tags)})[:\[>]", f"{raw.prompt}\n{raw.negative_prompt}")
    for tag in dict.fromkeys(found):
        raw.notes.append(
            f"<{tag}:…> in the prompt is {raw.program}'s, and is not supported here; remove it"
        )
