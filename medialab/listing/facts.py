"""What a header tells of a file besides its kind: precision, rank, the words of its training."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from medialab.files.headers import BITS, Header

# The share of its bytes that a file's weights must have of one format to be called by it: a
# checkpoint in float16 has norms or a VAE in float32.
LEAST_SHARE = 0.9
MIXED = "mixed"
# Usual names of formats; others are written as the file names them, in lower case.
_FORMATS = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 e4m3",
    "F8_E5M2": "fp8 e5m2",
    "F8_E4M3FNUZ": "fp8 e4m3fnuz",
    "F8_E5M2FNUZ": "fp8 e5m2fnuz",
    "F4": "fp4",
    "I8": "int8",
    "U8": "uint8",
}
# Parts of tensors' names in files whose weights are packed, and what the format is called.
_PACKED = {
    ".quant_state.bitsandbytes__nf4": "nf4",
    ".quant_state.bitsandbytes__fp4": "fp4",
    ".qweight": "int4",
}
# Ends of the names of tensors whose first side, or second, is a LoRA's rank.
_RANK_FIRST = (
    *(".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora.down.weight"),
    *("_lora.down.weight", ".lora_linear_layer.down.weight", ".hada_w1_b", ".hada_w2_b"),
    *(".lokr_w1_b", ".lokr_w2_b"),
)
_RANK_SECOND = (".hada_w1_a", ".hada_w2_a", ".lokr_w1_a", ".lokr_w2_a")
# Metadata with the words of a training: ModelSpec's, which are meant for prompts, and kohya's
# counts of all tags in the captions of each folder of pictures.
_PHRASE, _TAGS = "modelspec.trigger_phrase", "ss_tag_frequency"
_JOINERS = "\u200c\u200d"  # of Persian, Hindi and emoji
MOST_WORDS, LONGEST_WORD = 20, 200  # words, characters
LARGEST_TAGS = 2**20  # bytes


def precision_of(headers: Iterable[Header]) -> str:
    """Return the number format of most weights in some files, such as "bf16" or "fp8 e4m3".

    It is "mixed" if no format has nearly all of them, and "" if there are no weights.
    """
    amounts: dict[str, int] = {}  # bits
    for header in headers:
        if packed := next((mark for mark in _PACKED if _any_has(header, mark)), None):
            return _PACKED[packed]
        for name, format_ in header.dtypes.items():
            size = prod(header.shapes[name]) * BITS[format_]
            amounts[format_] = amounts.get(format_, 0) + size
    most = max(amounts, key=lambda name: amounts[name], default="")
    if not most or not amounts[most]:
        return ""
    if amounts[most] < LEAST_SHARE * sum(amounts.values()):
        return MIXED
    return _FORMATS.get(most, most.lower())


def ranks_of(header: Header) -> tuple[int, ...]:
    """Return the ranks of a LoRA's matrices, smallest first, each once."""
    ranks = set()
    for name, shape in header.shapes.items():
        if len(shape) > 1:
            if name.endswith(_RANK_FIRST):
                ranks.add(shape[0])
            elif name.endswith(_RANK_SECOND):
                ranks.add(shape[1])
    return tuple(sorted(ranks - {0}))


def trained_words_of(header: Header) -> tuple[str, ...]:
    """Return the words that a file says it was trained with, the most frequent first."""
    if phrase := header.metadata.get(_PHRASE, "").strip():
        return _cleaned(phrase.split(","))
    text = header.metadata.get(_TAGS, "")
    if not text or len(text) > LARGEST_TAGS:
        return ()
    try:
        counts = _counts_in(json.loads(text))
    except (ValueError, RecursionError):  # cut, or of another trainer
        return ()
    return _cleaned(sorted(counts, key=lambda word: (-counts[word], word)))


def _counts_in(folders: Any) -> Mapping[str, float]:
    """Return how often each tag occurs in kohya's counts for all folders."""
    counts: dict[str, float] = {}
    for tags in folders.values() if isinstance(folders, dict) else ():
        for tag, count in tags.items() if isinstance(tags, dict) else ():
            if isinstance(count, int | float):
                counts[tag] = counts.get(tag, 0) + count
    return counts


def _cleaned(words: Iterable[str]) -> tuple[str, ...]:
    plain = ("".join(filter(_is_visible, " ".join(word.split()))) for word in words)
    every = (word.strip()[:LONGEST_WORD] for word in plain)
    return tuple(dict.fromkeys(filter(None, every)))[:MOST_WORDS]


def _is_visible(character: str) -> bool:
    """Return whether a character may be in a prompt: none that steers a terminal or a line."""
    return character in _JOINERS or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _any_has(header: Header, mark: str) -> bool:
    return any(mark in name for name in header.shapes)
