"""Prompt encoding, with schedules over the steps and prompts joined by AND.

The family encodes one text (`medialab.families.texts`); this module caches encoded texts as long as
their checkpoint is loaded, and asks the run for those that were encoded before.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError, NotFiniteError, shown
from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.texts import Encoded, Reading, TextEncoder
from medialab.process.retries import is_finite
from medialab.prompts import ParsedPrompt, parse

if TYPE_CHECKING:
    from PIL import Image
    from zict import LRU

    from medialab.diffusion.drawing import Drawing

# Room for 100 to 400 encoded texts of the families here.
CACHE_BYTES = 64 * 2**20
# Of all texts of one run together: 0.5 to somewhat over 1 GB with the families here.
MOST_CHUNKS = 2000


def encode(
    drawing: "Drawing",
    prompt: str,
    negative_prompt: str,
    *,
    steps: int = 1,
    emphasis: str = "original",
    clip_skip: int = 1,
    pictures: "Sequence[Image.Image]" = (),
    on_text: Callable[[int, int], None] | None = None,
) -> Conditioning:
    """Encode both prompts, each distinct text once. Cost: 2 to 20 ms a chunk.

    Args:
        drawing: The checkpoint whose text encoders are used.
        prompt: The prompt, which may hold schedules and AND.
        negative_prompt: The negative prompt, which may hold schedules.
        steps: The number of steps over which schedules are resolved.
        emphasis: The effect of brackets, one of EMPHASES.
        clip_skip: The text encoder's layer to use, counted from its end, where the family has a
            choice.
        pictures: The pictures of an instruction, 8-bit RGB, which some text encoders look at.
        on_text: Called with (done, all) between texts if there are more than two; it may raise to
            stop.

    Raises:
        ConfigError: clip_skip exceeds the encoder's layers, or the texts need too much memory.
        NotFiniteError: an encoder computed NaN or infinity.
    """
    positive = parse(prompt, steps)
    negative = parse(negative_prompt, steps, composes=False)
    reader = _Reader(drawing, Reading(emphasis, clip_skip, tuple(pictures)))
    texts = dict.fromkeys((*positive.texts, *negative.texts))
    encoded: dict[str, Encoded] = {}
    for number, text in enumerate(texts):
        if number and len(texts) > 2 and on_text is not None:
            on_text(number, len(texts))
        encoded[text] = reader.encode(text)
        _check_room(len(texts), max(one.chunks for one in encoded.values()))
    return _conditioning(positive, negative, encoded, reader)


def _conditioning(
    positive: ParsedPrompt,
    negative: ParsedPrompt,
    encoded: Mapping[str, Encoded],
    reader: "_Reader",
) -> Conditioning:
    """Return both prompts' conditioning from their encoded texts."""
    even = reader.encoder.evened(encoded, reader.encode)
    against = even
    if negative.texts == ("",):
        against = {"": reader.encoder.as_nothing(even[""])}
    found = encoded.values()
    return Conditioning(
        _tracks(positive, even),
        _tracks(negative, against)[0],
        tokens=max(encoded[text].tokens for text in positive.texts),
        negative_tokens=max(encoded[text].tokens for text in negative.texts),
        chunks=max(one.chunks for one in found),
        inversions=tuple(dict.fromkeys(chain(*(one.inversions for one in found)))),
        notes=tuple(dict.fromkeys(chain(*(one.notes for one in found)))),
    )


def _check_room(texts: int, chunks: int) -> None:
    """Refuse prompts whose number of texts times chunks would take too much memory.

    Raises:
        ConfigError: there are over MOST_CHUNKS chunks in all.
    """
    if texts > 1 and texts * chunks > MOST_CHUNKS:
        message = (
            f"the prompts become {texts} texts, by AND, [a|b] and [a:b:0.5], of {chunks} chunks: "
            f"over {MOST_CHUNKS:,} in all; shorten it, or use fewer changes"
        )
        raise ConfigError(message)


class _Reader:
    """A checkpoint's text encoders with a cache of encoded texts."""

    def __init__(self, drawing: "Drawing", reading: Reading) -> None:
        self.encoder: TextEncoder = drawing.family.encoder(drawing, reading)
        self._drawing = drawing
        seen = tuple((one.size, hashlib.sha256(one.tobytes()).digest()) for one in reading.pictures)
        self._settings = (reading._replace(pictures=()), seen)

    def encode(self, text: str) -> Encoded:
        """Encode a text, or return it from the cache, which lives as long as the checkpoint."""
        import torch

        text = unicodedata.normalize("NFC", text)  # the form of tokenizers and file names
        key = self.encoder.key(text)
        if key is None:
            return self._encode(text)
        # A retry after NaN uses float32; the number of CPU threads changes the rounding of sums.
        kind = str(self._drawing.dtype), torch.get_num_threads()
        texts: LRU[Hashable, Encoded] = self._drawing.checkpoint.cached(
            "encoded texts", encoded_texts
        )
        whole = (text, self._settings, key, self._drawing.in_texts, kind)
        encoded = texts.get(whole)
        if encoded is None:
            encode, stored = partial(self._encode, text), self._drawing.texts
            encoded = encode() if stored is None else stored.recalled(self._facts(text), encode)
            texts[whole] = encoded
        return encoded

    def _facts(self, text: str) -> dict[str, Any]:
        """Return all that decides the encoding besides the models' files, as plain values."""
        reading, seen = self._settings
        return {
            "text": text,
            "emphasis": reading.emphasis,
            "clip_skip": reading.clip_skip,
            "pictures": [[*size, content.hex()] for size, content in seen],
            "loras": repr(self._drawing.in_texts),
            "computed_in": str(self._drawing.dtype),
        }

    def _encode(self, text: str) -> Encoded:
        encoded = self.encoder.encode(text)
        if not all(map(is_finite, encoded.values.values())):
            message = f"the text encoder produced NaN for {shown(text)}"
            raise NotFiniteError(message)
        return encoded


def encoded_texts() -> "LRU[Hashable, Encoded]":
    """Return an empty cache of encoded texts, which holds CACHE_BYTES at most."""
    from zict import LRU

    return LRU(CACHE_BYTES, {}, weight=lambda _key, encoded: _bytes_of(encoded))


def _bytes_of(encoded: Encoded) -> int:
    return sum(value.nbytes for value in encoded.values.values())


def _tracks(parsed: ParsedPrompt, encoded: Mapping[str, Encoded]) -> tuple[Track, ...]:
    return tuple(
        Track(
            tuple(Moment(phase.until, encoded[phase.text].values) for phase in subprompt.phases),
            subprompt.weight,
        )
        for subprompt in parsed.subprompts
    )
